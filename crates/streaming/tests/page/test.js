// The page in a browser, on a real server: what it shows, by keyboard, what axe finds wrong, and that a name is only text.
//
//   node test.js <nats url> <monitoring url> <cluster>
//
// Whoever started it stops the server at the line `stop`, starts it again at `start`, and answers each with a line. At a
// failure it says what was expected and ends with 1.

import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';

import { AxeBuilder } from '@axe-core/playwright';

import { open } from './browser.js';
import { api, connect, load } from './load.js';

const [url, at, cluster] = process.argv.slice(2);
const PATIENCE_MS = 20_000;
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** What a stranger may call a connection, a stream and a subject: as markup it would say so in the title, or be an image. */
const EVIL = '<img src=x onerror="document.title=1">';
const EVIL_STREAM = '&lt;b';
const EVIL_SUBJECT = 'evil.<img>';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const ask = async (word) => {
  console.log(word);
  await lines.next();
};

const going = await load(url, cluster);
const browser = await open();
const context = await browser.newContext({
  viewport: { width: 1280, height: 860 },
  reducedMotion: 'reduce',
  locale: 'en-US',
});
const page = await context.newPage();
page.setDefaultTimeout(PATIENCE_MS);
const complaints = [];
let serverIsUp = true;
page.on('console', (message) => message.type() === 'error' && serverIsUp && complaints.push(message.text()));
page.on('pageerror', (error) => complaints.push(String(error)));
const elsewhere = [];
page.on('request', (request) => request.url().startsWith(at) || elsewhere.push(request.url()));

const status = page.locator('#status');
const table = (name) => page.getByRole('region', { name });
const row = (name, text) =>
  table(name)
    .getByRole('row')
    .filter({ has: page.getByRole('rowheader', { name: text }) });
const names = (name) => table(name).getByRole('rowheader').locator('.main').allTextContents();
const says = (locator, text) => locator.filter({ hasText: text }).waitFor();

/** Looks until `probe` tells what was expected. */
async function becomes(what, probe, expected) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const told = await probe();
    try {
      return assert.deepEqual(told, expected, what);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** What axe finds wrong. */
async function read(what) {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  const found = violations.map(({ id, nodes }) => [
    id,
    nodes.map(({ html, any }) => [html, any.map((one) => one.message)]),
  ]);
  assert.deepEqual(found, [], what);
}

const checks = {
  async 'it shows streams, consumers and who is connected, with rates'() {
    await says(row('Streams and channels', 'order:created'), /channel.*[1-9]/);
    await says(row('Streams and channels', 'SENSORS'), /sensors\.\*\.temperature/);
    await says(
      row('Consumers and subscriptions', 'expiration-service:queue'),
      /order:created.*Stalled.*waits for acknowledgements/,
    );
    await says(row('Consumers and subscriptions', 'shipping'), /durable pull.*ORDERS.*Nobody asks/);
    await says(row('Consumers and subscriptions', 'receipts'), /durable subscription.*payment:created.*Nobody listens/);
    await says(row('NATS Streaming clients', 'payments-1'), /order:cancelled, order:created/);
    await says(row('Connections', 'tickets-publisher'), /node 1\.4\.12/);
    await says(page.locator('#tiles div', { hasText: 'Messages in' }), /[1-9]\d*\/s/);
    await says(page.locator('#about'), `cluster ${cluster}`);
  },

  async 'a name is only text'() {
    const stranger = await connect(url, cluster, 'stranger', EVIL);
    await api(stranger.nc, `STREAM.CREATE.${EVIL_STREAM}`, {
      name: EVIL_STREAM,
      subjects: [EVIL_SUBJECT],
      storage: 'memory',
      num_replicas: 1,
    });
    await says(row('Streams and channels', EVIL_STREAM), `${EVIL_STREAM}memory${EVIL_SUBJECT}`);
    await says(row('Connections', EVIL), EVIL);
    assert.equal(await page.locator('main img').count(), 0);
    assert.equal(await page.title(), 'streaming-server');
    stranger.close();
  },

  async 'a filter and a column head choose the rows, by keyboard alone'() {
    const streams = table('Streams and channels');
    await streams.getByRole('searchbox').focus();
    await page.keyboard.type('TICKET:');
    await becomes('the filter', () => names('Streams and channels'), ['ticket:created', 'ticket:updated']);
    await says(streams.getByRole('status'), '2 streams mention “TICKET:”, 2 shown');
    await page.keyboard.press('Tab');
    const head = streams.getByRole('columnheader', { name: 'Name' });
    assert.ok(
      await head.getByRole('button').evaluate((button) => button === document.activeElement),
      'the next stop is the first head',
    );
    assert.equal(await head.getAttribute('aria-sort'), 'ascending');
    await page.keyboard.press('Enter');
    await becomes('the other way round', () => names('Streams and channels'), ['ticket:updated', 'ticket:created']);
    assert.equal(await head.getAttribute('aria-sort'), 'descending');
    await streams.getByRole('searchbox').fill('no such thing');
    await says(streams, 'No stream mentions “no such thing”.');
    await streams.getByRole('searchbox').fill('');
    await head.getByRole('button').click();
  },

  async 'a stream leads to its consumers, and the focus follows'() {
    await row('Streams and channels', 'order:cancelled')
      .getByRole('button', { name: '2 consumers of order:cancelled' })
      .click();
    await becomes('its consumers', () => names('Consumers and subscriptions'), [
      'payments-service:queue',
      'tickets-service:queue',
    ]);
    const search = table('Consumers and subscriptions').getByRole('searchbox');
    assert.ok(await search.evaluate((input) => input === document.activeElement));
    await search.fill('');
    await row('Consumers and subscriptions', 'billing').waitFor();
  },

  async 'it can be held still'() {
    await page.getByRole('button', { name: 'Pause' }).click();
    await says(status, 'Paused');
    const seen = await page.locator('#about').textContent();
    let asked = 0;
    page.on('request', () => (asked += 1));
    await page.waitForTimeout(2_500); // Longer than it waits between two looks.
    assert.deepEqual([asked, await page.locator('#about').textContent()], [0, seen]);
    await page.getByRole('button', { name: 'Pause' }).click();
    await says(status, 'Live');
  },

  async 'nothing is wrong for axe, or too wide, in light and in dark, on a desk and on a phone'() {
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      for (const width of [360, 768, 1280]) {
        await page.setViewportSize({ width, height: 860 });
        const overhang = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(overhang <= 0, `${overhang} pixels wider than ${width}`);
        if (width === 768 || (width === 360 && colorScheme === 'dark')) continue; // The same elements in the same colours.
        await read(`${colorScheme}, ${width} pixels`);
      }
    }
    await page.setViewportSize({ width: 360, height: 860 });
    await table('Streams and channels')
      .getByRole('combobox', { name: 'Sort streams and channels' })
      .selectOption('by messages');
    await becomes('the fullest first', async () => (await names('Streams and channels'))[0], 'SENSORS');
    await page.setViewportSize({ width: 1280, height: 860 });
  },

  async 'it says when the server does not answer, and goes on when it does'() {
    serverIsUp = false;
    await ask('stop');
    await says(status, /^No answer since \d\d:\d\d:\d\d\. Trying again\.$/);
    assert.ok(await page.locator('body.stale').count());
    await read('while nobody answers');
    await ask('start');
    await says(status, 'Live');
    serverIsUp = true;
    await says(row('Streams and channels', 'ORDERS'), /orders\.>/);
  },

  async 'of hundreds of streams a part is shown, and the rest found by name'() {
    const maker = await connect(url, cluster, 'maker');
    for (let n = 0; n < 400; n += 1) {
      const name = `many-${String(n).padStart(3, '0')}`;
      await api(maker.nc, `STREAM.CREATE.${name}`, { name, storage: 'memory', num_replicas: 1 });
    }
    maker.close();
    const streams = table('Streams and channels');
    await says(streams, /25 of 40\d/);
    await streams.getByRole('button', { name: 'Show more streams' }).click();
    await says(streams, /50 of 40\d/);
    await streams.getByRole('searchbox').fill('many-399');
    await becomes('one of them', () => names('Streams and channels'), ['many-399']);
  },

  async 'it asks nobody else, and nothing went wrong in it'() {
    assert.deepEqual(elsewhere, []);
    assert.deepEqual(complaints, []);
  },
};

try {
  await page.goto(at);
  for (const [what, check] of Object.entries(checks)) {
    await check().catch((error) => {
      error.message = `${what}: ${error.message}`;
      throw error;
    });
  }
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await browser.close();
  going.close();
}
process.exit();
