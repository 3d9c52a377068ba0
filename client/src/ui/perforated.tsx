// A piece of card in two parts that tear apart: the body, and a stub at its end.

import type { ReactNode } from 'react';

/** Where the stub is: at the right; at the bottom on narrow screens; at the bottom on wide ones, where it is in a column. */
type Direction = 'across' | 'auto' | 'column';

const DIRECTIONS: Record<Direction, { whole: string; body: string; stub: string }> = {
  across: {
    whole: 'grid-cols-[1fr_auto]',
    body: 'cut-right rounded-l-2xl',
    stub: 'cut-left rounded-r-2xl border-l-2',
  },
  auto: {
    whole: 'sm:grid-cols-[1fr_auto]',
    body: 'cut-bottom rounded-t-2xl sm:cut-right sm:rounded-l-2xl sm:rounded-tr-none',
    stub: 'cut-top rounded-b-2xl border-t-2 sm:cut-left sm:rounded-r-2xl sm:rounded-bl-none sm:border-t-0 sm:border-l-2',
  },
  column: {
    whole: 'grid-cols-[1fr_auto] lg:grid-cols-1',
    body: 'cut-right rounded-l-2xl lg:cut-bottom lg:rounded-t-2xl lg:rounded-bl-none',
    stub: 'cut-left rounded-r-2xl border-l-2 lg:cut-top lg:rounded-b-2xl lg:rounded-tr-none lg:border-t-2 lg:border-l-0',
  },
};

interface PerforatedProps {
  children: ReactNode;
  stub: ReactNode;
  direction?: Direction;
  /** The stub without colour: what it stood for is over. */
  faded?: boolean;
  bodyClass?: string;
  stubClass?: string;
}

export function Perforated({
  children,
  stub,
  direction = 'across',
  faded,
  bodyClass,
  stubClass,
}: PerforatedProps) {
  const look = DIRECTIONS[direction];
  const colours = faded ? 'border-edge bg-raised text-muted' : 'border-card bg-accent text-on-accent';
  return (
    <div className={`grid h-full drop-shadow-(--drop) ${look.whole}`}>
      <div className={`min-w-0 bg-card cut ${look.body} ${bodyClass ?? ''}`}>{children}</div>
      <div className={`border-dashed cut ${colours} ${look.stub} ${stubClass ?? ''}`}>{stub}</div>
    </div>
  );
}
