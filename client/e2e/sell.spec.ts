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
  for (const [price, fault] of [
    ['1.999', /two decimals at most/],
    ['1000000', /999999.99 at most/],
    ['-5', /cannot be negative/],
    ['0', /greater than 0/],
    ['lots', /an amount like/],
  ] as const) {
    await page.getByLabel('Price').fill(price);
    await page.getByRole('button', { name: 'List it for sale' }).click();
    await expect(page.getByLabel('Price')).toHaveAccessibleDescription(fault);
    await expect(page.getByLabel('Price')).toBeFocused();
  }
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
  await seller.page.getByLabel('Price').fill('43');
  const order = await buyer.orders(ticket);
  await expect(seller.page.getByText('A buyer holds this ticket')).toBeVisible();
  await expect(seller.page.getByText(/by \d+:\d+ [AP]M at the latest/)).toBeVisible();
  await seller.page.getByLabel('Price').press('Enter');
  await expect(seller.page.getByRole('button', { name: 'Save' })).toBeDisabled();
  await look(seller.page, 'edit-held');
  await buyer.cancels(order);
  // What was entered is still there.
  await expect(seller.page.getByText('A buyer holds this ticket')).toBeHidden();
  await expect(seller.page.getByLabel('Price')).toHaveValue('43');
  const held = await buyer.orders(ticket);

  await seller.page.goto('/sell');
  const row = seller.page.getByRole('listitem').filter({ hasText: ticket.title });
  await expect(row).toContainText(/Held until \d+:\d+/);
  await buyer.cancels(held);
  await expect(row).toContainText('On sale');
  const again = await buyer.orders(ticket);
  await buyer.pays(again);
  await expect(row).toContainText('Sold');
  await seller.page.goto(`/tickets/${ticket.id}/edit`);
  await expect(seller.page.getByText('It cannot be changed any more')).toBeVisible();
});

test('who presses twice lists one ticket', async ({ person }) => {
  const { page } = await person();
  const title = `Twelfth Night ${word()}`;
  await page.goto('/tickets/new');
  await page.getByLabel('What is it for?').fill(title);
  await page.getByLabel('Price').fill('20');
  // The next page is long in coming, and the button is pressed once more.
  await page.route('**/assets/ticket-page-*.js', async (route) => {
    await page.getByRole('button', { name: 'Listing it' }).dispatchEvent('click');
    await route.continue();
  });
  await page.getByRole('button', { name: 'List it for sale' }).dblclick();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(title);
  await page.goto('/sell');
  await expect(page.getByRole('listitem').filter({ hasText: title })).toHaveCount(1);
});

test('titles of every kind fit where they stand', async ({ person }) => {
  const seller = await person();
  const { page } = seller;
  const name = word();
  for (const [title, price] of [
    [`${name} ${'W'.repeat(190)}`, 999_999.99],
    [`${name} \u{1F3AD}\u{1F39F}\uFE0F für \u{1F468}\u200D\u{1F469}\u200D\u{1F467}`, 12],
    [
      `${name} \u0645\u0633\u0631\u062D\u064A\u0629 \u0647\u0627\u0645\u0644\u062A — \u0627\u0644\u0635\u0641 3`,
      45.5,
    ],
    [`${name} <img src=x onerror=alert(1)> \u202Elamron\u202C`, 0.01],
  ] as const) {
    const { id } = await seller.lists(title, price);
    await page.goto(`/tickets/${id}`);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(title);
    if (title.length > 100) await look(page, 'ticket-title');
  }
  await page.goto(`/?q=${name}`);
  await expect(page.getByRole('list', { name: 'Tickets' }).getByRole('listitem')).toHaveCount(4);
  await look(page, 'browse-titles');
  await page.goto('/sell');
  await expect(page.getByRole('listitem').filter({ hasText: name })).toHaveCount(4);
  await look(page, 'sell-titles');
});

test('nobody changes somebody else’s ticket', async ({ person }) => {
  const seller = await person();
  const other = await person();
  const ticket = await seller.lists(`Macbeth ${word()}`);
  await other.page.goto(`/tickets/${ticket.id}/edit`);
  await expect(other.page.getByText('This ticket is somebody else’s')).toBeVisible();
  await look(other.page, 'edit-not-own');
});
