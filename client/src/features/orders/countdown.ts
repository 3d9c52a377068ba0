// How much time is left to pay, by the services' clock, and when to say so aloud.

import { useEffect, useState } from 'react';

import { serverNow } from '../../api/clock';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** When those who hear a page are told how much time is left; not more often, for they want to enter a card. */
const TOLD: readonly (readonly [leftMs: number, sentence: string])[] = [
  [10 * MINUTE, '10 minutes left to pay.'],
  [5 * MINUTE, '5 minutes left to pay.'],
  [2 * MINUTE, '2 minutes left to pay.'],
  [MINUTE, '1 minute left to pay.'],
  [30 * SECOND, '30 seconds left to pay.'],
  [0, 'The time to pay is up.'],
];

/** What to say after the time left went from `before` to `left`. If much was passed at once, as in sleep, the last of it. */
export function toldBetween(before: number, left: number): string | undefined {
  return TOLD.filter(([at]) => left <= at && at < before).at(-1)?.[1];
}

/** Milliseconds until the moment `iso`. */
export function leftUntil(iso: string): number {
  return Date.parse(iso) - serverNow();
}

/** Milliseconds until the moment `iso`, anew with each second of the countdown, and what to say of it. */
export function useCountdown(iso: string): { left: number; told: string } {
  const [countdown, setCountdown] = useState(() => ({ left: leftUntil(iso), told: '' }));
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const tick = () => {
      clearTimeout(timer);
      const left = leftUntil(iso);
      setCountdown((before) => ({ left, told: toldBetween(before.left, left) ?? before.told }));
      // At the moment the next second begins, by the clock that is shown.
      if (left > 0) timer = setTimeout(tick, left % SECOND || SECOND);
    };
    tick();
    // Timers sleep with the page.
    document.addEventListener('visibilitychange', tick);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', tick);
    };
  }, [iso]);
  return countdown;
}
