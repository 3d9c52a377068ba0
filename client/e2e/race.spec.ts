// Two buyers, one ticket.

import { look } from './look';
import { expect, test, word } from './world';

test('of two who press at once one gets the ticket, and the other is told', async ({ person }) => {
  const seller = await person();
  const buyers = [await person(), await person()];
  const ticket = await seller.lists(`Hamlet ${word()}`);
  for (const { page } of buyers) {
    await page.goto(`/tickets/${ticket.id}`);
    await expect(page.getByRole('button', { name: 'Buy this ticket' })).toBeEnabled();
    await expect(page.getByText(/@example\.com/)).toBeVisible();
  }
  await Promise.all(buyers.map(({ page }) => page.getByRole('button', { name: 'Buy this ticket' }).click()));

  const won = () => buyers.filter(({ page }) => page.url().includes('/orders/'));
  await expect.poll(() => won().length).toBe(1);
  const loser = buyers.find((buyer) => !won().includes(buyer));
  if (!loser) throw new Error('nobody lost');
  // Whichever comes first: the refusal, or the news that it is gone.
  await expect(loser.page.getByRole('button', { name: 'On hold' })).toBeVisible();
  await expect(loser.page.getByText('Somebody else holds this ticket').first()).toBeVisible();
  await look(loser.page, 'race-lost');
  expect(won().length).toBe(1);
});

test('who comes too late, and has not heard, is refused', async ({ person }) => {
  const seller = await person();
  const [quick, late] = [await person(), await person()];
  const ticket = await seller.lists(`Lear ${word()}`);
  // News do not reach this page, and it asks only every few seconds.
  await late.page.route('**/api/tickets/changes', (route) => route.abort());
  await late.page.goto(`/tickets/${ticket.id}`);
  await expect(late.page.getByText(late.email)).toBeVisible();
  const buy = late.page.getByRole('button', { name: 'Buy this ticket' });
  await expect(buy).toBeEnabled();
  await late.page.route(`**/api/tickets/${ticket.id}`, (route) => route.abort());
  await quick.orders(ticket);
  await buy.click();
  await expect(late.page.getByRole('alert')).toContainText('Ticket is already reserved');
  await look(late.page, 'too-late');
});
