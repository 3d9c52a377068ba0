// Pages that lead nowhere, or belong to somebody else; and how one is led to a page.

import { look } from './look';
import { expect, test, word } from './world';

test('an address that no page has leads back to tickets', async ({ stranger }) => {
  const page = await stranger();
  await page.goto('/no/such/page');
  await expect(page.getByText('This seat does not exist')).toBeVisible();
  await look(page, 'not-found');
  await page.getByRole('link', { name: 'Browse tickets' }).click();
  await expect(page).toHaveURL('/');
});

for (const id of ['not-an-id', '01939ab4-0000-7000-8000-000000000000']) {
  test(`there is no ticket ${id}`, async ({ stranger }) => {
    const page = await stranger();
    await page.goto(`/tickets/${id}`);
    await expect(page.getByText('There is no such ticket')).toBeVisible();
    await look(page, 'ticket-not-found');
  });
}

test('somebody else’s order is nobody’s business', async ({ person }) => {
  const [seller, buyer, other] = [await person(), await person(), await person()];
  const order = await buyer.orders(await seller.lists(`Hamlet ${word()}`));
  await other.page.goto(`/orders/${order.id}`);
  await expect(other.page.getByText('This is none of your orders')).toBeVisible();
  await look(other.page, 'order-not-own');
  await other.page.goto('/orders/not-an-id');
  await expect(other.page.getByText('This is none of your orders')).toBeVisible();
});

test('a ticket on sale, and a sold one', async ({ person, stranger }) => {
  const [seller, buyer] = [await person(), await person()];
  const ticket = await seller.lists(
    `A rather long title, as people write them who want to say all of it at once: ${word()}`,
    1249.5,
  );
  const page = await stranger();
  await page.goto(`/tickets/${ticket.id}`);
  await expect(page.getByText('$1,249.50')).toBeVisible();
  await look(page, 'ticket');
  await buyer.pays(await buyer.orders(ticket));
  await expect(page.getByRole('button', { name: 'Sold' })).toBeVisible();
  await expect(page.getByText('This ticket is sold.').first()).toBeVisible();
  await look(page, 'ticket-sold');
});

test('each page has its title, and takes the focus when one comes to it', async ({ person }) => {
  const { page } = await person();
  await page.goto('/');
  await expect(page).toHaveTitle('Tickets on sale · ticketing');
  for (const [link, title] of [
    ['My orders', 'My orders'],
    ['Sell', 'Your listings'],
  ] as const) {
    await page.getByRole('navigation').getByRole('link', { name: link, exact: true }).click();
    await expect(page).toHaveTitle(`${title} · ticketing`);
    await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
    await expect(page.getByRole('status').filter({ hasText: `${title} · ticketing` })).toBeAttached();
    await expect(page.getByRole('navigation').locator('[aria-current="page"]')).toHaveText(link);
  }
});

test('a page that breaks says so, with a way on', async ({ person }) => {
  const { page } = await person();
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  // A file of a page that was not opened yet is gone, as after a new build.
  await page.route('**/assets/orders-page-*.js', (route) => route.abort());
  await page.getByRole('link', { name: 'My orders' }).click();
  await expect(page.getByRole('alert')).toContainText('This page could not be shown');
  await look(page, 'broken');
  await page.unroute('**/assets/orders-page-*.js');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText('No orders yet')).toBeVisible();
  await look(page, 'orders-none');
});

test('who wants to buy after the session has ended signs in and comes back', async ({ person }) => {
  const [seller, buyer] = [await person(), await person()];
  const ticket = await seller.lists(`Hamlet ${word()}`);
  await buyer.page.goto(`/tickets/${ticket.id}`);
  await expect(buyer.page.getByText(buyer.email)).toBeVisible();
  await buyer.context.clearCookies();
  await buyer.page.getByRole('button', { name: 'Buy this ticket' }).click();
  await expect(buyer.page).toHaveURL(`/auth/signin?next=%2Ftickets%2F${ticket.id}`);
});
