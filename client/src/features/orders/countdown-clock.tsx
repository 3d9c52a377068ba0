// The time that is left to pay, large, and read out from time to time.

import { Announce } from '../../ui/announce';
import { clockOf } from '../../ui/time';

/** From here on it is shown that there is little time. */
const LITTLE_MS = 60_000;

export function CountdownClock({ left, told }: { left: number; told: string }) {
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
      <Announce message={told} />
    </div>
  );
}
