// The time that is left to pay, large.

import { clockOf } from '../../ui/time';

/** From here on it is shown that there is little time. */
const LITTLE_MS = 60_000;

export function CountdownClock({ left }: { left: number }) {
  const isLittle = left <= LITTLE_MS;
  return (
    <div>
      <p className="label-print">{left > 0 ? 'Held for you for' : 'Time is up'}</p>
      <p
        role="timer"
        aria-live="off"
        className={`mt-1 w-fit rounded-md text-4xl figures sm:text-5xl ${isLittle ? '-mx-2 bg-on-accent px-2 text-accent' : ''}`}
      >
        {clockOf(left)}
      </p>
    </div>
  );
}
