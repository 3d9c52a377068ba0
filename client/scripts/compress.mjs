// After a build: puts a .br and a .gz beside each file that gets smaller by it, for servers that send those.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const DIST = new URL('../dist/', import.meta.url).pathname;
/** Fonts and pictures are compressed by nature. */
const TEXT = /\.(css|html|js|json|svg|txt)$/;
/** Smaller files fit into one packet anyway. */
const BYTES_MIN = 1024;

for (const entry of await readdir(DIST, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (!entry.isFile() || !TEXT.test(path)) continue;
  const plain = await readFile(path);
  if (plain.length < BYTES_MIN) continue;
  const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  await writeFile(`${path}.br`, brotliCompressSync(plain, { params: quality }));
  await writeFile(`${path}.gz`, gzipSync(plain, { level: constants.Z_BEST_COMPRESSION }));
}
