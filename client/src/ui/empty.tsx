// What stands where there is nothing, and what to do about it.

import type { ReactNode } from 'react';

interface EmptyProps {
  title: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
}

export function Empty({ title, children, action }: EmptyProps) {
  return (
    <div className="flex flex-col items-center rounded-2xl border-2 border-dashed border-line px-6 py-14 text-center">
      <BlankTicket />
      <h2 className="mt-6 text-2xl">{title}</h2>
      {children && <div className="mt-2 max-w-prose text-muted">{children}</div>}
      {action && <div className="mt-6">{action}</div>}
    </div>
  );
}

/** A ticket that nothing is printed on yet. */
function BlankTicket() {
  return (
    <svg viewBox="0 0 160 80" className="w-40 -rotate-6" aria-hidden="true">
      <path
        d="M8 2h98a8 8 0 0 0 16 0h30a6 6 0 0 1 6 6v64a6 6 0 0 1-6 6h-30a8 8 0 0 0-16 0H8a6 6 0 0 1-6-6V8a6 6 0 0 1 6-6Z"
        fill="var(--card)"
        stroke="var(--edge)"
        strokeWidth="2"
      />
      <path
        d="M122 2h30a6 6 0 0 1 6 6v64a6 6 0 0 1-6 6h-30a8 8 0 0 0-8-8V10a8 8 0 0 0 8-8Z"
        fill="var(--accent)"
      />
      <path d="M114 16v48" stroke="var(--edge)" strokeWidth="2" strokeDasharray="4 5" />
      <path d="M18 24h60M18 38h40" stroke="var(--line)" strokeWidth="7" strokeLinecap="round" />
    </svg>
  );
}
