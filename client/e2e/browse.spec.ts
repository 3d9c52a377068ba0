// Looking for tickets, and seeing them go and come.

import { look } from './look';
import { expect, test, word } from './world';

test('tickets are found by words and price, and sorted', async ({ person }) => {
  const seller = await person();
  const name = word();
  await seller.lists(`Hamlet ${name} gallery`, 10);
  await seller.lists(`Hamlet ${name} stalls`, 30);
  await seller.lists(`Lear ${name} stalls`, 20);
  const { page } = seller;
  const titles = page.getByRole('list', { name: 'Tickets' }).getByRole('heading');

  await page.goto('/');
  await page.getByLabel('Search').fill(name);
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(titles).toHaveText([`Lear ${name} stalls`, `Hamlet ${name} stalls`, `Hamlet ${name} gallery`]);
  await look(page, 'browse');
  await page.getByLabel('Sort').selectOption('Lowest price');
  await expect(titles).toHaveText([`Hamlet ${name} gallery`, `Lear ${name} stalls`, `Hamlet ${name} stalls`]);
  await page.getByLabel('Price from').fill('15');
  await page.getByLabel('Up to').fill('lots');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByLabel('Up to')).toHaveAccessibleDescription(/an amount like/);
  await page.getByLabel('Up to').fill('5');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByLabel('Up to')).toHaveAccessibleDescription(/Less than the price/);
  await page.getByLabel('Up to').fill('25');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(titles).toHaveText([`Lear ${name} stalls`]);
  expect(new URL(page.url()).search).toBe(`?q=${name}&sort=price&min=15&max=25`);

  await page.getByLabel('Search').fill(`hamlet ${name} nowhere`);
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByText('No ticket is like that')).toBeVisible();
  await look(page, 'browse-nothing');
  await page.goBack();
  await expect(titles).toHaveText([`Lear ${name} stalls`]);
  await expect(page.getByLabel('Search')).toHaveValue(name);
});

test('a long list is shown piece by piece', async ({ person }) => {
  const seller = await person();
  const name = word();
  await Promise.all(
    Array.from({ length: 30 }, (_, place) => seller.lists(`Marathon ${name} ${place}`, 10 + place)),
  );
  const { page } = seller;
  await page.goto(`/?q=${name}&sort=price`);
  const cards = page.getByRole('list', { name: 'Tickets' }).getByRole('listitem');
  await expect(cards).toHaveCount(24);
  await page.getByRole('button', { name: 'Show more tickets' }).click();
  await expect(cards).toHaveCount(30);
  await expect(page.getByRole('button', { name: 'Show more tickets' })).toBeHidden();
  const titles = await page.getByRole('list', { name: 'Tickets' }).getByRole('heading').allInnerTexts();
  expect(new Set(titles).size).toBe(30);
});

test('a ticket that is taken says so, and one that is listed is offered, without a reload', async ({
  person,
  stranger,
}) => {
  const seller = await person();
  const buyer = await person();
  const name = word();
  const ticket = await seller.lists(`Hamlet ${name}`, 10);
  const page = await stranger();
  const told = page.waitForResponse('**/api/tickets/changes');
  await page.goto(`/?q=${name}`);
  const card = page.getByRole('listitem').filter({ hasText: ticket.title });
  await expect(card).toContainText('$10.00');
  await told;

  const order = await buyer.orders(ticket);
  await expect(card).toContainText('Taken');
  await expect(page.getByRole('status').getByText('A ticket shown here is gone.')).toBeAttached();
  await look(page, 'browse-taken');
  await buyer.cancels(order);
  await expect(card).toContainText('$10.00');

  const another = await seller.lists(`Lear ${name}`, 11);
  await expect(page.getByRole('button', { name: '1 more ticket: show it' })).toBeVisible();
  await look(page, 'browse-fresh');
  await page.getByRole('button', { name: '1 more ticket: show it' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: another.title })).toBeVisible();
  await expect(page.getByRole('button', { name: /more ticket/ })).toBeHidden();
});

test('a page that nobody tells of changes asks for them', async ({ person, stranger }) => {
  const seller = await person();
  const buyer = await person();
  const ticket = await seller.lists(`Hamlet ${word()}`, 10);
  const page = await stranger();
  await page.route('**/api/tickets/changes', (route) => route.abort());
  await page.goto(`/tickets/${ticket.id}`);
  await expect(page.getByRole('button', { name: 'Buy this ticket' })).toBeVisible();
  await buyer.orders(ticket);
  await expect(page.getByRole('button', { name: 'On hold' })).toBeVisible();
});

test('a list that cannot be loaded says so, and is loaded again', async ({ stranger }) => {
  const page = await stranger();
  // As if the network were gone, for this alone.
  await page.route('**/api/tickets?**', (route) => route.abort());
  await page.goto('/');
  await expect(page.getByRole('alert')).toContainText('The marketplace does not answer');
  await look(page, 'browse-failed');
  await page.unroute('**/api/tickets?**');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('alert')).toBeHidden();
});

test('what is on its way is drawn in outline', async ({ stranger }) => {
  const page = await stranger();
  await page.route('**/api/tickets?**', () => undefined);
  await page.goto('/');
  await expect(page.getByRole('list', { name: 'Loading tickets' })).toBeVisible();
  await look(page, 'browse-loading');
});
