import { expect, test } from 'vitest';

import type { Order } from '../../api/queries';
import { stageOf, type Stage } from './stage';

const IN_TIME = 1;
const LATE = 0;

test.each<[Order['status'], Stage, Stage]>([
  ['created', 'open', 'closing'],
  ['awaiting:payment', 'open', 'closing'],
  ['complete', 'paid', 'paid'],
  ['cancelled', 'givenBack', 'over'],
])('an order that is %s is %s in time and %s later', (status, inTime, later) => {
  const order = { status } as Order;
  expect(stageOf(order, IN_TIME)).toBe(inTime);
  expect(stageOf(order, LATE)).toBe(later);
});
