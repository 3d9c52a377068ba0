// `/sell`: the tickets that who is signed in has listed, whatever became of them.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { useTicketChanges } from '../../api/changes';
import { rowsOf } from '../../api/pages';
import { paymentsConfig, ticketsOfMine, type Ticket } from '../../api/queries';
import { paths } from '../../paths';
import { Badge } from '../../ui/badge';
import { Button, ButtonLink } from '../../ui/button';
import { Empty } from '../../ui/empty';
import { Failure } from '../../ui/failure';
import { money } from '../../ui/money';
import { Page } from '../../ui/page';
import { Row, Rows, RowSkeletons } from '../../ui/rows';
import { moment } from '../../ui/time';

export function SellPage() {
  const poll = useTicketChanges();
  const { data: config } = useQuery(paymentsConfig);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    ...ticketsOfMine,
    refetchInterval: poll,
  });
  const tickets = rowsOf(data);
  const sell = <ButtonLink to={paths.newTicket}>Sell a ticket</ButtonLink>;
  return (
    <Page title="Your listings" actions={tickets.length > 0 && sell}>
      {!data && error && (
        <Failure title="Your listings could not be loaded" problem={error} retry={() => void refetch()} />
      )}
      {!data && !error && <RowSkeletons label="Loading your listings" />}
      {data && tickets.length === 0 && (
        <Empty title="You have listed nothing yet" action={sell}>
          Can’t go? List your ticket, and somebody else will. Buyers see it at once.
        </Empty>
      )}
      {tickets.length > 0 && (
        <Rows label="Your listings">
          {tickets.map((ticket) => (
            <Listing key={ticket.id} ticket={ticket} currency={config?.currency} />
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
            Show older listings
          </Button>
        </div>
      )}
    </Page>
  );
}

function Listing({ ticket, currency }: { ticket: Ticket; currency: string | undefined }) {
  return (
    <Row
      title={
        <Link to={paths.ticket} params={{ id: ticket.id }} className="hover:underline">
          <bdi>{ticket.title}</bdi>
        </Link>
      }
      badge={<State ticket={ticket} />}
      figure={money(ticket.price, currency)}
      action={
        ticket.status === 'available' && (
          <ButtonLink
            to={paths.editTicket}
            params={{ id: ticket.id }}
            look="quiet"
            size="inline"
            aria-label={`Change ${ticket.title}`}
          >
            Change
          </ButtonLink>
        )
      }
    />
  );
}

function State({ ticket }: { ticket: Ticket }) {
  switch (ticket.status) {
    case 'available':
      return <Badge>On sale</Badge>;
    case 'held':
      return <Badge tone="note">{`Held until ${moment(ticket.heldUntil)}`}</Badge>;
    case 'sold':
      return <Badge tone="good">Sold</Badge>;
  }
}
