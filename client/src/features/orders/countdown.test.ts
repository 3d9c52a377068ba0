import { afterEach, describe, expect, test, vi } from 'vitest';

import { heardServerTime } from '../../api/clock';
import { leftUntil, toldBetween } from './countdown';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

describe('what is said of the time left', () => {
  test.each([
    [10 * MINUTE, '10 minutes left to pay.'],
    [5 * MINUTE, '5 minutes left to pay.'],
    [2 * MINUTE, '2 minutes left to pay.'],
    [MINUTE, '1 minute left to pay.'],
    [30 * SECOND, '30 seconds left to pay.'],
    [0, 'The time to pay is up.'],
  ])('at %d ms, once', (left, sentence) => {
    expect(toldBetween(left + SECOND, left)).toBe(sentence);
    expect(toldBetween(left + 1, left - 1)).toBe(sentence);
    expect(toldBetween(left, left - SECOND)).toBeUndefined();
    expect(toldBetween(left + 2 * SECOND, left + SECOND)).toBeUndefined();
  });

  test('is the last of it, when much time passed at once', () => {
    expect(toldBetween(12 * MINUTE, 90 * SECOND)).toBe('2 minutes left to pay.');
    expect(toldBetween(12 * MINUTE, -MINUTE)).toBe('The time to pay is up.');
  });
});

describe('the time left', () => {
  afterEach(() => vi.useRealTimers());

  test('goes by the services’ clock, however wrong the browser’s is', () => {
    vi.useFakeTimers({ now: Date.parse('2031-01-01T00:00:00Z') });
    heardServerTime('2026-11-21T04:00:00.000Z');
    expect(leftUntil('2026-11-21T04:15:00.000Z')).toBe(15 * MINUTE);
    vi.advanceTimersByTime(14 * MINUTE);
    expect(leftUntil('2026-11-21T04:15:00.000Z')).toBe(MINUTE);
    // Somebody sets the clock back meanwhile.
    vi.setSystemTime(Date.parse('2020-01-01T00:00:00Z'));
    expect(leftUntil('2026-11-21T04:15:00.000Z')).toBe(MINUTE);
    heardServerTime(null);
    heardServerTime('nonsense');
    expect(leftUntil('2026-11-21T04:15:00.000Z')).toBe(MINUTE);
  });
});
