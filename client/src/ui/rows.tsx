// Things one below the other, each with a title, how it stands, a figure, and what to do with it.

import type { ReactNode } from 'react';

import { Skeleton } from './skeleton';

export function Rows({ label, children }: { label: string; children: ReactNode }) {
  return (
    <ul aria-label={label} className="overflow-hidden rounded-2xl bg-card shadow-(--shadow)">
      {children}
    </ul>
  );
}

interface RowProps {
  title: ReactNode;
  badge: ReactNode;
  figure: ReactNode;
  action?: ReactNode;
  faded?: boolean;
}

export function Row({ title, badge, figure, action, faded }: RowProps) {
  return (
    <li className="grid grid-cols-[1fr_auto] items-center gap-x-4 gap-y-1.5 border-b border-line px-4 py-4 last:border-0 sm:grid-cols-[1fr_auto_8rem_5rem] sm:px-6">
      <h2 className={`line-clamp-2 min-w-0 text-lg leading-snug ${faded ? 'text-muted' : ''}`}>{title}</h2>
      <p className={`text-right text-2xl figures sm:order-1 ${faded ? 'text-muted' : ''}`}>{figure}</p>
      <div>{badge}</div>
      <div className="min-h-6 text-right sm:order-2">{action}</div>
    </li>
  );
}

export function RowSkeletons({ label }: { label: string }) {
  return (
    <div aria-busy="true">
      <p className="sr-only">{label}</p>
      <Rows label={label}>
        {[0, 1, 2].map((place) => (
          <Row
            key={place}
            title={<Skeleton className="h-5 w-3/5" />}
            badge={<Skeleton className="h-6 w-20" />}
            figure={<Skeleton className="ml-auto h-6 w-16" />}
          />
        ))}
      </Rows>
    </div>
  );
}
