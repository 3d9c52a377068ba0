// Buying a ticket, from the list to the code that lets one in; and what may come between.

import { DECLINED, enterCard, GOOD, GUARDED, pay, payButton, POOR, cardForm } from './card';
import { look } from './look';
import { expect, PASSWORD, test, word } from './world';

test('a stranger finds a ticket, signs in on the way, pays, and has it', async ({ person, stranger }) => {
  const seller = await person();
  const { email } = await person();
  const ticket = await seller.lists(`Hamlet ${word()}`, 19.99);
  const page = await stranger();

  await page.goto('/');
  await page.getByLabel('Search').fill(ticket.title);
  await page.getByLabel('Search').press('Enter');
  await page.getByRole('link', { name: ticket.title }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(ticket.title);
  await page.getByRole('button', { name: 'Buy this ticket' }).click();

  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(`/tickets/${ticket.id}`);
  await page.getByRole('button', { name: 'Buy this ticket' }).click();

  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Pay for your ticket');
  await expect(page.getByRole('timer')).toHaveText(/^\d\d:\d\d$/);
  await pay(page, GOOD);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('It’s yours.');
  await expect(page.getByRole('img', { name: 'Code of this order' })).toBeVisible();
  await look(page, 'paid');
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByRole('navigation')).toBeHidden();
  await expect(page.getByRole('button', { name: 'Print it' })).toBeHidden();
  await expect(page.getByRole('main').getByText(email)).toBeVisible();
  await expect(page.getByRole('img', { name: 'Code of this order' })).toBeVisible();
  await look(page, 'paid-print');
  await page.emulateMedia({ media: null });

  await page.getByRole('main').getByRole('link', { name: 'My orders' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: ticket.title })).toContainText('Paid');
  await page.goto(`/tickets/${ticket.id}`);
  await expect(page.getByText('You bought this ticket.').first()).toBeVisible();
  await look(page, 'ticket-bought');
});

test('a declined card says why, and another one pays', async ({ person }) => {
  const seller = await person();
  const buyer = await person();
  const { page } = buyer;
  const order = await buyer.orders(await seller.lists(`Lear ${word()}`, 42));
  await page.goto(`/orders/${order.id}`);

  await pay(page, DECLINED);
  await expect(page.getByRole('alert')).toContainText('Your card was declined.');
  await look(page, 'declined');
  await pay(page, POOR);
  await expect(page.getByRole('alert')).toContainText('Your card has insufficient funds.');
  await pay(page, GOOD);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('It’s yours.');
});

test('the card form itself says what is missing, and nothing is begun', async ({ person }) => {
  const seller = await person();
  const buyer = await person();
  const order = await buyer.orders(await seller.lists(`Othello ${word()}`));
  const { page } = buyer;
  await page.goto(`/orders/${order.id}`);
  const begun: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/api/payments/intent')) begun.push(request.url());
  });
  await expect(payButton(page)).toBeEnabled();
  await expect(cardForm(page).getByLabel('Card number')).toBeVisible();
  await look(page, 'checkout');
  await payButton(page).press('Enter');
  await expect(cardForm(page).getByText('Your card number is incomplete.')).toBeVisible();
  await expect(payButton(page)).toBeEnabled();
  expect(begun).toEqual([]);
});

test('while a payment is confirmed the page says so, and then how it ended', async ({ person }) => {
  const seller = await person();
  const buyer = await person();
  const order = await buyer.orders(await seller.lists(`Julius ${word()}`));
  const { page } = buyer;
  await page.goto(`/orders/${order.id}`);
  await enterCard(page, GOOD);
  await expect(payButton(page)).toBeEnabled();
  // As if the network were gone, for this alone: the page cannot know yet that it is paid.
  await page.route(`**/api/orders/${order.id}`, (route) => route.abort());
  await payButton(page).press('Enter');
  await expect(page.getByText('Your payment is being confirmed')).toBeVisible();
  await expect(page.getByRole('button', { name: 'I don’t want it any more' })).toBeHidden();
  await look(page, 'processing');
  await page.unroute(`**/api/orders/${order.id}`);
  await expect(page.getByRole('heading', { level: 1, name: 'It’s yours.' })).toBeFocused();
});

test('a card form that cannot be loaded says so, and is loaded again', async ({ person }) => {
  const seller = await person();
  const buyer = await person();
  const order = await buyer.orders(await seller.lists(`Troilus ${word()}`));
  const { page } = buyer;
  await page.route('**/v3/', (route) => route.abort());
  await page.goto(`/orders/${order.id}`);
  await expect(page.getByRole('alert')).toContainText('The card form could not be loaded');
  await look(page, 'no-card-form');
  await page.unroute('**/v3/');
  await page.getByRole('button', { name: 'Try again' }).click();
  await pay(page, GOOD);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('It’s yours.');
});

test('a bank that asks back is answered on the way', async ({ person }) => {
  const seller = await person();
  const buyer = await person();
  const order = await buyer.orders(await seller.lists(`Tempest ${word()}`));
  const { page } = buyer;
  await page.goto(`/orders/${order.id}`);
  const bank = page.frameLocator('iframe[title="Authenticate your payment"]');

  await pay(page, GUARDED);
  await bank.getByRole('button', { name: 'Fail' }).click();
  await expect(page.getByRole('alert')).toContainText('unable to authenticate');
  await pay(page, GUARDED);
  await bank.getByRole('button', { name: 'Complete' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('It’s yours.');
});

test('a ticket is bought by the keyboard alone', async ({ person }) => {
  const seller = await person();
  const buyer = await person();
  const ticket = await seller.lists(`Cymbeline ${word()}`, 12.5);
  const { page } = buyer;
  const press = (key: string) => page.keyboard.press(key);
  const tabTo = async (isThere: () => Promise<boolean>) => {
    for (let steps = 0; !(await isThere()); steps++) {
      expect(steps, 'it is reached by a few steps').toBeLessThan(40);
      await press('Tab');
    }
  };
  const isFocused = (name: string | RegExp, role: 'link' | 'button') => () =>
    page
      .getByRole(role, { name })
      .first()
      .evaluate((element) => element === document.activeElement);

  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the page' })).toBeFocused();
  await press('Enter');
  await tabTo(() => page.getByLabel('Search').evaluate((element) => element === document.activeElement));
  await page.keyboard.type(ticket.title);
  await press('Enter');
  await expect(page.getByRole('link', { name: ticket.title })).toBeVisible();
  await tabTo(isFocused(ticket.title, 'link'));
  await press('Enter');

  // Each page that appears takes the focus to its heading.
  await expect(page.getByRole('heading', { level: 1, name: ticket.title })).toBeFocused();
  await tabTo(isFocused('Buy this ticket', 'button'));
  await press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Pay for your ticket' })).toBeFocused();
  await expect(payButton(page)).toBeEnabled();
  await tabTo(() => page.evaluate(() => document.activeElement instanceof HTMLIFrameElement));
  await page.keyboard.type('4242424242424242');
  await press('Tab');
  await page.keyboard.type('1240');
  await press('Tab');
  await page.keyboard.type('123');
  await press('Tab');
  await press('Tab');
  await page.keyboard.type('12345');
  await tabTo(isFocused(/^Pay/, 'button'));
  await press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('It’s yours.');
});

test('a buyer gives the ticket back, once asked twice', async ({ person, stranger }) => {
  const seller = await person();
  const buyer = await person();
  const ticket = await seller.lists(`Pericles ${word()}`);
  const order = await buyer.orders(ticket);
  const { page } = buyer;
  const other = await stranger();
  await other.goto(`/tickets/${ticket.id}`);
  await expect(other.getByRole('button', { name: 'On hold' })).toBeVisible();
  await look(other, 'ticket-held');

  await page.goto(`/orders/${order.id}`);
  await page.getByRole('button', { name: 'I don’t want it any more' }).click();
  await expect(page.getByRole('dialog', { name: 'Give the ticket back?' })).toBeVisible();
  await page.getByRole('button', { name: 'Keep it' }).click();
  await expect(page.getByRole('dialog')).toBeHidden();
  await page.getByRole('button', { name: 'I don’t want it any more' }).click();
  await look(page, 'give-back');
  await page.getByRole('button', { name: 'Give it back' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('You gave it back');
  await look(page, 'given-back');
  await expect(other.getByRole('button', { name: 'Buy this ticket' })).toBeVisible();
});

test('the price stays as agreed, whatever the clock of the browser says', async ({ person }) => {
  const seller = await person();
  const buyer = await person();
  const order = await buyer.orders(await seller.lists(`Timon ${word()}`, 33));
  const { page } = buyer;
  await page.clock.setFixedTime(new Date('2001-01-01T00:00:00Z'));
  await page.goto(`/orders/${order.id}`);
  await expect(payButton(page)).toHaveText('Pay $33.00');
  const left = /^(\d\d):(\d\d)$/.exec(await page.getByRole('timer').innerText());
  const seconds = Number(left?.[1]) * 60 + Number(left?.[2]);
  const really = (Date.parse(order.expiresAt) - Date.now()) / 1000;
  expect(Math.abs(seconds - really)).toBeLessThan(5);
});

test('who holds a ticket finds the way back to the order', async ({ person }) => {
  const seller = await person();
  const buyer = await person();
  const ticket = await seller.lists(`Coriolanus ${word()}`);
  const order = await buyer.orders(ticket);
  const { page } = buyer;
  await page.goto(`/tickets/${ticket.id}`);
  await expect(page.getByRole('link', { name: 'Go on to pay' })).toBeVisible();
  await look(page, 'ticket-mine');
  await page.getByRole('link', { name: 'Go on to pay' }).click();
  await expect(page).toHaveURL(`/orders/${order.id}`);
  await page.goto('/orders');
  await expect(page.getByRole('listitem').filter({ hasText: ticket.title })).toContainText('To pay by');
  await look(page, 'orders');
});

test('the provider’s script is loaded where one pays, and nowhere else', async ({ person, baseURL }) => {
  const seller = await person();
  const buyer = await person();
  const ticket = await seller.lists(`Venus ${word()}`);
  const { page } = buyer;
  const foreign = new Set<string>();
  page.on('request', (request) => {
    const { origin } = new URL(request.url());
    if (origin !== new URL(baseURL ?? '').origin) foreign.add(origin);
  });
  for (const path of ['/', `/tickets/${ticket.id}`, '/sell', '/orders', '/tickets/new']) {
    await page.goto(path);
    await page.waitForLoadState('load');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  }
  expect([...foreign]).toEqual([]);
  const order = await buyer.orders(ticket);
  await page.goto(`/orders/${order.id}`);
  await enterCard(page, GOOD);
  expect(foreign.size).toBe(1);
});

test('who presses twice buys once and pays once, and the way back does not lead to paying again', async ({
  person,
}) => {
  const seller = await person();
  const buyer = await person();
  const ticket = await seller.lists(`Cardenio ${word()}`);
  const { page } = buyer;
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST') asked.push(new URL(request.url()).pathname);
  });
  const times = (path: string) => asked.filter((other) => other === path).length;
  await page.goto(`/tickets/${ticket.id}`);
  await expect(page.getByText(buyer.email)).toBeVisible();
  await page.getByRole('button', { name: 'Buy this ticket' }).dblclick();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Pay for your ticket');
  // Asked again only if `orders` had not heard of the ticket yet.
  expect(times('/api/orders')).toBeGreaterThan(0);
  expect(await buyer.ordersFor(ticket)).toHaveLength(1);
  await expect(page.getByRole('alert')).toBeHidden();

  await enterCard(page, GOOD);
  await expect(payButton(page)).toBeEnabled();
  await payButton(page).press('Enter');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('It’s yours.');
  expect(times('/api/payments/intent')).toBe(1);

  await page.goBack();
  await expect(page.getByText('You bought this ticket.').first()).toBeVisible();
  await page.goForward();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('It’s yours.');
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('It’s yours.');
});

test('an order that is open in two windows is paid once', async ({ person }) => {
  const seller = await person();
  const buyer = await person();
  const order = await buyer.orders(await seller.lists(`Henry ${word()}`));
  const pages = [buyer.page, await buyer.context.newPage()];
  for (const page of pages) {
    await page.goto(`/orders/${order.id}`);
    await enterCard(page, GOOD);
    await expect(payButton(page)).toBeEnabled();
  }
  await Promise.all(pages.map((page) => payButton(page).press('Enter')));
  for (const page of pages) {
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('It’s yours.');
  }
  expect((await buyer.paymentsFor(order)).map(({ status }) => status)).toEqual(['completed']);
});

test('without a network nothing is bought, and the page says so', async ({ person }) => {
  const seller = await person();
  const buyer = await person();
  const ticket = await seller.lists(`Richard ${word()}`);
  const { page, context } = buyer;
  await page.goto(`/tickets/${ticket.id}`);
  await expect(page.getByText(buyer.email)).toBeVisible();
  await context.setOffline(true);
  await page.getByRole('button', { name: 'Buy this ticket' }).click();
  await expect(page.getByText('You are offline.')).toBeVisible();
  await expect(page.getByRole('alert')).toContainText('The marketplace does not answer');
  await look(page, 'offline');
  await page.getByRole('link', { name: 'My orders' }).click();
  await expect(page.getByRole('alert')).toContainText('The marketplace does not answer');
  await look(page, 'offline-page');

  await context.setOffline(false);
  await expect(page.getByText('You are offline.')).toBeHidden();
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText('No orders yet')).toBeVisible();
  await page.goBack();
  await page.getByRole('button', { name: 'Buy this ticket' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Pay for your ticket');
  await enterCard(page, GOOD);
  await expect(payButton(page)).toBeEnabled();
  await context.setOffline(true);
  await payButton(page).press('Enter');
  await expect(page.getByRole('alert')).toContainText('The marketplace does not answer');
  await context.setOffline(false);
  await payButton(page).press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('It’s yours.');
});

test('a bank’s answer in the address does not make an order look paid', async ({ person }) => {
  const seller = await person();
  const buyer = await person();
  const order = await buyer.orders(await seller.lists(`Edward ${word()}`));
  const { page } = buyer;
  await page.goto(`/orders/${order.id}?redirect_status=succeeded`);
  await pay(page, GOOD);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('It’s yours.');
});
