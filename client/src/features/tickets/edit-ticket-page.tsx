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
    <Page title="Change your ticket" width="list">
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
  if (ticket.status !== 'available') {
    return (
      <>
        <Notice title={ticket.status === 'held' ? 'A buyer holds this ticket' : 'This ticket is sold'}>
          {ticket.status === 'held'
            ? `It cannot be changed until they have paid or let go of it, by ${moment(ticket.heldUntil)} at the latest.`
            : 'It cannot be changed any more.'}
        </Notice>
        <ButtonLink to={paths.sell} look="secondary" className="mt-5">
          Your listings
        </ButtonLink>
      </>
    );
  }
  return (
    <OfferForm
      offer={ticket}
      submit="Save"
      busy={offer.isPending && 'Saving …'}
      problem={offer.error}
      onOffer={(entered) => {
        offer.mutate(entered, {
          onSuccess: ({ id }) => void navigate({ to: paths.ticket, params: { id } }),
        });
      }}
    />
  );
}
