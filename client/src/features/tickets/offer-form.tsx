// What a seller enters: for a new ticket, or for one that nobody holds yet. Beside it, what buyers will see.

import { useQuery } from '@tanstack/react-query';
import { useRef, useState, type ReactNode } from 'react';

import type { Problem } from '../../api/client';
import { paymentsConfig, type Offer } from '../../api/queries';
import { Button } from '../../ui/button';
import { Field, focusFirstError } from '../../ui/field';
import { amount, amountFault, currencySign, money } from '../../ui/money';
import { Notice } from '../../ui/notice';
import { Panel } from '../../ui/panel';
import { StubPrice, TicketFace } from './ticket-face';
import { sentence } from '../../ui/sentence';

/** What the tickets service allows. */
const TITLE_LENGTH_MAX = 200;

interface OfferFormProps {
  offer?: Offer;
  /** Why nothing can be changed now. What was entered stays, for when it can. */
  locked?: ReactNode;
  submit: string;
  busy: string | false;
  problem: Problem | null;
  onOffer: (offer: Offer) => void;
}

export function OfferForm({ offer, locked, submit, busy, problem, onOffer }: OfferFormProps) {
  const { data: config } = useQuery(paymentsConfig);
  const form = useRef<HTMLFormElement>(null);
  const [title, setTitle] = useState(offer?.title ?? '');
  const [price, setPrice] = useState(offer?.price.toFixed(2) ?? '');
  const [errors, setErrors] = useState<{ title?: string; price?: string }>({});

  function send() {
    const entered = { title: title.trim(), price: amount(price) };
    const unfit = amountFault(price);
    const wrong = {
      ...(!entered.title && { title: 'Title is required' }),
      ...(unfit && { price: unfit }),
      ...(entered.price === 0 && { price: 'Price must be greater than 0' }),
    };
    setErrors(wrong);
    if (entered.price !== undefined && Object.keys(wrong).length === 0) {
      onOffer({ title: entered.title, price: entered.price });
    } else {
      focusFirstError(form.current);
    }
  }

  const beside = problem?.beside(['title', 'price']);
  return (
    <div className="grid items-start gap-6 lg:grid-cols-[1fr_24rem] lg:gap-8">
      <Panel label="Your ticket">
        <form
          ref={form}
          noValidate
          className="flex flex-col gap-5"
          onSubmit={(event) => {
            event.preventDefault();
            if (!busy && !locked) send();
          }}
        >
          {locked}
          {beside && (
            <Notice tone="bad" title="The ticket was not saved">
              {sentence(beside)}
            </Notice>
          )}
          <Field
            label="What is it for?"
            hint="The show, the place, the seat: what a buyer looks for."
            name="title"
            required
            readOnly={Boolean(locked)}
            maxLength={TITLE_LENGTH_MAX}
            autoComplete="off"
            value={title}
            onChange={({ currentTarget: { value } }) => {
              setTitle(value);
            }}
            error={errors.title ?? problem?.of('title')}
          />
          <Field
            label="Price"
            hint="What the buyer pays, in all."
            name="price"
            required
            readOnly={Boolean(locked)}
            inputMode="decimal"
            autoComplete="off"
            prefix={currencySign(config?.currency)}
            value={price}
            onChange={({ currentTarget: { value } }) => {
              setPrice(value);
            }}
            error={errors.price ?? problem?.of('price')}
          />
          <Button type="submit" wide busy={busy} aria-disabled={Boolean(locked)}>
            {submit}
          </Button>
        </form>
      </Panel>
      <Preview title={title} price={amount(price)} currency={config?.currency} />
    </div>
  );
}

interface PreviewProps {
  title: string;
  price: number | undefined;
  currency: string | undefined;
}

/** For the eye alone: it says nothing that the fields do not. */
function Preview({ title, price, currency }: PreviewProps) {
  return (
    <div aria-hidden="true">
      <p className="mb-3 label-print text-muted">What buyers see</p>
      <TicketFace
        title={
          <p
            className={`line-clamp-3 text-xl leading-tight font-bold break-words [font-stretch:82%] ${title ? '' : 'text-muted'}`}
          >
            <bdi>{title || 'Your ticket'}</bdi>
          </p>
        }
        stub={<StubPrice>{price ? money(price, currency) : '–'}</StubPrice>}
      />
    </div>
  );
}
