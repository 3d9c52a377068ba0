// `/tickets/:id`: one ticket, who has it, and what one may do about it.

import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';

import { useTicketChanges } from '../../api/changes';
import { Problem } from '../../api/client';
import { currentUser, ordersFor, paymentsConfig, ticketById, type Ticket } from '../../api/queries';
import { paths } from '../../paths';
import { Announce } from '../../ui/announce';
import { ButtonLink } from '../../ui/button';
import { Empty } from '../../ui/empty';
import { Failure } from '../../ui/failure';
import { headline } from '../../ui/headline';
import { money } from '../../ui/money';
import { Heading, Page } from '../../ui/page';
import { Perforated } from '../../ui/perforated';
import { Skeleton } from '../../ui/skeleton';
import { moment } from '../../ui/time';
import { BuyButton } from './buy-button';
import { HowItWorks } from './how-it-works';
import { Serial } from './serial';
import { standing, type Standing } from './standing';

const route = getRouteApi(paths.ticket);

const BODY = 'flex min-h-56 flex-col justify-between gap-8 p-6 sm:p-8';
const STUB = 'flex flex-col justify-center gap-4 p-6 sm:w-72 sm:p-8';

export function TicketPage() {
  const { id } = route.useParams();
  const poll = useTicketChanges();
  const { data: ticket, error, refetch } = useQuery({ ...ticketById(id), refetchInterval: poll });
  if (ticket) return <TicketView ticket={ticket} />;
  if (error instanceof Problem && error.status === 404) {
    return (
      <Page title="No such ticket" width="text">
        <Empty
          title="There is no such ticket"
          action={<ButtonLink to={paths.browse}>Browse tickets</ButtonLink>}
        >
          The link may be old or cut off.
        </Empty>
      </Page>
    );
  }
  if (error) {
    return (
      <Page title="Ticket" width="text">
        <Failure title="The ticket could not be loaded" problem={error} retry={() => void refetch()} />
      </Page>
    );
  }
  return (
    <Page title="Ticket" heading={null} width="text">
      <BackToAll />
      <Perforated
        direction="auto"
        faded
        bodyClass={BODY}
        stubClass={STUB}
        stub={<Skeleton className="h-12 w-32" />}
      >
        <Heading className="text-3xl sm:text-4xl">
          <span className="sr-only">Loading the ticket</span>
          <Skeleton className="h-[1em] w-4/5" />
        </Heading>
        <Skeleton className="h-4 w-24" />
      </Perforated>
    </Page>
  );
}

function TicketView({ ticket }: { ticket: Ticket }) {
  const { data: config } = useQuery(paymentsConfig);
  const { data: viewer } = useQuery(currentUser);
  const isTaken = ticket.status !== 'available';
  const { data: orders } = useQuery({ ...ordersFor(ticket), enabled: Boolean(viewer) && isTaken });
  const stands = standing(ticket, viewer, orders);
  const isGone = stands.is === 'sold' || (stands.is === 'held' && !stands.byMe);
  return (
    <Page title={ticket.title} heading={null} width="text">
      <BackToAll />
      <Perforated
        direction="auto"
        faded={isGone}
        bodyClass={BODY}
        stubClass={STUB}
        stub={
          <>
            <Price>{money(ticket.price, config?.currency)}</Price>
            <Action ticket={ticket} stands={stands} />
          </>
        }
      >
        <Heading className={headline(ticket.title, 'text-3xl sm:text-4xl', 'text-xl sm:text-2xl')}>
          <bdi>{ticket.title}</bdi>
        </Heading>
        <div>
          <p className="mb-4 max-w-prose">{told(stands)}</p>
          <Serial id={ticket.id} />
        </div>
      </Perforated>
      {stands.is === 'onSale' && <HowItWorks />}
      {/* Said when it changes under the eyes of whoever is here; the page itself says it on arrival. */}
      <Announce message={told(stands)} />
    </Page>
  );
}

/** As large as the stub allows. */
function Price({ children: text }: { children: string }) {
  return <p className={`figures ${text.length > 9 ? 'text-4xl' : 'text-5xl'}`}>{text}</p>;
}

function BackToAll() {
  return (
    <p className="mb-5">
      <Link to={paths.browse} className="inline-flex min-h-8 items-center gap-1.5">
        <span aria-hidden="true">←</span>
        <span className="link">All tickets</span>
      </Link>
    </p>
  );
}

/** How it stands, in a sentence. */
function told(stands: Standing): string {
  switch (stands.is) {
    case 'onSale':
      return 'On sale. When you choose it, it is held for you while you pay, at this price.';
    case 'own':
      if (stands.state === 'available') return 'Your listing. It is on sale.';
      if (stands.state === 'sold') return 'Your listing. It is sold.';
      return `Your listing. A buyer holds it until ${moment(stands.until ?? '')}.`;
    case 'bought':
      return 'You bought this ticket.';
    case 'sold':
      return 'This ticket is sold.';
    case 'held':
      if (stands.byMe)
        return `You hold this ticket until ${moment(stands.byMe.expiresAt)}. Pay by then to keep it.`;
      return `Somebody else holds this ticket until ${moment(stands.until)}. If they do not pay, it is on sale again, and this page says so.`;
  }
}

/** What the viewer may do now. */
function Action({ ticket, stands }: { ticket: Ticket; stands: Standing }) {
  switch (stands.is) {
    case 'own':
      return stands.state === 'available' ? (
        <ButtonLink to={paths.editTicket} params={{ id: ticket.id }} look="secondary" wide>
          Change it
        </ButtonLink>
      ) : (
        <ButtonLink to={paths.sell} look="secondary" wide>
          Your listings
        </ButtonLink>
      );
    case 'bought':
      return (
        <ButtonLink to={paths.order} params={{ id: stands.byMe.id }} look="secondary" wide>
          Show my ticket
        </ButtonLink>
      );
    case 'held':
      if (!stands.byMe) return <BuyButton ticket={ticket} gone="On hold" />;
      return (
        <ButtonLink to={paths.order} params={{ id: stands.byMe.id }} look="secondary" wide>
          Go on to pay
        </ButtonLink>
      );
    case 'onSale':
      return <BuyButton ticket={ticket} />;
    case 'sold':
      return <BuyButton ticket={ticket} gone="Sold" />;
  }
}
