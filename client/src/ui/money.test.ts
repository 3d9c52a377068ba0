import { describe, expect, test } from 'vitest';

import { amount, amountFault, hundredths, money } from './money';

describe('an amount', () => {
  test.each([
    ['20', 20],
    ['19.99', 19.99],
    [' 0.5 ', 0.5],
    ['19,99', 19.99],
    ['999999.99', 999999.99],
  ])('is entered as %j', (text, number) => {
    expect(amount(text)).toBe(number);
  });

  test.each([
    '',
    ' ',
    'abc',
    '-1',
    '1.999',
    '1,000.50',
    '1e3',
    '0x10',
    '1.',
    '.5',
    '1000000',
    '١٢',
    'Infinity',
  ])('is not %j', (text) => {
    expect(amount(text)).toBeUndefined();
  });

  test.each([
    ['20', undefined],
    ['-5', 'An amount cannot be negative'],
    ['1.999', 'An amount has two decimals at most'],
    ['19,999', 'An amount has two decimals at most'],
    ['1000000', 'An amount is 999999.99 at most'],
    ['1000000.50', 'An amount is 999999.99 at most'],
    ['', 'Enter an amount like 20 or 19.99'],
    ['1,000.50', 'Enter an amount like 20 or 19.99'],
    ['$20', 'Enter an amount like 20 or 19.99'],
  ])('is told what is wrong with it: %j', (text, fault) => {
    expect(amountFault(text)).toBe(fault);
  });

  test('is sent with the digits that were entered', () => {
    for (const text of ['19.99', '0.1', '1.1', '4.35', '1.15', '999999.99']) {
      expect(JSON.stringify(amount(text))).toBe(text);
    }
  });

  test('has as many hundredths as its digits say', () => {
    for (let cents = 1; cents < 100_000; cents += 7) {
      const text = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
      expect(hundredths(JSON.parse(text) as number)).toBe(cents);
    }
    expect(hundredths(999_999.99)).toBe(99_999_999);
  });

  test('is shown in its currency, or as a number while that is not known', () => {
    // With the signs that the reader's language has.
    expect(money(19.99, 'usd')).toMatch(/^(US)?\$?\s?19[.,]99\s?(US)?\$?$/);
    expect(money(20)).toMatch(/^20[.,]00$/);
  });
});
