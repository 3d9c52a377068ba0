// What stands where something was that is being decided elsewhere. It takes the focus, for what had it is gone.

import { useEffect, useRef, type ReactNode } from 'react';

import { Spinner } from './button';

export function Waiting({ title, children }: { title: string; children: ReactNode }) {
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => panel.current?.focus(), []);
  return (
    <div ref={panel} tabIndex={-1} role="status" className="flex flex-col items-center py-16 text-center">
      <Spinner />
      <h2 className="mt-4 text-2xl">{title}</h2>
      <p className="mt-2 max-w-prose text-muted">{children}</p>
    </div>
  );
}
