// `npm run screenshots`: the pictures of the repository's README, of a marketplace that runs at BASE_URL.

import { defineConfig } from '@playwright/test';

import tests from '../playwright.config';

export default defineConfig({
  ...tests,
  testDir: '.',
  testMatch: 'readme.shots.ts',
  outputDir: 'results/shots',
});
