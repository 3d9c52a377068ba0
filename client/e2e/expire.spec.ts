// A hold that runs out: only on a marketplace that holds tickets for a short time.

import { enterCard, GOOD } from './card';
import { look } from './look';
import { expect, HOLD_SECONDS, test, word } from './world';

/** Longer than that, no test waits. */
const HOLD_SECONDS_MAX = 60;

test.skip(
  !(HOLD_SECONDS <= HOLD_SECONDS_MAX),
  `needs a marketplace with a hold of at most ${HOLD_SECONDS_MAX} s (HOLD_SECONDS)`,
);

test('a hold runs out under the buyer’s eyes, and the ticket is on sale again', async ({
  person,
  stranger,
}) => {
  test.setTimeout((HOLD_SECONDS + 60) * 1000);
  const seller = await person();
  const buyer = await person();
  const ticket = await seller.lists(`Hamlet ${word()}`);
  const order = await buyer.orders(ticket);
  const { page } = buyer;
  await page.goto(`/orders/${order.id}`);
  await enterCard(page, GOOD);
  const other = await stranger();
  await other.goto(`/tickets/${ticket.id}`);
  await expect(other.getByRole('button', { name: 'On hold' })).toBeVisible();

  const ranOut = page.getByRole('heading', { level: 1, name: 'Time ran out' });
  await expect(ranOut).toBeVisible({ timeout: (HOLD_SECONDS + 20) * 1000 });
  // Who was in the card form is not left where nothing is any more, and hears why.
  await expect(ranOut).toBeFocused();
  await expect(page.getByText('The time to pay is up.')).toBeAttached();
  await look(page, 'expired');
  await expect(other.getByRole('button', { name: 'Buy this ticket' })).toBeVisible({ timeout: 20_000 });

  await page.goto('/orders');
  await expect(page.getByRole('listitem').filter({ hasText: ticket.title })).toContainText('Ended unpaid');
  await page.goto(`/orders/${order.id}`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This order ended unpaid');
});
