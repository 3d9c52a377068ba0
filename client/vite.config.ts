// How the client is built, served while it is worked on, and how its unit tests run.

import tailwind from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** The marketplace whose API is used while `npm run dev` serves the pages. */
const marketplace = process.env.BASE_URL ?? 'http://localhost:3000';

/** The one font that every page shows: the browser would find out only once the styles are there. */
const preloadFont: Plugin = {
  name: 'preload-font',
  transformIndexHtml: {
    order: 'post',
    handler: (_html, { bundle }) => {
      const font = Object.keys(bundle ?? {}).find((file) =>
        /instrument-sans-latin-wdth.*\.woff2$/.test(file),
      );
      const attrs = { rel: 'preload', as: 'font', type: 'font/woff2', crossorigin: true };
      return font ? [{ tag: 'link', attrs: { ...attrs, href: `/${font}` }, injectTo: 'head' }] : [];
    },
  },
};

export default defineConfig({
  plugins: [react(), tailwind(), preloadFont],
  server: { proxy: { '/api': marketplace } },
  build: {
    // Fonts and pictures as files: the pages' policy allows no data: URLs for fonts.
    assetsInlineLimit: 0,
    // The polyfill would be for browsers older than those the styles need.
    modulePreload: { polyfill: false },
    // Tells scripts/budget.mjs which files a page loads.
    manifest: true,
    rolldownOptions: {
      // What several pages share comes in one file, not in a dozen small ones.
      output: { codeSplitting: { groups: [{ name: 'shared', test: /\/src\/(api|ui|paths)/ }] } },
    },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
