// The page's picture in README.md, of a server under load; with `all` also at three widths, in light and in dark.
//
//   streaming-server -js -sd "$(mktemp -d)" -m 8222 -cid ticketing -st file &
//   npm ci && npm run pictures -- <folder> [all]
//
// NATS_URL, MONITORING_URL and CLUSTER name another server.

import path from 'node:path';

import { open } from './browser.js';
import { load } from './load.js';

const [folder, all] = process.argv.slice(2);
if (!folder) throw new Error('say where the pictures go: npm run pictures -- <folder>');
const {
  NATS_URL: url = 'nats://127.0.0.1:4222',
  MONITORING_URL: at = 'http://127.0.0.1:8222',
  CLUSTER: cluster = 'ticketing',
  // Where npm was called.
  INIT_CWD: here = '.',
} = process.env;
const file = (name) => path.resolve(here, folder, `${name}.png`);
/** Long enough for a line to be seen in the chart. */
const WATCHED_MS = 60_000;

const going = await load(url, cluster);
const browser = await open();
try {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 1220 },
    reducedMotion: 'reduce',
    locale: 'en-US',
  });
  await page.goto(at);
  await page.locator('#status', { hasText: 'Live' }).waitFor();
  await page.waitForTimeout(WATCHED_MS);
  await page.screenshot({ path: file('monitoring') });
  for (const colorScheme of all ? ['light', 'dark'] : []) {
    await page.emulateMedia({ colorScheme });
    for (const width of [360, 768, 1280]) {
      await page.setViewportSize({ width, height: 860 });
      await page.screenshot({ path: file(`${colorScheme}-${width}`), fullPage: true });
    }
  }
} finally {
  await browser.close();
  going.close();
}
process.exit();
