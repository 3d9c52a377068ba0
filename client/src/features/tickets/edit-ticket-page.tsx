// `/tickets/:id/edit`: its owner changes a ticket, unless a buyer holds it.

import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';

import { useTicketChanges } from '../../api/changes';
import { currentUser, ticketById, useOffer, type Ticket } from '../../api/queries';
import { paths } from '../../paths';
import { ButtonLink } from '../../ui/button';
import { Empty } from '../../ui/empty';
import { Failure } from '../../ui/failure';
import { Notice } from '../../ui/notice';
import { Page } from '../../ui/page';
import { Skeleton } from '../../ui/skeleton';
import { moment } from '../../ui/time';
import { OfferForm } from './offer-form';

const route = getRouteApi(paths.editTicket);

export function EditTicketPage() {
  const { id } = route.useParams();
  const poll = useTicketChanges();
  const { data: viewer } = useQuery(currentUser);
  const { data: ticket, error, refetch } = useQuery({ ...ticketById(id), refetchInterval: poll });
  return (
    <Page title="Change your ticket">
      {ticket ? (
        <Edit ticket={ticket} isOwn={ticket.userId === viewer?.id} />
      ) : error ? (
        <Failure title="The ticket could not be loaded" problem={error} retry={() => void refetch()} />
      ) : (
        <Skeleton className="h-64" />
      )}
    </Page>
  );
}

function Edit({ ticket, isOwn }: { ticket: Ticket; isOwn: boolean }) {
  const navigate = useNavigate();
  const offer = useOffer(ticket.id);
  if (!isOwn) {
    return (
      <Empty
        title="This ticket is somebody else’s"
        action={
          <ButtonLink to={paths.ticket} params={{ id: ticket.id }} look="secondary">
            Look at it
          </ButtonLink>
        }
      >
        Only who listed a ticket can change it.
      </Empty>
    );
  }
  if (ticket.status === 'sold') {
    return (
      <Empty
        title={<bdi>{ticket.title}</bdi>}
        action={
          <ButtonLink to={paths.sell} look="secondary">
            Your listings
          </ButtonLink>
        }
      >
        This ticket is sold. It cannot be changed any more.
      </Empty>
    );
  }
  return (
    <OfferForm
      offer={ticket}
      locked={
        ticket.status === 'held' && (
          <Notice title="A buyer holds this ticket">
            {`It cannot be changed until they have paid or let go of it, by ${moment(ticket.heldUntil)} at the latest.`}
          </Notice>
        )
      }
      submit="Save"
      busy={offer.isUnderWay && 'Saving …'}
      problem={offer.error}
      onOffer={(entered) => {
        offer.begin(entered, {
          onSuccess: ({ id }) => void navigate({ to: paths.ticket, params: { id } }),
        });
      }}
    />
  );
}
