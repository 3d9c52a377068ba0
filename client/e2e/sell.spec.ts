// Listing a ticket, changing it, and what becomes of it.

import { look } from './look';
import { expect, test, word } from './world';

test('somebody lists a ticket, changes it, and buyers see both', async ({ person, stranger }) => {
  const { page } = await person();
  const title = `Hamlet ${word()}`;
  await page.goto('/sell');
  await expect(page.getByText('You have listed nothing yet')).toBeVisible();
  await look(page, 'sell-nothing');
  await page.getByRole('link', { name: 'Sell a ticket' }).click();

  await page.getByRole('button', { name: 'List it for sale' }).click();
  await expect(page.getByLabel('What is it for?')).toBeFocused();
  await expect(page.getByLabel('What is it for?')).toHaveAccessibleDescription(/Title is required/);
  await expect(page.getByLabel('Price')).toHaveAccessibleDescription(/Enter an amount/);
  await look(page, 'sell-refused');

  await page.getByLabel('What is it for?').fill(title);
  await page.getByLabel('Price').fill('1000000.999');
  await page.getByRole('button', { name: 'List it for sale' }).click();
  await expect(page.getByLabel('Price')).toBeFocused();
  await page.getByLabel('Price').fill('19,99');
  await page.getByRole('button', { name: 'List it for sale' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(title);
  await expect(page.getByText('$19.99')).toBeVisible();
  await expect(page.getByText('Your listing. It is on sale.').first()).toBeVisible();
  await look(page, 'ticket-own');

  const buyer = await stranger();
  await buyer.goto(page.url());
  await expect(buyer.getByText('$19.99')).toBeVisible();

  await page.getByRole('link', { name: 'Change it' }).click();
  await expect(page.getByLabel('Price')).toHaveValue('19.99');
  await page.getByLabel('What is it for?').fill(`${title}, row 3`);
  await page.getByLabel('Price').fill('25');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`${title}, row 3`);
  // The buyer's page has heard of it.
  await expect(buyer.getByText('$25.00')).toBeVisible();

  await page.getByRole('link', { name: 'Sell', exact: true }).click();
  await expect(page.getByRole('listitem').filter({ hasText: `${title}, row 3` })).toContainText('On sale');
  await look(page, 'sell');
});

test('a ticket that somebody holds cannot be changed, and says until when', async ({ person }) => {
  const seller = await person();
  const buyer = await person();
  const ticket = await seller.lists(`Lear ${word()}`, 42);
  await seller.page.goto(`/tickets/${ticket.id}/edit`);
  await expect(seller.page.getByRole('button', { name: 'Save' })).toBeVisible();
  const order = await buyer.orders(ticket);
  await expect(seller.page.getByText('A buyer holds this ticket')).toBeVisible();
  await expect(seller.page.getByText(/by \d+:\d+ [AP]M at the latest/)).toBeVisible();
  await look(seller.page, 'edit-held');

  await seller.page.goto('/sell');
  const row = seller.page.getByRole('listitem').filter({ hasText: ticket.title });
  await expect(row).toContainText(/Held until \d+:\d+/);
  await buyer.cancels(order);
  await expect(row).toContainText('On sale');
  const again = await buyer.orders(ticket);
  await buyer.pays(again);
  await expect(row).toContainText('Sold');
});

test('nobody changes somebody else’s ticket', async ({ person }) => {
  const seller = await person();
  const other = await person();
  const ticket = await seller.lists(`Macbeth ${word()}`);
  await other.page.goto(`/tickets/${ticket.id}/edit`);
  await expect(other.page.getByText('This ticket is somebody else’s')).toBeVisible();
  await look(other.page, 'edit-not-own');
});
