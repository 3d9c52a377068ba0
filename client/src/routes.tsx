// Every page: its path, what it needs before it is shown, and what it begins to load. What it shows comes with it.

import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, createRouter, redirect } from '@tanstack/react-router';

import {
  currentUser,
  orderById,
  orders,
  paymentsConfig,
  ticketById,
  ticketsOfMine,
  ticketsOnSale,
} from './api/queries';
import { authSearch, browseFilter, browseSearch, orderSearch, ownPath, paths, search } from './paths';
import { BareFailurePage, FailurePage } from './shell/failure-page';
import { lazyPage } from './shell/lazy-page';
import { NotFoundPage } from './shell/not-found-page';
import { Shell } from './shell/shell';

interface Context {
  queries: QueryClient;
}

interface Arrival {
  context: Context;
  location: { href: string };
}

/** Loads what a page is about to ask for. The page itself waits for it, and says so if it fails. */
function begin(query: Promise<unknown>) {
  query.catch(() => undefined);
}

/** For pages that are somebody's: whoever is not signed in does that first, and comes back. */
async function signedIn({ context: { queries }, location: { href } }: Arrival) {
  const user = await queries.query({ ...currentUser, staleTime: 'static' });
  if (user) return;
  throw redirect({ to: paths.signIn, search: { next: ownPath(href) }, replace: true });
}

const root = createRootRouteWithContext<Context>()({
  component: Shell,
  notFoundComponent: NotFoundPage,
  errorComponent: BareFailurePage,
  // The header shows who is signed in, and every price what it is in. Begun at once; waited for by whom it concerns.
  loader: ({ context: { queries } }) => {
    begin(queries.query(currentUser));
    begin(queries.query(paymentsConfig));
  },
});

const browse = createRoute({
  getParentRoute: () => root,
  path: paths.browse,
  validateSearch: browseSearch,
  loaderDeps: ({ search }) => browseFilter(search),
  loader: ({ context: { queries }, deps }) => begin(queries.infiniteQuery(ticketsOnSale(deps))),
  component: lazyPage(async () => (await import('./features/tickets/browse-page')).BrowsePage),
});

const ticket = createRoute({
  getParentRoute: () => root,
  path: paths.ticket,
  loader: ({ context: { queries }, params: { id } }) => begin(queries.query(ticketById(id))),
  component: lazyPage(async () => (await import('./features/tickets/ticket-page')).TicketPage),
});

const newTicket = createRoute({
  getParentRoute: () => root,
  path: paths.newTicket,
  beforeLoad: signedIn,
  component: lazyPage(async () => (await import('./features/tickets/new-ticket-page')).NewTicketPage),
});

const editTicket = createRoute({
  getParentRoute: () => root,
  path: paths.editTicket,
  beforeLoad: signedIn,
  loader: ({ context: { queries }, params: { id } }) => begin(queries.query(ticketById(id))),
  component: lazyPage(async () => (await import('./features/tickets/edit-ticket-page')).EditTicketPage),
});

const sell = createRoute({
  getParentRoute: () => root,
  path: paths.sell,
  beforeLoad: signedIn,
  loader: ({ context: { queries } }) => begin(queries.infiniteQuery(ticketsOfMine)),
  component: lazyPage(async () => (await import('./features/tickets/sell-page')).SellPage),
});

const orderList = createRoute({
  getParentRoute: () => root,
  path: paths.orders,
  beforeLoad: signedIn,
  loader: ({ context: { queries } }) => begin(queries.infiniteQuery(orders)),
  component: lazyPage(async () => (await import('./features/orders/orders-page')).OrdersPage),
});

const order = createRoute({
  getParentRoute: () => root,
  path: paths.order,
  validateSearch: orderSearch,
  beforeLoad: signedIn,
  loader: ({ context: { queries }, params: { id } }) => begin(queries.query(orderById(id))),
  component: lazyPage(async () => (await import('./checkout-page')).CheckoutPage),
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: paths.signIn,
  validateSearch: authSearch,
  component: lazyPage(async () => (await import('./features/auth/sign-in-page')).SignInPage),
});

const signUp = createRoute({
  getParentRoute: () => root,
  path: paths.signUp,
  validateSearch: authSearch,
  component: lazyPage(async () => (await import('./features/auth/sign-up-page')).SignUpPage),
});

const signOut = createRoute({
  getParentRoute: () => root,
  path: paths.signOut,
  component: lazyPage(async () => (await import('./features/auth/sign-out-page')).SignOutPage),
});

const routeTree = root.addChildren([
  browse,
  ticket,
  newTicket,
  editTicket,
  sell,
  orderList,
  order,
  signIn,
  signUp,
  signOut,
]);

export function newRouter(queries: QueryClient) {
  return createRouter({
    routeTree,
    context: { queries },
    parseSearch: search.parse,
    stringifySearch: search.stringify,
    // What is pointed at is likely to be opened.
    defaultPreload: 'intent',
    // Whether data is fresh is for the queries to know.
    defaultPreloadStaleTime: 0,
    scrollRestoration: true,
    // Within the shell, so that the other pages stay in reach.
    defaultErrorComponent: FailurePage,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof newRouter>;
  }
}
