// What was listed since a buyer began to look at a list. Pure.

import type { Filter, Ticket } from '../../api/queries';

/** Tickets that are not in the list yet, and when they became known: what a page offers to show. */
export type Fresh = ReadonlyMap<string, Ticket>;

export const NOTHING_FRESH: Fresh = new Map();

/**
 * What is fresh after `ticket` changed. A ticket that is not new may yet be missing from a list, if it was held when that
 * was fetched: but only of a `whole` list is known that it does not come on a later page.
 */
export function afterChange(fresh: Fresh, ticket: Ticket, filter: Filter, whole: boolean): Fresh {
  const known = fresh.get(ticket.id);
  // News may come in any order: what is older than what is known says nothing.
  if (known && known.version >= ticket.version) return fresh;
  const isFresh =
    ticket.status === 'available' && matches(ticket, filter) && (known ?? (whole || ticket.version === 1));
  if (!isFresh && !known) return fresh;
  const after = new Map(fresh);
  if (isFresh) after.set(ticket.id, ticket);
  else after.delete(ticket.id);
  return after;
}

/** Whether a list by `filter` has `ticket`: all its words, in their order, in either case, and the price in its range. */
export function matches(ticket: Ticket, { q = '', minPrice, maxPrice }: Filter): boolean {
  const title = ticket.title.toLowerCase();
  let from = 0;
  for (const word of q.toLowerCase().split(/\s+/).filter(Boolean)) {
    const at = title.indexOf(word, from);
    if (at < 0) return false;
    from = at + word.length;
  }
  return (minPrice ?? 0) <= ticket.price && ticket.price <= (maxPrice ?? Infinity);
}
