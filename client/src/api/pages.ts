// Lists that come page by page, and what becomes of them when something in them changes. Pure.

import type { InfiniteData } from '@tanstack/react-query';

/** A page of a list, and where the next one begins. */
export interface PageOf<Row> {
  rows: Row[];
  next: string | null;
}

export type Pages<Row> = InfiniteData<PageOf<Row>>;

interface Versioned {
  id: string;
  version: number;
}

/**
 * All rows, each once. A row that moved while pages were fetched may be on two of them: it stays where it was first, in
 * its newest version.
 */
export function rowsOf<Row extends Versioned>(pages: Pages<Row> | undefined): Row[] {
  const rows = new Map<string, Row>();
  for (const row of pages?.pages.flatMap((page) => page.rows) ?? []) {
    const other = rows.get(row.id);
    if (!other || other.version < row.version) rows.set(row.id, row);
  }
  return [...rows.values()];
}

/** The same list with `row` in place of its older version; the very same if that is not in it. */
export function withRow<Row extends Versioned>(pages: Pages<Row>, row: Row): Pages<Row> {
  const isOlder = (other: Row) => other.id === row.id && other.version < row.version;
  if (!pages.pages.some((page) => page.rows.some(isOlder))) return pages;
  const changed = pages.pages.map((page) => ({
    ...page,
    rows: page.rows.map((other) => (isOlder(other) ? row : other)),
  }));
  return { ...pages, pages: changed };
}

/** What is newer: news come in any order, and may overtake the answer to a question that was asked before. */
export function newer<Row extends Versioned>(one: Row, other: Row): Row {
  return one.version >= other.version ? one : other;
}

/** What was `fetched`, but no row of it older than what is `known` already. */
export function newerRows<Row extends Versioned>(known: Pages<Row>, fetched: Pages<Row>): Pages<Row> {
  return rowsOf(known).reduce(withRow, fetched);
}
