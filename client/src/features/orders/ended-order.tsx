// An order that ended without a ticket, and what became of money that came too late.

import { useQuery } from '@tanstack/react-query';

import { paymentsFor, type Order, type Payment } from '../../api/queries';
import { paths } from '../../paths';
import { ButtonLink } from '../../ui/button';
import { Empty } from '../../ui/empty';
import { money } from '../../ui/money';
import { Notice } from '../../ui/notice';
import { Page } from '../../ui/page';

/** A payment that is on its way back changes once more. */
const POLL_MS = 5_000;

/** Given back, run out, or one of them: an order that ended some time ago does not say which. */
export type Ending = 'givenBack' | 'ranOut' | 'over';

const TOLD: Record<Ending, { title: string; text: string }> = {
  givenBack: {
    title: 'You gave it back',
    text: 'The ticket is on sale again, unless somebody has taken it since.',
  },
  ranOut: {
    title: 'Time ran out',
    text: 'The ticket was not paid for in time. It is on sale again, unless somebody has taken it since.',
  },
  over: {
    title: 'This order ended unpaid',
    text: 'It was given back, or not paid for in time. The ticket went on sale again.',
  },
};

export function EndedOrder({ order, ending }: { order: Order; ending: Ending }) {
  const { data: payments = [] } = useQuery({
    ...paymentsFor(order.id),
    refetchInterval: ({ state: { data } }) => (data?.some(isOnItsWayBack) ? POLL_MS : false),
  });
  const { title, text } = TOLD[ending];
  return (
    <Page title={title} width="text">
      {payments.filter(isOnItsWayBack).map((payment) => (
        <Notice key={payment.id} className="mb-5" title="Your payment came too late">
          {`${money(payment.amount, payment.currency)} is on its way back to your card.`}
        </Notice>
      ))}
      {payments.filter(isBack).map((payment) => (
        <Notice key={payment.id} tone="good" className="mb-5" title="Your money is back">
          {`${money(payment.amount, payment.currency)} was returned to your card. Your bank may take some days to show it.`}
        </Notice>
      ))}
      <Empty
        title={<bdi>{order.ticket.title}</bdi>}
        action={
          <div className="flex flex-wrap justify-center gap-3">
            <ButtonLink to={paths.ticket} params={{ id: order.ticket.id }}>
              Look at the ticket
            </ButtonLink>
            <ButtonLink to={paths.browse} look="secondary">
              Browse others
            </ButtonLink>
          </div>
        }
      >
        {text}
      </Empty>
    </Page>
  );
}

const isOnItsWayBack = ({ status }: Payment) => status === 'completed';
const isBack = ({ status }: Payment) => status === 'refunded';
