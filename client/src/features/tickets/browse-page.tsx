// `/`: the tickets on sale. What is taken while one looks says so where it stands; what is listed meanwhile is offered.

import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useCallback, useState } from 'react';

import { useTicketChanges } from '../../api/changes';
import { rowsOf } from '../../api/pages';
import { paymentsConfig, ticketsOnSale, type Filter, type Ticket } from '../../api/queries';
import { browseFilter, paths } from '../../paths';
import { Announce } from '../../ui/announce';
import { Button, ButtonLink } from '../../ui/button';
import { Empty } from '../../ui/empty';
import { Failure } from '../../ui/failure';
import { currencySign } from '../../ui/money';
import { Page } from '../../ui/page';
import { BrowseFilters } from './browse-filters';
import { afterChange, NOTHING_FRESH } from './fresh';
import { TicketCard } from './ticket-card';
import { TicketFaceSkeleton } from './ticket-face';
import { TicketGrid } from './ticket-grid';
import { sentence } from '../../ui/sentence';

const route = getRouteApi(paths.browse);

export function BrowsePage() {
  const search = route.useSearch();
  const { data: config } = useQuery(paymentsConfig);
  return (
    <Page
      title="Tickets on sale"
      heading="Someone can’t go. You can."
      lead="Tickets from people whose plans changed. Take one and it is held for you while you pay, at the price on its stub."
    >
      <BrowseFilters search={search} sign={currencySign(config?.currency)} />
      {/* A new search begins with nothing fresh. */}
      <TicketsOnSale key={JSON.stringify(search)} filter={browseFilter(search)} currency={config?.currency} />
    </Page>
  );
}

function TicketsOnSale({ filter, currency }: { filter: Filter; currency: string | undefined }) {
  const { offered, showFresh, poll } = useFresh(filter);
  const { data, error, isFetchingNextPage, isPending, hasNextPage, fetchNextPage, refetch } =
    useInfiniteQuery({
      ...ticketsOnSale(filter),
      refetchInterval: poll,
    });
  if (isPending) {
    return (
      <TicketGrid label="Loading tickets" busy>
        {Array.from({ length: 6 }, (_, place) => (
          <TicketFaceSkeleton key={place} />
        ))}
      </TicketGrid>
    );
  }
  // What is shown already stays, whatever a later request came to.
  if (!data)
    return <Failure title="The tickets could not be loaded" problem={error} retry={() => void refetch()} />;

  const tickets = rowsOf(data);
  const listed = new Set(tickets.map(({ id }) => id));
  const more = offered.filter(({ id }) => !listed.has(id)).length;
  const gone = tickets.filter(({ status }) => status !== 'available').length;
  return (
    <>
      {more > 0 && (
        <div className="sticky top-3 z-1 mb-4 flex justify-center">
          <Button onClick={showFresh} className="shadow-(--shadow)">
            {more === 1 ? '1 more ticket: show it' : `${more} more tickets: show them`}
          </Button>
        </div>
      )}
      <Announce
        message={[
          gone > 0 && (gone === 1 ? 'A ticket shown here is gone.' : `${gone} tickets shown here are gone.`),
          more > 0 && 'There are more tickets to show.',
          data.pages.length > 1 && `${tickets.length} tickets are shown.`,
        ]
          .filter(Boolean)
          .join(' ')}
      />
      {tickets.length === 0 ? (
        <NoTickets filter={filter} />
      ) : (
        <TicketGrid label="Tickets">
          {tickets.map((ticket) => (
            <TicketCard key={ticket.id} ticket={ticket} currency={currency} />
          ))}
        </TicketGrid>
      )}
      {hasNextPage && (
        <div className="mt-8 flex flex-col items-center gap-3">
          {error && <p className="text-bad">{sentence(error.message)}</p>}
          <Button
            look="secondary"
            busy={isFetchingNextPage && 'Loading …'}
            onClick={() => void fetchNextPage()}
          >
            Show more tickets
          </Button>
        </div>
      )}
    </>
  );
}

/** Tickets that could be shown and are not: some of them may be in the list by now. */
function useFresh(filter: Filter) {
  const queries = useQueryClient();
  const [fresh, setFresh] = useState(NOTHING_FRESH);
  // The component is made anew for each filter.
  const [query] = useState(() => ticketsOnSale(filter));
  const changed = useCallback(
    (ticket: Ticket) => {
      const isWhole = queries.getQueryData(query.queryKey)?.pages.at(-1)?.next === null;
      setFresh((fresh) => afterChange(fresh, ticket, query.queryKey[2], isWhole));
    },
    [queries, query],
  );
  const poll = useTicketChanges(changed);
  const showFresh = () => {
    setFresh(NOTHING_FRESH);
    void queries.invalidateQueries({ queryKey: query.queryKey });
  };
  return { offered: [...fresh.values()], showFresh, poll };
}

function NoTickets({ filter }: { filter: Filter }) {
  if (Object.keys(filter).some((part) => part !== 'sort')) {
    return (
      <Empty
        title="No ticket is like that"
        action={
          <ButtonLink to={paths.browse} look="secondary">
            Show all tickets
          </ButtonLink>
        }
      >
        Try fewer words, or another price.
      </Empty>
    );
  }
  return (
    <Empty
      title="Nothing on sale right now"
      action={<ButtonLink to={paths.newTicket}>Sell a ticket</ButtonLink>}
    >
      New tickets appear here the moment somebody lists them.
    </Empty>
  );
}
