// Takes a payment for an order: the card form, the attempt, what came of it.

import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState, type RefObject } from 'react';

import { openIntent, paymentsConfig, paymentsFor, type Order } from '../../api/queries';
import { Button } from '../../ui/button';
import { Failure } from '../../ui/failure';
import { money } from '../../ui/money';
import { Notice } from '../../ui/notice';
import { Skeleton } from '../../ui/skeleton';
import { Waiting } from '../../ui/waiting';
import { hasFailed, pay } from './attempt';
import { useCardForm, type CardForm } from './use-card-form';

interface PaymentFormProps {
  order: Order;
  /** What the provider says of a payment for which the buyer left this page, to their bank, and came back. */
  returned: string | undefined;
  /** The order's time is up: no payment may begin. */
  isOver: boolean;
  /** Told whether a payment is under way. */
  onUnderWay: (isUnderWay: boolean) => void;
}

type Attempt =
  | { is: 'ready'; refusal?: string }
  /** The provider is asked. */
  | { is: 'paying' }
  /** It is for the order to say how it ends. */
  | { is: 'underWay'; begun: Order; isReturned?: boolean };

const NOTHING_CHARGED =
  'The payment did not go through, and nothing was charged. Try again, or take another card.';

export function PaymentForm({ order, returned, isOver, onUnderWay }: PaymentFormProps) {
  const place = useRef<HTMLDivElement>(null);
  const form = useCardForm(place, order.ticket.price);
  const { data: config } = useQuery(paymentsConfig);
  const [attempt, setAttempt] = useState(() => first(order, returned));
  if (attempt.is === 'underWay' && hasFailed(attempt.begun, order)) {
    setAttempt({ is: 'ready', refusal: NOTHING_CHARGED });
  }
  // An address with a bank's answer in it may be old, or made up: without any payment there is none to wait for.
  const { data: payments } = useQuery({ ...paymentsFor(order.id), enabled: Boolean(returned) });
  if (attempt.is === 'underWay' && attempt.isReturned && payments?.length === 0) setAttempt({ is: 'ready' });
  const isUnderWay = attempt.is !== 'ready';
  useEffect(() => {
    onUnderWay(isUnderWay);
  }, [isUnderWay, onUnderWay]);

  async function begin() {
    if (form.is !== 'ready' || isUnderWay || isOver) return;
    setAttempt({ is: 'paying' });
    const { origin, pathname } = window.location;
    const outcome = await pay({ ...form, open: () => openIntent(order.id), returnUrl: origin + pathname });
    if (outcome.is === 'underWay') setAttempt({ is: 'underWay', begun: order });
    else setAttempt({ is: 'ready', ...(outcome.is === 'refused' && { refusal: outcome.reason }) });
  }

  return (
    <>
      {attempt.is === 'underWay' && <UnderWay />}
      <form
        hidden={attempt.is === 'underWay'}
        onSubmit={(event) => {
          event.preventDefault();
          void begin();
        }}
      >
        {attempt.is === 'ready' && attempt.refusal && (
          <Notice tone="bad" title="You have not paid yet" className="mb-5">
            {attempt.refusal}
          </Notice>
        )}
        <h2 className="mb-4 text-2xl">Your card</h2>
        <Card form={form} place={place} />
        <Button
          type="submit"
          wide
          className="mt-5 text-lg"
          busy={attempt.is === 'paying' && 'Paying …'}
          aria-disabled={form.is !== 'ready' || isOver}
        >
          Pay {money(order.ticket.price, config?.currency)}
        </Button>
        <p className="mt-3 text-center text-sm text-muted">
          Your card’s number goes to the payment provider alone. We never see it.
        </p>
      </form>
    </>
  );
}

/** How an attempt stands when the page opens. */
function first(order: Order, returned: string | undefined): Attempt {
  if (returned === 'failed') return { is: 'ready', refusal: NOTHING_CHARGED };
  return returned ? { is: 'underWay', begun: order, isReturned: true } : { is: 'ready' };
}

function Card({ form, place }: { form: CardForm; place: RefObject<HTMLDivElement | null> }) {
  return (
    <>
      {form.is === 'failed' && (
        <Failure title="There is no card form" problem={form.problem} retry={form.retry} />
      )}
      <div className={`relative ${form.is === 'failed' ? 'hidden' : 'min-h-56'}`}>
        <div ref={place} />
        {form.is === 'loading' && (
          <div className="absolute inset-0 flex flex-col gap-5 bg-card" aria-busy="true">
            <p className="sr-only">Loading the card form</p>
            <Skeleton className="h-16" />
            <Skeleton className="h-16" />
            <Skeleton className="h-16" />
          </div>
        )}
      </div>
    </>
  );
}

/** How long a payment usually takes until the order knows of it, with room for a slow bank. */
const USUAL_MS = 20_000;

function UnderWay() {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => {
      setLong(true);
    }, USUAL_MS);
    return () => {
      clearTimeout(timer);
    };
  }, []);
  return (
    <Waiting title="Your payment is being confirmed">
      {isLong
        ? 'This takes longer than usual. You need not wait here: the order shows how it ends. Please do not pay again.'
        : 'A few seconds. Please stay on this page.'}
    </Waiting>
  );
}
