// Everything the pages ask of the services and tell them, by name.

import {
  infiniteQueryOptions,
  keepPreviousData,
  MutationCache,
  type Query,
  QueryCache,
  QueryClient,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query';

import { answered, api, dataOf, Problem } from './client';
import { useCommand } from './command';
import { newer, newerRows, type PageOf, type Pages } from './pages';
import type { components, paths } from './types';

type Schemas = components['schemas'];
export type Ticket = Schemas['Ticket'];
export type Order = Schemas['Order'];
export type Payment = Schemas['Payment'];
export type Offer = Schemas['Offer'];
export type PaymentsConfig = Schemas['PaymentsConfig'];
export type PaymentIntent = Schemas['PaymentIntent'];
export type User = Pick<Schemas['User'], 'id' | 'email'>;
export type Sort = NonNullable<NonNullable<paths['/api/tickets']['get']['parameters']['query']>['sort']>;

/** Which tickets to list, and how. */
export interface Filter {
  q?: string;
  sort?: Sort;
  minPrice?: number;
  maxPrice?: number;
}

/** Rows of a list that are fetched at a time: some screens full. */
const PAGE_ROWS = 24;

/** A service that does not answer is asked this often before the page says so. */
const RETRIES_MAX = 2;

export function newQueryClient(): QueryClient {
  const worthRetrying = ({ status }: Problem) => status === 0 || status >= 500;
  // It may be that the session is over, which then shows wherever it matters; or only that it is somebody else's order.
  const onError = ({ status }: Problem) => {
    if (status === 401) void queries.invalidateQueries({ queryKey: currentUser.queryKey });
  };
  session.addEventListener('message', () => {
    void queries.invalidateQueries({ queryKey: currentUser.queryKey });
  });
  const queries = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        retry: (failures, problem) => failures < RETRIES_MAX && worthRetrying(problem),
        retryDelay: (failures) => 500 * 2 ** failures,
        staleTime: 2_000, // A page that was prefetched a moment ago is not fetched again.
        // Without a network a page says so, instead of waiting for one in silence …
        networkMode: 'always',
        refetchOnReconnect: true,
      },
      // … and nothing is bought or listed later on, when nobody expects it any more.
      mutations: { networkMode: 'always' },
    },
  });
  return queries;
}

// Who is signed in ------------------------------------------------------------------------------------------------------

export const currentUser = queryOptions({
  queryKey: ['currentUser'],
  queryFn: async ({ signal }): Promise<User | null> => {
    const { currentUser } = await dataOf(api.GET('/api/users/currentuser', { signal }));
    return currentUser ?? null;
  },
  staleTime: 60_000,
});

interface Credentials {
  email: string;
  password: string;
}

/** What one user may see: all but the tickets that everybody sees, and how payments are taken. */
function isPrivate({ queryKey: [kind, which] }: Pick<Query, 'queryKey'>): boolean {
  if (kind === 'tickets') return which === 'mine';
  return kind !== 'payments' && kind !== 'currentUser';
}

/** By which windows tell each other that somebody signed in or out. */
const session = new BroadcastChannel('session');

/** Nothing of what one user saw is shown to the next. */
async function became(queries: QueryClient, user: User | null) {
  await queries.cancelQueries();
  queries.removeQueries({ predicate: isPrivate });
  queries.setQueryData(currentUser.queryKey, user);
  session.postMessage('changed');
}

/** The same where it was another window that signed somebody else in: what is shown here is asked for anew. */
export async function forgetOthers(queries: QueryClient) {
  await queries.resetQueries({ predicate: isPrivate });
}

export function useSignIn() {
  const queries = useQueryClient();
  return useCommand({
    mutationFn: (body: Credentials) => dataOf(api.POST('/api/users/signin', { body })),
    onSuccess: (user) => became(queries, user),
  });
}

export function useSignUp() {
  const queries = useQueryClient();
  return useCommand({
    mutationFn: (body: Credentials) => dataOf(api.POST('/api/users/signup', { body })),
    onSuccess: (user) => became(queries, user),
  });
}

export function useSignOut() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => dataOf(api.POST('/api/users/signout')),
    onSuccess: () => became(queries, null),
  });
}

/**
 * How an answer becomes what is known: changes are told meanwhile, and may overtake it. Untyped, as the library has it:
 * what is known and what was fetched are of one query.
 */
const NEWER = {
  structuralSharing: (known: unknown, fetched: unknown) =>
    known ? newer(known as Ticket, fetched as Ticket) : fetched,
};
const NEWER_ROWS = {
  structuralSharing: (known: unknown, fetched: unknown) =>
    known ? newerRows(known as Pages<Ticket>, fetched as Pages<Ticket>) : fetched,
};

// Tickets ---------------------------------------------------------------------------------------------------------------

export const ticketsOnSale = (filter: Filter) =>
  infiniteQueryOptions({
    queryKey: ['tickets', 'onSale', filter] as const,
    queryFn: async ({ pageParam, signal }): Promise<PageOf<Ticket>> => {
      const query = { ...filter, limit: PAGE_ROWS, ...(pageParam && { cursor: pageParam }) };
      const { data, next } = await answered(api.GET('/api/tickets', { params: { query }, signal }));
      return { rows: data, next };
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    ...NEWER_ROWS,
    // Tickets that are gone stay in sight, told to be gone: they would vanish by this from under the buyer's hand.
    refetchOnWindowFocus: false,
  });

export const ticketsOfMine = infiniteQueryOptions({
  queryKey: ['tickets', 'mine'],
  queryFn: async ({ pageParam, signal }): Promise<PageOf<Ticket>> => {
    const query = { limit: PAGE_ROWS, ...(pageParam && { cursor: pageParam }) };
    const { data, next } = await answered(api.GET('/api/tickets/mine', { params: { query }, signal }));
    return { rows: data, next };
  },
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next,
  ...NEWER_ROWS,
});

export const ticketById = (id: string) =>
  queryOptions({
    queryKey: ['tickets', 'one', id],
    queryFn: ({ signal }) => dataOf(api.GET('/api/tickets/{id}', { params: { path: { id } }, signal })),
    ...NEWER,
  });

/** Lists a ticket; with an id, changes that one. */
export function useOffer(id?: string) {
  const queries = useQueryClient();
  return useCommand({
    mutationFn: (body: Offer) =>
      id
        ? dataOf(api.PUT('/api/tickets/{id}', { params: { path: { id } }, body }))
        : dataOf(api.POST('/api/tickets', { body })),
    onSuccess: (ticket) => {
      queries.setQueryData(ticketById(ticket.id).queryKey, ticket);
      return queries.invalidateQueries({ queryKey: ['tickets'], refetchType: 'none' });
    },
  });
}

// Orders ----------------------------------------------------------------------------------------------------------------

export const orders = infiniteQueryOptions({
  queryKey: ['orders', 'all'],
  queryFn: async ({ pageParam, signal }): Promise<PageOf<Order>> => {
    const query = { limit: PAGE_ROWS, ...(pageParam && { cursor: pageParam }) };
    const { data, next } = await answered(api.GET('/api/orders', { params: { query }, signal }));
    return { rows: data, next };
  },
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next,
});

/**
 * The orders that who is signed in has made for a ticket. Whenever that has changed they are asked for anew: it changes
 * because of orders. Until the answer those known stand.
 */
export const ordersFor = ({ id: ticketId, version }: Ticket) =>
  queryOptions({
    queryKey: ['orders', 'for', ticketId, version],
    queryFn: ({ signal }) => dataOf(api.GET('/api/orders', { params: { query: { ticketId } }, signal })),
    placeholderData: keepPreviousData,
  });

export const orderById = (id: string) =>
  queryOptions({
    queryKey: ['orders', 'one', id],
    queryFn: ({ signal }) => dataOf(api.GET('/api/orders/{id}', { params: { path: { id } }, signal })),
  });

export function useOrderTicket() {
  const queries = useQueryClient();
  return useCommand({
    mutationFn: (ticketId: string) =>
      onceHeard(() => dataOf(api.POST('/api/orders', { body: { ticketId } }))),
    onSuccess: (order) => {
      queries.setQueryData(orderById(order.id).queryKey, order);
      return queries.invalidateQueries({ queryKey: ['orders'], refetchType: 'none' });
    },
  });
}

export function useCancelOrder() {
  const queries = useQueryClient();
  return useCommand({
    mutationFn: ({ id }: Order) => dataOf(api.DELETE('/api/orders/{id}', { params: { path: { id } } })),
    // Also after a refusal: then the order is not what the page thinks it is.
    onSettled: () => queries.invalidateQueries({ queryKey: ['orders'] }),
  });
}

// Payments --------------------------------------------------------------------------------------------------------------

/** What a browser needs to pay, and what prices are in. */
export const paymentsConfig = queryOptions({
  queryKey: ['payments', 'config'],
  queryFn: ({ signal }) => dataOf(api.GET('/api/payments/config', { signal })),
  staleTime: Infinity,
});

export const paymentsFor = (orderId: string) =>
  queryOptions({
    queryKey: ['paymentsFor', orderId],
    queryFn: ({ signal }) => dataOf(api.GET('/api/payments', { params: { query: { orderId } }, signal })),
  });

/** Opens the payment of an order; the one that is open already, if there is one. */
export function openIntent(orderId: string): Promise<PaymentIntent> {
  return onceHeard(() => dataOf(api.POST('/api/payments/intent', { body: { orderId } })));
}

/** What one service knows, another hears a moment later: until then it knows of no such thing. */
const UNHEARD = { tries: 6, pauseMs: 200 };

async function onceHeard<Data>(call: () => Promise<Data>): Promise<Data> {
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (problem) {
      const isUnheard = problem instanceof Problem && problem.status === 404;
      if (!isUnheard || tries === UNHEARD.tries) throw problem;
      await new Promise((resolve) => setTimeout(resolve, tries * UNHEARD.pauseMs));
    }
  }
}
