// An attempt to pay, from the press of the button to what came of it. Pure but for the calls it is given.

import type { Stripe, StripeElements, StripeError } from '@stripe/stripe-js';

import { Problem } from '../../api/client';
import type { Order, PaymentIntent } from '../../api/queries';
import { sentence } from '../../ui/sentence';

/** What came of it. */
export type Outcome =
  /** Something in the form is missing or wrong, and the form says what. */
  | { is: 'unfit' }
  /** The card was refused, or nobody could be asked: nothing was charged, another try is welcome. */
  | { is: 'refused'; reason: string }
  /** It is paid, or may be: the order will say. */
  | { is: 'underWay' };

interface Pay {
  stripe: Pick<Stripe, 'confirmPayment'>;
  elements: Pick<StripeElements, 'submit'>;
  /** Opens the payment at our own service. */
  open: () => Promise<PaymentIntent>;
  /** Where the buyer's bank sends them back to, if it takes them elsewhere. */
  returnUrl: string;
}

export async function pay({ stripe, elements, open, returnUrl }: Pay): Promise<Outcome> {
  const { error: unfit } = await elements.submit();
  if (unfit) return unfit.type === 'validation_error' ? { is: 'unfit' } : refused(unfit);
  let intent;
  try {
    intent = await open();
  } catch (problem) {
    return unopened(problem);
  }
  const { error } = await stripe.confirmPayment({
    // `as`: the provider's script gave it; only what is used of it is asked for above, for the tests.
    elements: elements as StripeElements,
    clientSecret: intent.clientSecret,
    confirmParams: { return_url: returnUrl },
    redirect: 'if_required',
  });
  if (!error) return { is: 'underWay' };
  if (error.type === 'validation_error') return { is: 'unfit' };
  // Paid before, by another window or a press whose answer was lost.
  if (error.payment_intent?.status === 'succeeded' || error.payment_intent?.status === 'processing')
    return { is: 'underWay' };
  return refused(error);
}

function refused({ message }: StripeError): Outcome {
  return { is: 'refused', reason: message ?? 'Your card was not accepted. Please try another one.' };
}

function unopened(problem: unknown): Outcome {
  if (!(problem instanceof Problem))
    return { is: 'refused', reason: 'Something went wrong. Please try again.' };
  // These say that a payment of this order is under way or done.
  const isPaid = problem.status === 400 && problem.message.includes('already paid');
  const isUnsure = problem.status === 503 && problem.message.includes('still being confirmed');
  return isPaid || isUnsure ? { is: 'underWay' } : { is: 'refused', reason: sentence(problem.message) };
}

/**
 * Whether the payment that was begun when the order stood as `begun` has ended without money: an order is open again
 * then. It may take a while until the order even shows that the payment began.
 */
export function hasFailed(begun: Order, now: Order): boolean {
  const began = begun.status === 'created' ? begun.version + 1 : begun.version;
  return now.status === 'created' && now.version > began;
}
