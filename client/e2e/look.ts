// How a page looks and reads: pictures at three widths, and what axe finds wrong in light and in dark.

import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { expect } from './world';

const WIDTHS = [360, 768, 1280];
const HEIGHT = 860;
const PICTURES = 'e2e/results/pictures';
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Looks at what `page` shows now; `name` is what its pictures are called. */
export async function look(page: Page, name: string): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: HEIGHT });
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await still(page);
    await page.screenshot({ path: `${PICTURES}/${name}-${width}.png`, fullPage: true });
    const overhang = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overhang, `${name} is wider than ${width} pixels`).toBeLessThanOrEqual(0);
    if (width !== 768) await read(page, `${name}, ${width} pixels wide`);
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await still(page);
    await page.screenshot({ path: `${PICTURES}/${name}-dark-${width}.png`, fullPage: true });
  }
  // A frame that lets the page shine through has, for axe, a white ground: light letters would be wrong on it.
  await read(page, `${name}, dark`, 'iframe');
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
}

/** Waits until nothing on the page grows or shrinks any more: a frame learns its width, and then finds its height. */
async function still(page: Page) {
  const sizes = async () => {
    const all = page.frames().map((frame) =>
      // A frame that goes away meanwhile has no size.
      frame.evaluate(() => [window.innerWidth, document.documentElement.scrollHeight]).catch(() => []),
    );
    const places = page.evaluate(() =>
      [...document.querySelectorAll('iframe')].map(({ clientWidth }) => clientWidth),
    );
    return JSON.stringify([await Promise.all(all), await places]);
  };
  let before: string | undefined;
  await expect
    .poll(
      async () => {
        const now = await sizes();
        const isStill = now === before;
        before = now;
        return isStill;
      },
      { intervals: [50, 100] },
    )
    .toBe(true);
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
