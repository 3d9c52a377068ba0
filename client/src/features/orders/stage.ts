// How an order stands for its buyer, at a moment. Pure.

import type { Order } from '../../api/queries';

export type Stage =
  /** It can be paid for. */
  | 'open'
  /** Its time is up; whether a payment still made it, only the services know. */
  | 'closing'
  | 'paid'
  /** It ended in time, so that its buyer gave the ticket back. */
  | 'givenBack'
  /** It ended unpaid, given back or run out: afterwards an order does not say which. */
  | 'over';

/** `leftMs`: until its time is up, by the services' clock. */
export function stageOf({ status }: Order, leftMs: number): Stage {
  switch (status) {
    case 'complete':
      return 'paid';
    case 'cancelled':
      return leftMs > 0 ? 'givenBack' : 'over';
    case 'created':
    case 'awaiting:payment':
      return leftMs > 0 ? 'open' : 'closing';
  }
}
