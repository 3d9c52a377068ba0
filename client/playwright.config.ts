// How the browser tests run: in the machine's own Chromium, on a whole marketplace that runs already.
//
//   BASE_URL      where it is                                          http://localhost:3000
//   HOLD_SECONDS  how long its orders hold a ticket (`--hold`); tests that wait for the end run if that is soon
//   CHROMIUM      the browser                                          /usr/bin/chromium

import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'e2e/results/tests',
  // Every test has its own users and tickets, so that each runs alone, in any order and beside others.
  fullyParallel: true,
  workers: 2,
  forbidOnly: Boolean(process.env.CI),
  timeout: 120_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  use: {
    baseURL: process.env.BASE_URL ?? 'http://localhost:3000',
    locale: 'en-US',
    viewport: { width: 1280, height: 860 },
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
