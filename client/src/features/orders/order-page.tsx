// `/orders/:id`: an order, from the hold to the ticket: pay in time, or give it back.

import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useEffect, useState, type ReactNode } from 'react';

import { orderById, paymentsConfig, type Order } from '../../api/queries';
import { paths } from '../../paths';
import { Announce } from '../../ui/announce';
import { ButtonLink } from '../../ui/button';
import { Empty } from '../../ui/empty';
import { Failure } from '../../ui/failure';
import { money } from '../../ui/money';
import { Page } from '../../ui/page';
import { Panel } from '../../ui/panel';
import { Perforated } from '../../ui/perforated';
import { Skeleton } from '../../ui/skeleton';
import { Waiting } from '../../ui/waiting';
import { CancelButton } from './cancel-button';
import { leftUntil, useCountdown } from './countdown';
import { CountdownClock } from './countdown-clock';
import { EndedOrder, type Ending } from './ended-order';
import { PaidOrder } from './paid-order';
import { stageOf } from './stage';

/** An order is asked for this often while it may change … */
const POLL_MS = 4_000;
/** … and this often while its buyer waits for that. */
const HURRIED_POLL_MS = 1_000;

/** What takes the payment. It comes from another feature. */
export type TakePayment = (props: {
  order: Order;
  isOver: boolean;
  onUnderWay: (isUnderWay: boolean) => void;
}) => ReactNode;

const route = getRouteApi(paths.order);

export function OrderPage({ takePayment }: { takePayment: TakePayment }) {
  const { id } = route.useParams();
  const [isUnderWay, setUnderWay] = useState(false);
  const {
    data: order,
    error,
    refetch,
  } = useQuery({
    ...orderById(id),
    refetchInterval: ({ state: { data } }) => {
      const stage = data && stageOf(data, leftUntil(data.expiresAt));
      if (stage !== 'open' && stage !== 'closing') return false;
      return isUnderWay || stage === 'closing' ? HURRIED_POLL_MS : POLL_MS;
    },
  });
  if (order) {
    return (
      <OrderView
        order={order}
        takePayment={takePayment}
        isUnderWay={isUnderWay}
        onUnderWay={setUnderWay}
        refetch={refetch}
      />
    );
  }
  if (error?.status === 404 || error?.status === 401) {
    return (
      <Page title="No such order" width="text">
        <Empty
          title="This is none of your orders"
          action={
            <ButtonLink to={paths.orders} look="secondary">
              My orders
            </ButtonLink>
          }
        >
          The link may be cut off, or belong to somebody else.
        </Empty>
      </Page>
    );
  }
  return (
    <Page title="Your order">
      {error ? (
        <Failure title="The order could not be loaded" problem={error} retry={() => void refetch()} />
      ) : (
        <div aria-busy="true" className="grid gap-6 lg:grid-cols-[1fr_22rem]">
          <Skeleton className="h-80" />
          <Skeleton className="h-80" />
        </div>
      )}
    </Page>
  );
}

interface OrderViewProps {
  order: Order;
  takePayment: TakePayment;
  isUnderWay: boolean;
  onUnderWay: (isUnderWay: boolean) => void;
  refetch: () => unknown;
}

function OrderView({ order, takePayment, isUnderWay, onUnderWay, refetch }: OrderViewProps) {
  const { left, told } = useCountdown(order.expiresAt);
  const ending = useEnding(order, left);
  const isOver = left <= 0;
  useEffect(() => {
    // How it ended, nobody has asked the services yet.
    if (isOver) void refetch();
  }, [refetch, isOver]);

  return (
    <>
      {/* Here, and not within the clock: it must not be cut short when another page takes the clock's place. */}
      <Announce message={told} />
      {order.status === 'complete' ? (
        <PaidOrder order={order} />
      ) : ending ? (
        <EndedOrder order={order} ending={ending} />
      ) : (
        <Page title="Pay for your ticket">
          <div className="grid items-start gap-6 lg:grid-cols-[1fr_22rem] lg:gap-8">
            <div className="lg:order-last">
              <Summary order={order} clock={<CountdownClock left={left} />} />
            </div>
            <Panel label="Payment">
              {isOver && !isUnderWay ? (
                <Closing />
              ) : (
                <>
                  {takePayment({ order, isOver, onUnderWay })}
                  {!isUnderWay && <CancelButton order={order} />}
                </>
              )}
            </Panel>
          </div>
        </Page>
      )}
    </>
  );
}

/** How an order ended, if it did, as far as this page saw it. It is not told otherwise later, when the time is up too. */
function useEnding(order: Order, left: number): Ending | undefined {
  const [isSeenLive] = useState(order.status !== 'cancelled');
  const [ending, setEnding] = useState<Ending>();
  if (order.status === 'cancelled' && !ending) {
    const stage = stageOf(order, left);
    setEnding(stage === 'over' && isSeenLive ? 'ranOut' : stage === 'over' ? 'over' : 'givenBack');
  }
  return ending;
}

/** What is agreed: it stays so, whatever the seller does. */
function Summary({ order, clock }: { order: Order; clock: ReactNode }) {
  const { data: config } = useQuery(paymentsConfig);
  return (
    <Perforated
      direction="column"
      bodyClass="p-4 sm:p-6"
      stubClass="flex flex-col justify-center p-4 sm:p-6"
      stub={clock}
    >
      <h2 className="line-clamp-4 text-lg leading-tight sm:text-2xl">
        <bdi>{order.ticket.title}</bdi>
      </h2>
      <dl className="mt-3 flex flex-wrap items-baseline justify-between gap-x-4 lg:mt-6">
        <dt className="text-sm text-muted sm:text-base">You pay, in all</dt>
        <dd className="text-3xl figures sm:text-4xl">{money(order.ticket.price, config?.currency)}</dd>
      </dl>
    </Perforated>
  );
}

function Closing() {
  return (
    <Waiting title="Time is up">We are looking whether a payment came in before that. A few seconds.</Waiting>
  );
}
