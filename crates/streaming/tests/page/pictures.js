// Pictures of the page, of a server under load, at three widths, in light and in dark.
//
//   npm ci && npm run pictures -- <folder> [<nats url> <monitoring url> <cluster>]
//
// Start the server before: streaming-server -js -sd "$(mktemp -d)" -m 8222 -cid ticketing -st file
// `README.png` among them is the repository's docs/images/monitoring.png.

import { load } from './load.js';
import { open } from './browser.js';

const [folder, url = 'nats://127.0.0.1:4222', at = 'http://127.0.0.1:8222', cluster = 'ticketing'] = process.argv.slice(2);
if (!folder) throw new Error('say where the pictures go: npm run pictures -- <folder>');
/** Long enough for a line to be seen in the chart. */
const WATCHED_MS = 20_000;

const going = await load(url, cluster);
const browser = await open();
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, reducedMotion: 'reduce', locale: 'en-US' });
  await page.goto(at);
  await page.locator('#status', { hasText: 'Live' }).waitFor();
  await page.waitForTimeout(WATCHED_MS);
  await page.screenshot({ path: `${folder}/README.png` });
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const width of [360, 768, 1280]) {
      await page.setViewportSize({ width, height: 860 });
      await page.screenshot({ path: `${folder}/${colorScheme}-${width}.png`, fullPage: true });
    }
  }
} finally {
  await browser.close();
  going.close();
}
process.exit(0);
