// After a build: how much JavaScript each page loads at first, and whether that is within what it may.

import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const DIST = new URL('../dist/', import.meta.url);
/** By what most people come: these pages must be there at once on a phone, too. */
const BYTES_MAX = 130_000;
const LIMITED = ['src/features/tickets/browse-page.tsx', 'src/features/tickets/ticket-page.tsx'];

/** @type {Record<string, { file: string, imports?: string[], isEntry?: boolean, isDynamicEntry?: boolean }>} */
const manifest = JSON.parse(await readFile(new URL('.vite/manifest.json', DIST), 'utf8'));

/** All files that `name` needs to run. @param {string} name @param {Set<string>} files */
function needed(name, files = new Set()) {
  const chunk = manifest[name];
  if (!chunk) throw new Error(`the build has no ${name}: tell scripts/budget.mjs its new name`);
  if (files.has(chunk.file)) return files;
  files.add(chunk.file);
  for (const other of chunk.imports ?? []) needed(other, files);
  return files;
}

/** @param {Iterable<string>} files */
async function gzipped(files) {
  let bytes = 0;
  for (const file of files) bytes += gzipSync(await readFile(new URL(file, DIST)), { level: 9 }).length;
  return bytes;
}

const entries = Object.keys(manifest).filter((name) => manifest[name]?.isEntry);
const pages = Object.keys(manifest).filter((name) => manifest[name]?.isDynamicEntry);
let isOver = false;
for (const page of pages) {
  const files = new Set(entries.flatMap((entry) => [...needed(entry)]));
  for (const file of needed(page)) files.add(file);
  const bytes = await gzipped(files);
  const limit = LIMITED.includes(page) ? BYTES_MAX : Infinity;
  isOver ||= bytes > limit;
  const told = limit < Infinity ? ` of ${(limit / 1000).toFixed(0)}` : '';
  console.log(`${bytes > limit ? '✗' : ' '} ${(bytes / 1000).toFixed(1)}${told} kB gzip  ${page}`);
}
for (const page of LIMITED) needed(page);
if (isOver) {
  console.error(
    'A page loads more JavaScript than it may: load what is not seen at first later, or do without it.',
  );
  process.exit(1);
}
