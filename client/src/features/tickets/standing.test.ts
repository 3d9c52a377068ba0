import { expect, test } from 'vitest';

import type { Order, Ticket } from '../../api/queries';
import { standing } from './standing';

const until = '2026-11-21T04:39:07.120Z';
const base = { id: 't', title: 'Hamlet', price: 20, userId: 'seller', version: 2 };
const onSale: Ticket = { ...base, status: 'available' };
const held: Ticket = { ...base, status: 'held', orderId: 'o', heldUntil: until };
const sold: Ticket = { ...base, status: 'sold', orderId: 'o' };
const ann = { id: 'ann', email: 'ann@example.com' };
const seller = { id: 'seller', email: 's@example.com' };

function order(status: Order['status'], id = 'o'): Order {
  const ticket = { id: 't', title: 'Hamlet', price: 20, version: 1 };
  return { id, status, userId: 'ann', version: 1, expiresAt: '2026-11-21T04:39:07.120Z', ticket };
}

test('a ticket that nobody has can be bought, by somebody not signed in too', () => {
  for (const viewer of [ann, null, undefined]) expect(standing(onSale, viewer)).toEqual({ is: 'onSale' });
});

test('its seller sees how their listing stands', () => {
  expect(standing(onSale, seller)).toEqual({ is: 'own', state: 'available' });
  expect(standing(held, seller)).toEqual({
    is: 'own',
    state: 'held',
    until,
  });
  expect(standing(sold, seller)).toEqual({ is: 'own', state: 'sold' });
});

test('who holds it goes on to pay, and who paid has it', () => {
  for (const status of ['created', 'awaiting:payment'] as const) {
    expect(standing(held, ann, [order(status)])).toEqual({ is: 'held', byMe: order(status) });
  }
  expect(standing(sold, ann, [order('complete')])).toEqual({ is: 'bought', byMe: order('complete') });
  // The ticket has not heard yet that it is paid.
  expect(standing(held, ann, [order('complete')])).toEqual({ is: 'bought', byMe: order('complete') });
});

test('for everybody else it is gone, until then or for good', () => {
  for (const orders of [undefined, [], [order('cancelled')], [order('created', 'another')]]) {
    expect(standing(held, ann, orders)).toEqual({ is: 'held', until });
    expect(standing(sold, ann, orders)).toEqual({ is: 'sold' });
  }
});
