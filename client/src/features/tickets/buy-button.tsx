// Takes a ticket: an order holds it for who is signed in. Whoever is not, signs in first and comes back.

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';

import { currentUser, ticketById, useOrderTicket, type Ticket } from '../../api/queries';
import { paths } from '../../paths';
import { Button } from '../../ui/button';
import { Notice } from '../../ui/notice';
import { sentence } from '../../ui/sentence';

interface BuyButtonProps {
  ticket: Ticket;
  /** Why it cannot be bought. The button stays where it was, for it may have the focus. */
  gone?: string;
}

export function BuyButton({ ticket, gone }: BuyButtonProps) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { data: viewer } = useQuery(currentUser);
  const order = useOrderTicket();
  const here = `/tickets/${encodeURIComponent(ticket.id)}`;
  const signIn = () => navigate({ to: paths.signIn, search: { next: here } });

  function buy() {
    if (viewer === null) {
      void signIn();
      return;
    }
    order.begin(ticket.id, {
      onSuccess: ({ id }) => void navigate({ to: paths.order, params: { id } }),
      onError: ({ status }) => {
        if (status === 401) void signIn();
        // What was shown here is not how it is.
        else void queries.invalidateQueries({ queryKey: ticketById(ticket.id).queryKey });
      },
    });
  }

  return (
    <>
      <Button
        look="ink"
        wide
        aria-disabled={gone !== undefined}
        busy={order.isUnderWay && 'Holding it for you …'}
        onClick={buy}
      >
        {gone ?? 'Buy this ticket'}
      </Button>
      {order.error && (
        <Notice tone="bad" title="You did not get this ticket">
          {sentence(order.error.message)}
        </Notice>
      )}
    </>
  );
}
