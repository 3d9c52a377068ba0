// The payment provider's script: loaded once somebody pays, from where the payments service says.

import type { Stripe, StripeConstructor } from '@stripe/stripe-js';

declare global {
  interface Window {
    Stripe?: StripeConstructor;
  }
}

/** What came of each address that was tried. */
const loading = new Map<string, Promise<Stripe>>();

/** The provider's script, started with `key`. One that failed to load is loaded anew the next time. */
export function loadStripe(url: string, key: string): Promise<Stripe> {
  const before = loading.get(url);
  if (before) return before;
  const stripe = load(url).then((start) => start(key));
  loading.set(url, stripe);
  stripe.catch(() => loading.delete(url));
  return stripe;
}

function load(url: string): Promise<StripeConstructor> {
  return new Promise((resolve, reject) => {
    const failed = new Error('The card form could not be loaded. Check your connection, then try again');
    const script = document.createElement('script');
    script.src = url;
    script.onload = () => {
      if (window.Stripe) resolve(window.Stripe);
      else reject(failed);
    };
    script.onerror = () => {
      script.remove();
      reject(failed);
    };
    document.head.append(script);
  });
}
