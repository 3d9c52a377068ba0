import { expect, test } from 'vitest';

import { newer, newerRows, rowsOf, withRow, type Pages } from './pages';

interface Row {
  id: string;
  version: number;
  title?: string;
}

function pages(...pages: Row[][]): Pages<Row> {
  const next = (place: number) => (place + 1 < pages.length ? `after ${place}` : null);
  return {
    pages: pages.map((rows, place) => ({ rows, next: next(place) })),
    pageParams: pages.map((_, place) => (place ? `after ${place - 1}` : null)),
  };
}

const a = { id: 'a', version: 1 };
const b = { id: 'b', version: 1 };
const c = { id: 'c', version: 1 };

test('pages make one list', () => {
  expect(rowsOf(pages([a, b], [c]))).toEqual([a, b, c]);
  expect(rowsOf(undefined)).toEqual([]);
  expect(rowsOf(pages([]))).toEqual([]);
});

test('a row that moved to a later page while pages were fetched is there once, as it is now', () => {
  const later = { ...a, version: 2 };
  expect(rowsOf(pages([a, b], [later, c]))).toEqual([later, b, c]);
  expect(rowsOf(pages([later, b], [a, c]))).toEqual([later, b, c]);
});

test('a newer row takes its place', () => {
  const later = { ...b, version: 2, title: 'Lear' };
  const before = pages([a], [b, c]);
  const after = withRow(before, later);
  expect(rowsOf(after)).toEqual([a, later, c]);
  expect(after.pages[0]).toEqual(before.pages[0]);
  expect(rowsOf(before)).toEqual([a, b, c]);
});

test('nothing changes by a row that is older, the same, or not in the list', () => {
  const before = pages([a, { ...b, version: 3 }]);
  for (const row of [{ ...b, version: 2 }, { ...b, version: 3 }, c])
    expect(withRow(before, row)).toBe(before);
});

test('of two the newer counts, whichever came first', () => {
  const later = { ...a, version: 2 };
  expect(newer(a, later)).toBe(later);
  expect(newer(later, a)).toBe(later);
});

test('an answer that news have overtaken does not undo them', () => {
  const held = { ...a, version: 2, title: 'held' };
  expect(rowsOf(newerRows(pages([held, b]), pages([a, b], [c])))).toEqual([held, b, c]);
  const edited = { ...b, version: 5 };
  expect(rowsOf(newerRows(pages([a, b]), pages([edited])))).toEqual([edited]);
});
