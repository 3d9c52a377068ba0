// How a page looks and reads: pictures at three widths, and what axe finds wrong in light and in dark.

import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { expect } from './world';

const NARROW = 360;
const WIDTHS = [NARROW, 768, 1280];
const HEIGHT = 860;
const PICTURES = 'e2e/results/pictures';
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Looks at what `page` shows now; `name` is what its pictures are called. */
export async function look(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const width of WIDTHS) {
      const what = `${name}-${colorScheme}-${width}`;
      await page.setViewportSize({ width, height: HEIGHT });
      await still(page);
      // A window as high as the page: frames are drawn wrongly beyond the edge of one, and so is what covers it.
      const height = await page.evaluate(() => document.documentElement.scrollHeight);
      await page.setViewportSize({ width, height });
      await still(page);
      await page.screenshot({ path: `${PICTURES}/${what}.png` });
      const overhang = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overhang, `${what} is wider than its window`).toBeLessThanOrEqual(0);
    }
    // A frame that lets the page shine through has, for axe, a white ground: light letters would be wrong on it.
    await read(page, `${name}, ${colorScheme}`, colorScheme === 'dark' ? 'iframe' : undefined);
  }
  await page.setViewportSize({ width: NARROW, height: HEIGHT });
  await still(page);
  await read(page, `${name}, narrow`, 'iframe');
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
}

/**
 * Waits until nothing on the page moves, grows or shrinks any more. A frame is told its width, then tells its height: that
 * takes several steps.
 */
async function still(page: Page) {
  let [before, times] = ['', 0];
  await expect
    .poll(
      async () => {
        const now = await shapes(page);
        times = now === before ? times + 1 : 0;
        before = now;
        return times;
      },
      { intervals: [100] },
    )
    .toBeGreaterThanOrEqual(page.frames().length > 1 ? 3 : 1);
}

/** The sizes of the page and its frames, and how much is moving. */
async function shapes(page: Page): Promise<string> {
  const all = page.frames().map((frame) =>
    frame
      .evaluate(() => [
        window.innerWidth,
        document.documentElement.scrollHeight,
        document.getAnimations().filter(({ playState }) => playState === 'running').length,
      ])
      // A frame that goes away meanwhile has no size.
      .catch(() => []),
  );
  return JSON.stringify(await Promise.all(all));
}

async function read(page: Page, what: string, without?: string) {
  const axe = new AxeBuilder({ page }).withTags(RULES);
  const { violations } = await (without ? axe.exclude(without) : axe).analyze();
  const found = violations.map(({ id, impact, help, nodes }) => ({
    id,
    impact,
    help,
    where: nodes.map(({ html, target }) => `${target.join(' ')}: ${html}`),
  }));
  expect(found, what).toEqual([]);
}
