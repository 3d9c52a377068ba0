// How much time is left to pay, told to those who do not see the clock.

import { expect, test, word } from './world';

/** Told with fewer and fewer minutes left: so long before each mark the test's clock is stopped, and so far it is set on. */
const AROUND_S = 2;
const MARKS = [
  [10 * 60, '10 minutes left to pay.'],
  [5 * 60, '5 minutes left to pay.'],
  [2 * 60, '2 minutes left to pay.'],
  [60, '1 minute left to pay.'],
  [30, '30 seconds left to pay.'],
  [0, 'The time to pay is up.'],
] as const;
/** The services' clock says that this much is left when the page opens. */
const LEFT_S = 11 * 60;

test('who hears the page is told when time runs out, and not more often', async ({ person }) => {
  const seller = await person();
  const buyer = await person();
  const order = await buyer.orders(await seller.lists(`Hamlet ${word()}`));
  const { page } = buyer;
  await page.clock.install();
  // The services' clock as it would be for a hold that ends in eleven minutes, however long they hold tickets here.
  const asked = new Date(Date.parse(order.expiresAt) - LEFT_S * 1000).toISOString();
  await page.route('**/api/**', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, headers: { ...answer.headers(), 'x-server-time': asked } });
  });
  await page.goto(`/orders/${order.id}`);
  const timer = page.getByRole('timer');
  await expect(timer).toHaveText(/^1[01]:\d\d$/);
  // From here on no answer tells what time it is.
  await page.unroute('**/api/**');
  await page.route('**/api/**', (route) => route.abort());

  await page.clock.pauseAt(Date.now() + 1_000);
  const told = page.getByRole('status').filter({ hasText: /left to pay|time to pay/ });
  await expect(told).toHaveCount(0);
  const left = async () => {
    const [minutes = 0, seconds = 0] = (await timer.innerText()).split(':').map(Number);
    return minutes * 60 + seconds;
  };
  let before: string | undefined;
  for (const [mark, sentence] of MARKS) {
    await page.clock.runFor(((await left()) - mark - AROUND_S) * 1000);
    if (before) await expect(told).toHaveText(before);
    else await expect(told).toHaveCount(0);
    await page.clock.runFor(2 * AROUND_S * 1000);
    await expect(told).toHaveText(sentence);
    before = sentence;
  }
});
