// A page: its title in the window and above its contents, where the focus goes when it appears.

import { useLayoutEffect, useRef, type ReactNode } from 'react';

interface PageProps {
  /** What the window is called, and the page, unless it has a `heading`. */
  title: string;
  /** `null` if the page's contents begin with a [`Heading`] of their own. */
  heading?: ReactNode;
  lead?: ReactNode;
  /** Beside the heading. */
  actions?: ReactNode;
  /** How much a line may hold: a form needs less than a list, which is as wide as the header. */
  width?: keyof typeof WIDTHS;
  children: ReactNode;
}

const WIDTHS = { form: 'max-w-lg', text: 'max-w-3xl', wide: 'max-w-6xl' };

/** By which the shell finds what to focus. */
export const HEADING_ID = 'page-heading';

/**
 * Whether a page has just gone with the focus on it. It goes on to the heading of the page that comes instead: another
 * one, or what becomes of an order when it is paid.
 */
let isFocusLost = false;

export function Page({ title, heading = title, lead, actions, width = 'wide', children }: PageProps) {
  const page = useRef<HTMLDivElement>(null);
  // Before the shell tells where one has arrived.
  useLayoutEffect(() => {
    document.title = `${title} · ticketing`;
  }, [title]);
  useLayoutEffect(() => {
    const { current } = page;
    if (isFocusLost) document.getElementById(HEADING_ID)?.focus({ preventScroll: true });
    isFocusLost = false;
    return () => {
      isFocusLost = current?.contains(document.activeElement) ?? false;
    };
  }, []);
  return (
    <div ref={page} className={`mx-auto w-full ${WIDTHS[width]} px-4 pt-8 pb-16 sm:px-6 sm:pt-12 print:p-0`}>
      {heading !== null && (
        <div className="mb-6 flex flex-wrap items-end justify-between gap-x-8 gap-y-4 sm:mb-8">
          <div className="min-w-0">
            <Heading>{heading}</Heading>
            {lead && <p className="mt-3 max-w-prose text-lg text-muted">{lead}</p>}
          </div>
          {actions}
        </div>
      )}
      {children}
    </div>
  );
}

/** What the page is about, once on each. */
export function Heading({
  children,
  className = 'text-3xl sm:text-5xl',
}: {
  children: ReactNode;
  className?: string;
}) {
  return (
    <h1 id={HEADING_ID} tabIndex={-1} className={`break-words ${className}`}>
      {children}
    </h1>
  );
}
