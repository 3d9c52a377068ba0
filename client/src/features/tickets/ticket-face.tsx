// What a ticket looks like among others: what it admits to, and its stub.

import type { ReactNode } from 'react';

import { Perforated } from '../../ui/perforated';
import { Skeleton } from '../../ui/skeleton';

const BODY = 'flex min-h-32 flex-col justify-between gap-4 p-4 pr-5';
const STUB = 'flex w-28 flex-col items-center justify-center px-2 text-center';

interface TicketFaceProps {
  /** A heading, or the mere name where the ticket is only drawn. */
  title: ReactNode;
  foot?: ReactNode;
  stub: ReactNode;
  faded?: boolean;
}

export function TicketFace({ title, foot, stub, faded = false }: TicketFaceProps) {
  return (
    <Perforated faded={faded} bodyClass={BODY} stubClass={STUB} stub={stub}>
      <div className={faded ? 'text-muted' : ''}>{title}</div>
      {foot}
    </Perforated>
  );
}

/** A price as large as a stub allows. */
export function StubPrice({ children: text }: { children: string }) {
  const size = text.length <= 6 ? 'text-3xl' : text.length <= 9 ? 'text-2xl' : 'text-xl';
  return <p className={`figures ${size}`}>{text}</p>;
}

/** Stamped on a ticket that is gone. */
export function Stamp({ children }: { children: string }) {
  return (
    <p className="-rotate-8 rounded-md border-2 border-current px-2 py-1 label-print text-base">{children}</p>
  );
}

export function TicketFaceSkeleton() {
  const title = (
    <>
      <Skeleton className="h-5 w-4/5" />
      <Skeleton className="mt-2 h-5 w-1/2" />
    </>
  );
  return (
    <TicketFace
      faded
      title={title}
      foot={<Skeleton className="h-3.5 w-20" />}
      stub={<Skeleton className="h-7 w-16" />}
    />
  );
}
