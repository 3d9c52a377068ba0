// The provider's card form within the page: it lives in a frame of theirs, so that no card number is ever ours.

import type { Appearance, Stripe, StripeElements } from '@stripe/stripe-js';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState, type RefObject } from 'react';

import { paymentsConfig } from '../../api/queries';
import { hundredths } from '../../ui/money';
import { loadStripe } from './stripe';

/** How far it has come. */
export type CardForm =
  | { is: 'loading' }
  | { is: 'ready'; stripe: Stripe; elements: StripeElements }
  | { is: 'failed'; problem: Error; retry: () => void };

/** Puts the form for a payment of `amount` into `place`. */
export function useCardForm(place: RefObject<HTMLElement | null>, amount: number): CardForm {
  const { data: config, error: unknown, refetch } = useQuery(paymentsConfig);
  const [form, setForm] = useState<CardForm>({ is: 'loading' });
  const [tries, setTries] = useState(1);

  useEffect(() => {
    if (!config) return;
    const { publishableKey, scriptUrl, currency } = config;
    let isLeft = false;
    let remove: (() => void) | undefined;
    const fail = (problem: Error) => {
      const retry = () => {
        setForm({ is: 'loading' });
        setTries((tries) => tries + 1);
      };
      if (!isLeft) setForm({ is: 'failed', problem, retry });
    };
    async function show() {
      if (!publishableKey) throw new Error('Cards cannot be taken here at the moment');
      const stripe = await loadStripe(scriptUrl, publishableKey);
      if (isLeft || !place.current) return;
      const elements = stripe.elements({
        mode: 'payment',
        amount: hundredths(amount),
        currency,
        appearance: appearance(),
      });
      const element = elements.create('payment', { layout: 'tabs' });
      element.on('ready', () => {
        setForm({ is: 'ready', stripe, elements });
      });
      element.on('loaderror', ({ error }) => {
        fail(new Error(error.message ?? 'The card form could not be loaded'));
      });
      element.mount(place.current);
      const dark = matchMedia('(prefers-color-scheme: dark)');
      const recolour = () => {
        void elements.update({ appearance: appearance() });
      };
      dark.addEventListener('change', recolour);
      remove = () => {
        dark.removeEventListener('change', recolour);
        element.destroy();
      };
    }
    show().catch(fail);
    return () => {
      isLeft = true;
      remove?.();
    };
  }, [config, amount, place, tries]);

  if (!config && unknown) return { is: 'failed', problem: unknown, retry: () => void refetch() };
  return form;
}

/** The page's own colours, as the provider wants them: it cannot see our styles. */
function appearance(): Appearance {
  const styles = getComputedStyle(document.documentElement);
  const colour = (name: string) => styles.getPropertyValue(name).trim();
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches;
  return {
    theme: isDark ? 'night' : 'stripe',
    variables: {
      colorPrimary: colour('--focus'),
      colorBackground: colour('--card'),
      colorText: colour('--ink'),
      colorTextSecondary: colour('--muted'),
      colorTextPlaceholder: colour('--muted'),
      colorDanger: colour('--bad'),
      borderRadius: '8px',
      fontSizeBase: '16px',
    },
    rules: { '.Input': { border: `1px solid ${colour('--edge')}`, boxShadow: 'none' } },
  };
}
