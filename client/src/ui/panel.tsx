// A sheet of its own for something that has to be filled in.

import type { ReactNode } from 'react';

export function Panel({ label, children }: { label: string; children: ReactNode }) {
  return (
    <section aria-label={label} className="rounded-2xl bg-card p-5 shadow-(--shadow) sm:p-8">
      {children}
    </section>
  );
}
