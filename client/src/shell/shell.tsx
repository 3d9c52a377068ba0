// What is around every page: the way to the others, who is signed in, and where the focus goes when a page appears.

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useRouter } from '@tanstack/react-router';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';

import { currentUser, forgetOthers } from '../api/queries';
import { authSearch, ownPath, paths } from '../paths';
import { Announce } from '../ui/announce';
import { ButtonLink } from '../ui/button';
import { HEADING_ID } from '../ui/page';

export function Shell() {
  const arrived = useArrivals();
  useLostSession();
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#main"
        className="absolute top-2 left-2 z-10 -translate-y-20 rounded-lg bg-accent px-4 py-3 font-semibold text-on-accent focus:translate-y-0"
      >
        Skip to the page
      </a>
      <Header />
      <Offline />
      <main id="main" tabIndex={-1} className="flex-1">
        <Outlet />
      </main>
      <Footer />
      <Announce message={arrived} />
    </div>
  );
}

function Header() {
  return (
    <header className="border-b border-line bg-card print:mb-8 print:bg-transparent">
      <div className="mx-auto flex max-w-6xl flex-wrap items-center justify-between gap-x-2 px-4 sm:flex-nowrap sm:gap-x-6 sm:px-6 print:px-0">
        <Link
          to={paths.browse}
          className="flex min-h-14 items-center gap-2.5 text-2xl font-bold [font-stretch:78%]"
        >
          <Mark />
          ticketing
        </Link>
        <nav
          aria-label="Pages"
          className="order-last -mx-4 flex w-[calc(100%+2rem)] border-t border-line px-2 sm:order-none sm:mx-0 sm:w-auto sm:flex-1 sm:border-0 sm:px-0 print:hidden"
        >
          <NavLink to={paths.browse}>Browse</NavLink>
          <NavLink to={paths.sell}>Sell</NavLink>
          <NavLink to={paths.orders}>My orders</NavLink>
        </nav>
        <div className="print:hidden">
          <Account />
        </div>
      </div>
    </header>
  );
}

function NavLink({
  to,
  children,
}: {
  to: typeof paths.browse | typeof paths.sell | typeof paths.orders;
  children: string;
}) {
  return (
    <Link
      to={to}
      activeOptions={{ exact: true, includeSearch: false }}
      className="relative flex min-h-12 flex-1 items-center justify-center rounded-md px-3 font-semibold hover:bg-raised aria-[current]:after:absolute aria-[current]:after:inset-x-3 aria-[current]:after:bottom-0 aria-[current]:after:h-1 aria-[current]:after:rounded-full aria-[current]:after:bg-accent sm:min-h-14 sm:flex-none"
    >
      {children}
    </Link>
  );
}

function Account() {
  const { data: user, isPending } = useQuery(currentUser);
  // Signing in leads back to the page it was begun on.
  const next = {
    next: useLocation({ select: ({ href, search }) => authSearch(search).next ?? ownPath(href) }),
  };
  if (isPending) return <div className="min-h-14" />;
  if (!user) {
    return (
      <div className="flex items-center gap-1">
        <Link
          to={paths.signIn}
          search={next}
          className="flex min-h-11 items-center rounded-md px-3 font-semibold hover:bg-raised"
        >
          Sign in
        </Link>
        <ButtonLink to={paths.signUp} search={next} size="small">
          Sign up
        </ButtonLink>
      </div>
    );
  }
  return (
    <div className="flex min-w-0 items-center gap-1">
      <span className="truncate text-sm text-muted max-sm:sr-only sm:max-w-48" title={user.email}>
        <span className="sr-only">Signed in as </span>
        {user.email}
      </span>
      <Link
        to={paths.signOut}
        preload={false}
        className="flex min-h-11 shrink-0 items-center rounded-md px-3 font-semibold hover:bg-raised"
      >
        Sign out
      </Link>
    </div>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 32 24" className="h-6 w-8" aria-hidden="true">
      <path
        d="M3 2h15a3 3 0 0 0 6 0h5a2 2 0 0 1 2 2v16a2 2 0 0 1-2 2h-5a3 3 0 0 0-6 0H3a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2Z"
        fill="var(--accent)"
      />
      <path d="M21 7.5v9" stroke="var(--on-accent)" strokeWidth="2" strokeDasharray="2 1.5" />
      <path d="M6 8.5h9M6 15.5h5" stroke="var(--on-accent)" strokeWidth="2.4" strokeLinecap="round" />
    </svg>
  );
}

/** What is shown without a network is how it was, and may not be so any more. */
function Offline() {
  const isOnline = useIsOnline();
  return (
    <div role="status" className="print:hidden">
      {!isOnline && (
        <p className="bg-ink px-4 py-2.5 text-center font-semibold text-paper">
          You are offline. What you see here may have changed.
        </p>
      )}
    </div>
  );
}

function Footer() {
  return (
    <footer className="border-t border-line print:hidden">
      <p className="mx-auto max-w-6xl px-4 py-6 text-sm text-muted sm:px-6">
        ticketing lets people sell tickets to each other. A ticket you choose is held for you while you pay,
        at the price you saw.
      </p>
    </footer>
  );
}

/** Moves the focus to each page that appears, and gives its title to be read out. */
function useArrivals(): string {
  const router = useRouter();
  const [arrived, setArrived] = useState('');
  const isFirst = useRef(true);
  useEffect(
    () =>
      router.subscribe('onRendered', ({ pathChanged }) => {
        // The browser itself tells of the page it opened.
        if (isFirst.current || !pathChanged) {
          isFirst.current = false;
          return;
        }
        (document.getElementById(HEADING_ID) ?? document.getElementById('main'))?.focus({
          preventScroll: true,
        });
        setArrived(document.title);
      }),
    [router],
  );
  return arrived;
}

/**
 * Whoever is no longer signed in, by another window or because it was long ago, is asked to sign in where it is needed.
 * Where another window has signed somebody else in, it is theirs that is shown.
 */
function useLostSession() {
  const router = useRouter();
  const queries = useQueryClient();
  const { data: user } = useQuery(currentUser);
  const was = useRef(user);
  useEffect(() => {
    const before = was.current;
    was.current = user;
    if (!before || user === undefined || user?.id === before.id) return;
    // Whose page it is, is decided first: a page that is left asks for nothing any more.
    void router.invalidate().then(() => forgetOthers(queries));
  }, [router, queries, user]);
}

/** Whether there is a network. */
function useIsOnline(): boolean {
  return useSyncExternalStore(watchNetwork, () => navigator.onLine);
}

function watchNetwork(changed: () => void): () => void {
  window.addEventListener('online', changed);
  window.addEventListener('offline', changed);
  return () => {
    window.removeEventListener('online', changed);
    window.removeEventListener('offline', changed);
  };
}
