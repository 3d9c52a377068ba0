import type { PaymentIntentResult, StripeError } from '@stripe/stripe-js';
import { describe, expect, test, vi } from 'vitest';

import { Problem } from '../../api/client';
import type { Order, PaymentIntent } from '../../api/queries';
import { hasFailed, pay, type Outcome } from './attempt';

const intent: PaymentIntent = { id: 'p', clientSecret: 'pi_1_secret_2', amount: 20, currency: 'usd' };

interface Answers {
  submit?: { error?: StripeError };
  open?: () => Promise<PaymentIntent>;
  confirm?: unknown;
}

/** Pays, with a provider that answers so. */
async function attempt({ submit = {}, open = () => Promise.resolve(intent), confirm = {} }: Answers) {
  const confirmPayment = vi.fn(() => Promise.resolve(confirm as PaymentIntentResult));
  const outcome = await pay({
    stripe: { confirmPayment } as unknown as Parameters<typeof pay>[0]['stripe'],
    elements: { submit: () => Promise.resolve(submit) },
    open,
    returnUrl: 'https://ticketing.example/orders/o',
  });
  return { outcome, confirmPayment };
}

const refuses = (status: number, message: string) => () => Promise.reject(new Problem(status, [{ message }]));
const error = (type: StripeError['type'], message?: string): StripeError => ({
  type,
  ...(message && { message }),
});

describe('an attempt to pay', () => {
  test('is under way once the provider took it, and the buyer stays on the page', async () => {
    const { outcome, confirmPayment } = await attempt({});
    expect(outcome).toEqual({ is: 'underWay' });
    expect(confirmPayment).toHaveBeenCalledWith(
      expect.objectContaining({
        clientSecret: 'pi_1_secret_2',
        redirect: 'if_required',
        confirmParams: { return_url: 'https://ticketing.example/orders/o' },
      }),
    );
  });

  test('opens no payment while the form is not filled in', async () => {
    const open = vi.fn(() => Promise.resolve(intent));
    const { outcome } = await attempt({ submit: { error: error('validation_error') }, open });
    expect(outcome).toEqual({ is: 'unfit' });
    expect(open).not.toHaveBeenCalled();
  });

  test.each<[string, Outcome, Answers]>([
    [
      'a declined card',
      { is: 'refused', reason: 'Your card was declined.' },
      { confirm: { error: error('card_error', 'Your card was declined.') } },
    ],
    [
      'a wrong number',
      { is: 'unfit' },
      { confirm: { error: error('validation_error', 'Your card number is invalid.') } },
    ],
    [
      'a provider that nobody reaches',
      { is: 'refused', reason: 'No connection.' },
      { submit: { error: error('api_connection_error', 'No connection.') } },
    ],
    [
      'a cancelled order',
      { is: 'refused', reason: 'Cannot pay for a cancelled order.' },
      { open: refuses(400, 'Cannot pay for a cancelled order') },
    ],
    ['an order paid before', { is: 'underWay' }, { open: refuses(400, 'This order is already paid') }],
    [
      'a payment nobody is sure of',
      { is: 'underWay' },
      { open: refuses(503, 'Your payment is still being confirmed. Nothing is lost') },
    ],
    [
      'a press whose answer was lost',
      { is: 'underWay' },
      {
        confirm: {
          error: { ...error('invalid_request_error', 'Paid.'), payment_intent: { status: 'succeeded' } },
        },
      },
    ],
    [
      'a fault of ours',
      { is: 'refused', reason: 'Something went wrong. Please try again.' },
      { open: () => Promise.reject(new TypeError('x')) },
    ],
  ])('with %s', async (_what, expected, answers) => {
    expect((await attempt(answers)).outcome).toEqual(expected);
  });
});

describe('a payment under way has failed', () => {
  const order = (status: Order['status'], version: number) => ({ status, version }) as Order;

  test('when the order is open again', () => {
    expect(hasFailed(order('created', 1), order('created', 3))).toBe(true);
    expect(hasFailed(order('awaiting:payment', 2), order('created', 3))).toBe(true);
  });

  test('and not before: the order may hear late that it began', () => {
    expect(hasFailed(order('created', 1), order('created', 1))).toBe(false);
    expect(hasFailed(order('created', 1), order('awaiting:payment', 2))).toBe(false);
    expect(hasFailed(order('created', 1), order('complete', 3))).toBe(false);
    expect(hasFailed(order('created', 3), order('awaiting:payment', 4))).toBe(false);
  });
});
