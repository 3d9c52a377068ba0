// `/orders`: everything that who is signed in has ordered, and how it stands.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { rowsOf } from '../../api/pages';
import { orders, paymentsConfig, type Order } from '../../api/queries';
import { paths } from '../../paths';
import { Badge } from '../../ui/badge';
import { Button, ButtonLink } from '../../ui/button';
import { Empty } from '../../ui/empty';
import { Failure } from '../../ui/failure';
import { money } from '../../ui/money';
import { Page } from '../../ui/page';
import { Row, Rows, RowSkeletons } from '../../ui/rows';
import { moment } from '../../ui/time';
import { leftUntil } from './countdown';
import { stageOf } from './stage';

/** While an order waits to be paid it may change by itself. */
const POLL_MS = 5_000;

export function OrdersPage() {
  const { data: config } = useQuery(paymentsConfig);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    ...orders,
    refetchInterval: ({ state: { data } }) => (rowsOf(data).some(isLive) ? POLL_MS : false),
  });
  const rows = rowsOf(data);
  return (
    <Page title="My orders">
      {!data && error && (
        <Failure title="Your orders could not be loaded" problem={error} retry={() => void refetch()} />
      )}
      {!data && !error && <RowSkeletons label="Loading your orders" />}
      {data && rows.length === 0 && (
        <Empty title="No orders yet" action={<ButtonLink to={paths.browse}>Browse tickets</ButtonLink>}>
          What you buy is kept here, with the code that lets you in.
        </Empty>
      )}
      {rows.length > 0 && (
        <Rows label="My orders">
          {rows.map((order) => (
            <OrderRow key={order.id} order={order} currency={config?.currency} />
          ))}
        </Rows>
      )}
      {hasNextPage && (
        <div className="mt-6 flex justify-center">
          <Button
            look="secondary"
            busy={isFetchingNextPage && 'Loading …'}
            onClick={() => void fetchNextPage()}
          >
            Show older orders
          </Button>
        </div>
      )}
    </Page>
  );
}

const isLive = ({ status }: Order) => status === 'created' || status === 'awaiting:payment';

function OrderRow({ order, currency }: { order: Order; currency: string | undefined }) {
  const stage = stageOf(order, leftUntil(order.expiresAt));
  const action = { open: 'Pay', paid: 'Show', closing: null, givenBack: null, over: null }[stage];
  return (
    <Row
      faded={stage === 'givenBack' || stage === 'over'}
      title={
        <Link to={paths.order} params={{ id: order.id }} className="hover:underline">
          <bdi>{order.ticket.title}</bdi>
        </Link>
      }
      badge={<Standing order={order} />}
      figure={money(order.ticket.price, currency)}
      action={
        action && (
          <ButtonLink
            to={paths.order}
            params={{ id: order.id }}
            look="quiet"
            size="inline"
            aria-label={`${action}: ${order.ticket.title}`}
          >
            {action}
          </ButtonLink>
        )
      }
    />
  );
}

function Standing({ order }: { order: Order }) {
  switch (stageOf(order, leftUntil(order.expiresAt))) {
    case 'paid':
      return <Badge tone="good">Paid</Badge>;
    case 'open':
      return <Badge tone="note">{`To pay by ${moment(order.expiresAt)}`}</Badge>;
    case 'closing':
      return <Badge tone="note">Time is up</Badge>;
    case 'givenBack':
      return <Badge>Given back</Badge>;
    case 'over':
      return <Badge>Ended unpaid</Badge>;
  }
}
