// An order that ended without a ticket, and what became of money that came too late.

import { useQuery } from '@tanstack/react-query';

import { orderById, paymentsFor, type Order, type Payment } from '../../api/queries';
import { paths } from '../../paths';
import { ButtonLink } from '../../ui/button';
import { Empty } from '../../ui/empty';
import { money } from '../../ui/money';
import { Notice } from '../../ui/notice';
import { Page } from '../../ui/page';

/** A payment that is undecided, or on its way back, changes once more. */
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
    refetchInterval: ({ state: { data } }) => (data?.some(isUnsettled) ? POLL_MS : false),
  });
  // If a payment comes after all and the ticket is still free, the order has it again.
  useQuery({ ...orderById(order.id), refetchInterval: payments.some(isUnsettled) ? POLL_MS : false });
  // What was given back is not waited for: such a payment is about to be closed.
  const undecided = ending === 'givenBack' ? [] : payments.filter(isUndecided);
  const { title, text } = TOLD[ending];
  return (
    <Page title={title} width="text">
      {undecided.map((payment) => (
        <Notice key={payment.id} className="mb-5" title="Your bank has not answered yet">
          If it takes the payment after all, the ticket is yours unless somebody else has it by then. In that
          case your money comes back by itself.
        </Notice>
      ))}
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

const isUndecided = ({ status }: Payment) => status === 'created';
const isOnItsWayBack = ({ status }: Payment) => status === 'completed';
const isUnsettled = (payment: Payment) => isUndecided(payment) || isOnItsWayBack(payment);
const isBack = ({ status }: Payment) => status === 'refunded';
