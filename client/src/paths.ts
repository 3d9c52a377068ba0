// Every link: the paths of the pages, and the search parameters they understand.

import type { Filter, Sort } from './api/queries';

export const paths = {
  browse: '/',
  ticket: '/tickets/$id',
  newTicket: '/tickets/new',
  editTicket: '/tickets/$id/edit',
  sell: '/sell',
  orders: '/orders',
  order: '/orders/$id',
  signIn: '/auth/signin',
  signUp: '/auth/signup',
  signOut: '/auth/signout',
} as const;

/** Search parameters as they stand in an address: text. */
type Search = Record<string, string | undefined>;

const SORTS: readonly string[] = ['newest', 'price', '-price', 'title'] satisfies Sort[];
/** Longer words find nothing: no title is longer. */
const WORDS_LENGTH_MAX = 200;

/**
 * What `/` lists. What makes no sense is left out, so that an old or mistyped link still leads to tickets.
 *
 * Every parameter is named in the result, also where there is none of it: what is not named, the router leaves as it
 * stands in the address.
 */
export interface BrowseSearch {
  q?: string | undefined;
  sort?: Sort | undefined;
  min?: string | undefined;
  max?: string | undefined;
}

export function browseSearch({ q, sort, min, max }: Search): BrowseSearch {
  const amount = (text?: string) => (text && /^\d{1,6}(\.\d{1,2})?$/.test(text) ? text : undefined);
  const isSort = (text?: string): text is Sort => text !== undefined && SORTS.includes(text);
  return {
    q: q?.trim() ? q.slice(0, WORDS_LENGTH_MAX) : undefined,
    sort: isSort(sort) && sort !== 'newest' ? sort : undefined,
    min: amount(min),
    max: amount(max),
  };
}

/** What the services are asked for by it. */
export function browseFilter({ q, sort, min, max }: BrowseSearch): Filter {
  return {
    ...(q && { q }),
    ...(sort && { sort }),
    ...(min && { minPrice: Number(min) }),
    ...(max && { maxPrice: Number(max) }),
  };
}

/** Where to go after signing in. */
export interface AuthSearch {
  next?: string | undefined;
}

export function authSearch({ next }: Search): AuthSearch {
  return { next: ownPath(next) };
}

/** Any origin will do: it is only there to see whether a path stays within it. */
const SOMEWHERE = 'https://ticketing.invalid';

/**
 * `next` if it is a page of this site to come back to, else nothing. Links to a sign-in page come from anywhere: what
 * they call the next page must not lead to another site, however it is written, nor back to a sign-in page.
 */
export function ownPath(next: string | undefined): string | undefined {
  if (!next?.startsWith('/')) return undefined;
  let url;
  try {
    url = new URL(next, SOMEWHERE);
  } catch {
    return undefined;
  }
  if (url.origin !== SOMEWHERE || url.pathname.startsWith('//') || url.pathname.startsWith('/auth/'))
    return undefined;
  // As it was understood here, not as it was written: what reads it next could understand it otherwise.
  return url.pathname + url.search + url.hash;
}

/** What the payment provider adds to the address of an order when a buyer comes back from their bank. */
export interface OrderSearch {
  redirect_status?: string | undefined;
}

export function orderSearch({ redirect_status }: Search): OrderSearch {
  return { redirect_status };
}

/** The search part of an address as plain text parameters, without the quotes a router would put around numbers. */
export const search = {
  parse: (text: string): Search => Object.fromEntries(new URLSearchParams(text)),
  stringify: (parameters: Record<string, unknown>): string => {
    const given = Object.entries(parameters).filter(([, value]) => typeof value === 'string') as [
      string,
      string,
    ][];
    const text = new URLSearchParams(given).toString();
    return text && `?${text}`;
  },
};
