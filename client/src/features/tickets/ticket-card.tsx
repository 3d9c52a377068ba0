// A ticket in a list: the way to its page.

import { Link } from '@tanstack/react-router';

import type { Ticket } from '../../api/queries';
import { paths } from '../../paths';
import { money } from '../../ui/money';
import { Serial } from './serial';
import { Stamp, StubPrice, TicketFace } from './ticket-face';

const STAMPS = { held: 'Taken', sold: 'Sold' };

export function TicketCard({ ticket, currency }: { ticket: Ticket; currency: string | undefined }) {
  const { id, status, title, price } = ticket;
  const isGone = status !== 'available';
  return (
    <article className="relative h-full rounded-2xl transition-transform has-[a:focus-visible]:outline-3 has-[a:focus-visible]:outline-offset-3 has-[a:focus-visible]:outline-[var(--focus)] has-[a:hover]:-translate-y-0.5">
      <TicketFace
        faded={isGone}
        title={
          <h2 className="line-clamp-3 text-xl">
            {/* The whole card is the link's to click. */}
            <Link
              to={paths.ticket}
              params={{ id }}
              className="outline-none after:absolute after:inset-0 after:z-1"
            >
              <bdi>{title}</bdi>
            </Link>
          </h2>
        }
        foot={<Serial id={id} />}
        stub={isGone ? <Stamp>{STAMPS[status]}</Stamp> : <StubPrice>{money(price, currency)}</StubPrice>}
      />
    </article>
  );
}
