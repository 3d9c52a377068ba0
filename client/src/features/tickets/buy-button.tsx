// Takes a ticket: an order holds it for who is signed in. Whoever is not, signs in first and comes back.

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';

import { Problem } from '../../api/client';
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

  async function buy() {
    if (viewer === null) return signIn();
    try {
      const { id } = await order.mutateAsync(ticket.id);
      await navigate({ to: paths.order, params: { id } });
    } catch (problem) {
      if (problem instanceof Problem && problem.status === 401) {
        return signIn();
      }
      // What was shown here is not how it is.
      await queries.invalidateQueries({ queryKey: ticketById(ticket.id).queryKey });
    }
  }

  return (
    <>
      <Button
        look="ink"
        wide
        aria-disabled={gone !== undefined}
        busy={order.isPending && 'Holding it for you …'}
        onClick={() => void buy()}
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
