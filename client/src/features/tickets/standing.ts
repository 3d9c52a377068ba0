// Who has a ticket, from the point of view of whoever looks at it. Pure.

import type { Order, Ticket, User } from '../../api/queries';

export type Standing =
  | { is: 'onSale' }
  /** Listed by the viewer. */
  | { is: 'own'; state: Ticket['status']; until?: string }
  /** The viewer's order has it: to be paid, or paid. */
  | { is: 'held' | 'bought'; byMe: Order }
  | { is: 'held'; byMe?: undefined; until: string }
  | { is: 'sold' };

/** `orders` are the viewer's for this ticket, as far as they are known. */
export function standing(ticket: Ticket, viewer: User | null | undefined, orders: Order[] = []): Standing {
  const until = ticket.status === 'held' ? { until: ticket.heldUntil } : {};
  if (viewer?.id === ticket.userId) return { is: 'own', state: ticket.status, ...until };
  if (ticket.status === 'available') return { is: 'onSale' };
  const mine = orders.find(({ id }) => id === ticket.orderId);
  if (mine?.status === 'complete') return { is: 'bought', byMe: mine };
  if (ticket.status === 'sold') return { is: 'sold' };
  return mine && mine.status !== 'cancelled'
    ? { is: 'held', byMe: mine }
    : { is: 'held', until: ticket.heldUntil };
}
