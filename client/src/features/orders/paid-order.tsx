// A paid order: the ticket, to be printed or shown on a phone.

import { useQuery } from '@tanstack/react-query';

import { currentUser, paymentsConfig, type Order } from '../../api/queries';
import { paths } from '../../paths';
import { Button, ButtonLink } from '../../ui/button';
import { headline } from '../../ui/headline';
import { money } from '../../ui/money';
import { Page } from '../../ui/page';
import { Perforated } from '../../ui/perforated';
import { QrCode } from './qr-code';

export function PaidOrder({ order }: { order: Order }) {
  const { data: config } = useQuery(paymentsConfig);
  const { data: viewer } = useQuery(currentUser);
  return (
    <Page
      title="Your ticket"
      heading="It’s yours."
      lead="Paid. Show the code at the door, on paper or on your phone."
      width="text"
    >
      <Perforated
        direction="auto"
        bodyClass="flex flex-col justify-between gap-8 p-6 sm:p-8"
        stubClass="flex flex-col items-center justify-center p-6"
        stub={<QrCode text={window.location.origin + window.location.pathname} label="Code of this order" />}
      >
        <div>
          <p className="label-print text-muted">Admits one</p>
          <h2 className={`mt-2 ${headline(order.ticket.title, 'text-3xl', 'text-xl')}`}>
            <bdi>{order.ticket.title}</bdi>
          </h2>
        </div>
        <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2">
          {viewer && (
            <>
              <dt className="text-muted">Buyer</dt>
              <dd className="font-semibold break-all">{viewer.email}</dd>
            </>
          )}
          <dt className="text-muted">Paid</dt>
          <dd className="font-semibold">{money(order.ticket.price, config?.currency)}</dd>
          <dt className="text-muted">Order</dt>
          <dd className="font-semibold break-all">{order.id}</dd>
        </dl>
      </Perforated>
      <div className="mt-8 flex flex-wrap gap-3 print:hidden">
        <Button
          onClick={() => {
            window.print();
          }}
        >
          Print it
        </Button>
        <ButtonLink to={paths.orders} look="secondary">
          My orders
        </ButtonLink>
      </div>
    </Page>
  );
}
