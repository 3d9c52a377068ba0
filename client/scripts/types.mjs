// `npm run types -- SOURCE` writes src/api/types.ts from the services' OpenAPI documents; with `--check` it only says
// whether that file is up to date. SOURCE is a folder of auth.json, orders.json, payments.json and tickets.json, which
// the services' own binaries print (`tickets openapi`), or the URL of a running marketplace.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import openapiTS, { astToString } from 'openapi-typescript';
import prettier from 'prettier';

const SERVICES = ['auth', 'orders', 'payments', 'tickets'];
const TYPES = new URL('../src/api/types.ts', import.meta.url);
const HEADER =
  "// What the services' API takes and answers. Generated from their OpenAPI by `npm run types`: do not edit.\n\n";

/** @typedef {Record<string, any>} Json */

/** @param {string} source @returns {Promise<Json[]>} */
async function documents(source) {
  if (/^https?:\/\//.test(source)) {
    const answer = await fetch(new URL('/openapi.json', source));
    if (!answer.ok) throw new Error(`${answer.url} answers ${answer.status}`);
    return [await answer.json()];
  }
  return Promise.all(
    SERVICES.map(async (name) => JSON.parse(await readFile(join(source, `${name}.json`), 'utf8'))),
  );
}

/** One document of all. What two of them call by the same name must be the same. @param {Json[]} all */
function merged(all) {
  /** @type {Json} */
  const paths = {};
  /** @type {Json} */
  const schemas = {};
  for (const { paths: itsPaths, components } of all) {
    for (const [path, operations] of Object.entries(itsPaths)) {
      // Each service names its operations for itself, so that the names are not one's own. Nothing needs them.
      for (const operation of Object.values(operations)) delete operation.operationId;
      paths[path] = { ...paths[path], ...operations };
    }
    for (const [name, schema] of Object.entries(components.schemas)) {
      if (schemas[name] && !isDeepStrictEqual(schemas[name], schema)) {
        throw new Error(`two services mean different things by ${name}: give one of them another name`);
      }
      schemas[name] = schema;
    }
  }
  return { openapi: '3.1.0', info: { title: 'ticketing', version: '0' }, paths, components: { schemas } };
}

/** @param {string} source */
async function generated(source) {
  const tree = await openapiTS(/** @type {any} */ (merged(await documents(source))), { alphabetize: true });
  const settings = await prettier.resolveConfig(TYPES);
  return prettier.format(HEADER + astToString(tree), { ...settings, plugins: [], parser: 'typescript' });
}

const [source, ...more] = process.argv.slice(2).filter((argument) => argument !== '--check');
if (!source || more.length) {
  console.error('usage: npm run types -- FOLDER-OR-URL [--check]');
  process.exit(2);
}
const types = await generated(source);
if (!process.argv.includes('--check')) {
  await writeFile(TYPES, types);
} else if (types !== (await readFile(TYPES, 'utf8'))) {
  console.error(`src/api/types.ts is not what ${source} says: run \`npm run types -- ${source}\``);
  process.exit(1);
}
