// `/tickets/new`: lists a ticket for sale.

import { useNavigate } from '@tanstack/react-router';

import { useOffer } from '../../api/queries';
import { paths } from '../../paths';
import { Page } from '../../ui/page';
import { OfferForm } from './offer-form';

export function NewTicketPage() {
  const navigate = useNavigate();
  const offer = useOffer();
  return (
    <Page title="Sell a ticket" lead="It is on sale the moment you list it.">
      <OfferForm
        submit="List it for sale"
        busy={offer.isUnderWay && 'Listing it …'}
        problem={offer.error}
        onOffer={(entered) => {
          offer.begin(entered, {
            onSuccess: ({ id }) => void navigate({ to: paths.ticket, params: { id } }),
          });
        }}
      />
    </Page>
  );
}
