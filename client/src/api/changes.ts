// Changes of tickets as they happen, told by the tickets service; and what to do while it cannot tell them.

import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';

import { newer, withRow, type Pages } from './pages';
import { ticketById, type Ticket } from './queries';

/** A page asks again this often while it is not told of changes. */
const POLL_MS = 5_000;
/** A page that follows changes often comes right after another that did: the connection is kept for that long. */
const LINGER_MS = 1_000;
/** When to try again after a refusal: too many followers, or a service that starts anew. The last is repeated. */
const RETRIES_MS = [3_000, 10_000, 30_000];

interface Follower {
  /** A ticket changed. */
  changed(ticket: Ticket): void;
  /** Some changes went untold. */
  missed(): void;
}

/** The connection all pages share. It is open while a page that wants it is in sight. */
class Changes {
  private source: EventSource | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private refusals = 0;
  private isTold = false;
  private readonly followers = new Set<Follower>();
  private readonly watchers = new Set<() => void>();

  follow(follower: Follower): () => void {
    this.followers.add(follower);
    this.adjust();
    return () => {
      this.followers.delete(follower);
      setTimeout(this.adjust, LINGER_MS);
    };
  }

  /** Whether changes are told now. */
  told = (): boolean => this.isTold;

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  /** Opens or closes it, as it is wanted now. */
  adjust = () => {
    const isWanted = this.followers.size > 0 && document.visibilityState === 'visible';
    if (isWanted && !this.source) this.open();
    if (!isWanted) this.close();
  };

  private open() {
    clearTimeout(this.retry);
    const source = new EventSource('/api/tickets/changes');
    this.source = source;
    source.addEventListener('open', () => {
      this.refusals = 0;
      this.tell(true);
      this.missed();
    });
    source.addEventListener('reload', () => {
      this.missed();
    });
    source.addEventListener('ticket', ({ data }: MessageEvent<string>) => {
      const ticket = JSON.parse(data) as Ticket;
      for (const follower of this.followers) follower.changed(ticket);
    });
    source.addEventListener('error', () => {
      this.tell(false);
      // A lost connection the browser makes anew by itself; a refusal it takes for final.
      if (source.readyState !== EventSource.CLOSED) return;
      this.source = undefined;
      const pause = RETRIES_MS[Math.min(this.refusals, RETRIES_MS.length - 1)];
      this.refusals += 1;
      this.retry = setTimeout(this.adjust, pause);
    });
  }

  private close() {
    clearTimeout(this.retry);
    this.source?.close();
    this.source = undefined;
    this.tell(false);
  }

  private missed() {
    for (const follower of this.followers) follower.missed();
  }

  private tell(isTold: boolean) {
    if (this.isTold === isTold) return;
    this.isTold = isTold;
    for (const watcher of this.watchers) watcher();
  }
}

const changes = new Changes();
// Browsers allow few connections to a site: a page out of sight leaves its own to others.
document.addEventListener('visibilitychange', changes.adjust);

/** Puts `ticket` wherever an older version of it is shown. */
function remember(queries: QueryClient, ticket: Ticket): void {
  put<Ticket>(queries, ticketById(ticket.id).queryKey, (known) => newer(known, ticket));
  put<Pages<Ticket>>(queries, ['tickets', 'onSale'], (pages) => withRow(pages, ticket));
  put<Pages<Ticket>>(queries, ['tickets', 'mine'], (pages) => withRow(pages, ticket));
}

/** Changes what the queries under `queryKey` have, and not how fresh that counts: of the rest of it nothing is told. */
function put<Data>(queries: QueryClient, queryKey: readonly unknown[], change: (data: Data) => Data): void {
  for (const [key, data] of queries.getQueriesData<Data>({ queryKey })) {
    const after = data && change(data);
    const state = queries.getQueryState(key);
    if (!state || after === data) continue;
    queries.setQueryData(key, after, { updatedAt: state.dataUpdatedAt });
    if (state.isInvalidated)
      void queries.invalidateQueries({ queryKey: key, exact: true, refetchType: 'none' });
  }
}

/**
 * Keeps what was queried of tickets as it is at the services while a page is shown, and tells `changed` what happens.
 * Gives the `refetchInterval` of those queries: there is one while nobody tells of changes.
 */
export function useTicketChanges(changed?: (ticket: Ticket) => void): number | false {
  const queries = useQueryClient();
  useEffect(
    () =>
      changes.follow({
        changed: (ticket) => {
          remember(queries, ticket);
          changed?.(ticket);
        },
        // What is being fetched at this moment is new enough.
        missed: () => void queries.invalidateQueries({ queryKey: ['tickets'] }, { cancelRefetch: false }),
      }),
    [queries, changed],
  );
  return useSyncExternalStore(changes.watch, changes.told) ? false : POLL_MS;
}
