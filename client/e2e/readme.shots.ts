// The pictures of the repository's README: tickets on sale, and one being paid for.

import { enterCard, GOOD } from './card';
import { expect, test } from './world';

const IMAGES = '../docs/images';

const ON_SALE = [
  ['Chess boxing finals, ringside', 24],
  ['Open air cinema: Casablanca', 12],
  ['Late night jazz, table for two', 35.5],
  ['La Traviata, stalls circle, row D', 98.5],
  ['City marathon, start block 3', 60],
  ['The Tempest, Saturday matinee', 18.5],
  ['Mahler 2, Philharmonic, balcony left', 76],
  ['Swan Lake, dress circle, row A', 129.9],
  ['Hamlet, stalls, row 3', 42],
] as const;

test('tickets on sale, and one being paid for', async ({ person }) => {
  const seller = await person();
  const buyer = await person();
  const listed = [];
  for (const [title, price] of ON_SALE) listed.push(await seller.lists(title, price));
  const { page } = buyer;
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto('/');
  await expect(page.getByRole('heading', { name: 'Hamlet, stalls, row 3' }).first()).toBeVisible();
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `${IMAGES}/browse.png` });

  const swanLake = listed.find(({ title }) => title.startsWith('Swan Lake'));
  if (!swanLake) throw new Error('there is no Swan Lake');
  const order = await buyer.orders(swanLake);
  await page.goto(`/orders/${order.id}`);
  await enterCard(page, GOOD);
  await page.getByRole('heading', { level: 1 }).click();
  await page.screenshot({ path: `${IMAGES}/checkout.png` });
});
