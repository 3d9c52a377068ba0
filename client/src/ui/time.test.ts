import { expect, test } from 'vitest';

import { clockOf } from './time';

test('a clock shows the second that has begun', () => {
  expect(clockOf(15 * 60_000)).toBe('15:00');
  expect(clockOf(14 * 60_000 + 59_001)).toBe('15:00');
  expect(clockOf(59_000)).toBe('00:59');
  expect(clockOf(1)).toBe('00:01');
  expect(clockOf(0)).toBe('00:00');
  expect(clockOf(-5_000)).toBe('00:00');
  expect(clockOf(100 * 60_000)).toBe('100:00');
});
