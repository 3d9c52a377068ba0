import { describe, expect, test } from 'vitest';

import type { Ticket } from '../../api/queries';
import { afterChange, matches, NOTHING_FRESH } from './fresh';

const ticket: Ticket = {
  id: 't',
  title: 'Hamlet, stalls, row 3',
  price: 19.99,
  userId: 'u',
  version: 1,
  status: 'available',
};
const held = (version: number): Ticket => ({
  ...ticket,
  version,
  status: 'held',
  orderId: 'o',
  heldUntil: '2026-11-21T04:39:07.120Z',
});

describe('a change of a ticket', () => {
  test('makes a new listing fresh', () => {
    expect([...afterChange(NOTHING_FRESH, ticket, {}, false).values()]).toEqual([ticket]);
  });

  test('says nothing of what a search does not look for', () => {
    expect(afterChange(NOTHING_FRESH, ticket, { q: 'lear' }, true)).toBe(NOTHING_FRESH);
  });

  test('makes a ticket fresh that was held when the list was made, if the whole list is known', () => {
    const released = { ...ticket, version: 3 };
    expect(afterChange(NOTHING_FRESH, released, {}, true).size).toBe(1);
    expect(afterChange(NOTHING_FRESH, released, {}, false).size).toBe(0);
  });

  test('takes back what is gone meanwhile, and brings it again', () => {
    const fresh = afterChange(NOTHING_FRESH, ticket, {}, false);
    const gone = afterChange(fresh, held(2), {}, false);
    expect(gone.size).toBe(0);
    expect(afterChange(gone, { ...ticket, version: 3 }, {}, true).size).toBe(1);
  });

  test('keeps what is fresh as it is now', () => {
    const fresh = afterChange(NOTHING_FRESH, ticket, {}, false);
    const edited = { ...ticket, version: 2, title: 'Lear' };
    expect([...afterChange(fresh, edited, {}, false).values()]).toEqual([edited]);
    expect(afterChange(fresh, edited, { q: 'hamlet' }, false).size).toBe(0);
  });

  test('does not count if it is told twice or too late', () => {
    const fresh = afterChange(NOTHING_FRESH, { ...ticket, version: 3 }, {}, true);
    expect(afterChange(fresh, { ...ticket, version: 3 }, {}, true)).toBe(fresh);
    expect(afterChange(fresh, held(2), {}, true)).toBe(fresh);
    expect(afterChange(NOTHING_FRESH, held(2), {}, true)).toBe(NOTHING_FRESH);
  });
});

describe('a search', () => {
  test.each(['', 'hamlet', 'HAM row', '  stalls   3 ', 'row 3'])('for %j finds the ticket', (q) => {
    expect(matches(ticket, { q })).toBe(true);
  });

  test.each(['lear', 'row hamlet', '3 3', 'hamlet%'])('for %j does not', (q) => {
    expect(matches(ticket, { q })).toBe(false);
  });

  test('goes by the price, both ends included', () => {
    expect(matches(ticket, { minPrice: 19.99, maxPrice: 19.99 })).toBe(true);
    expect(matches(ticket, { minPrice: 20 })).toBe(false);
    expect(matches(ticket, { maxPrice: 19.98 })).toBe(false);
  });
});
