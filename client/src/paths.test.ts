import { describe, expect, test } from 'vitest';

import { authSearch, browseFilter, browseSearch, orderSearch, ownPath, search } from './paths';

describe('where to go after signing in', () => {
  test.each(['/', '/sell', '/tickets/01a1', '/?q=lear&sort=price', '/orders/1#code', '/tickets/a%2Fb'])(
    'may be the page %s',
    (path) => {
      expect(ownPath(path)).toBe(path);
    },
  );

  test.each([
    undefined,
    '',
    'sell',
    'https://evil.example/',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '/\\/evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '\\\\evil.example',
    ' /evil',
    'javascript:alert(1)',
    '/.//evil.example',
    '/a/..//evil.example',
    '//[',
  ])('is never %j', (path) => {
    expect(ownPath(path)).toBeUndefined();
  });

  test('is not a page for signing in, out or up again', () => {
    for (const path of ['/auth/signin', '/auth/signout', '/auth/signup?next=/sell', '/x/../auth/signout']) {
      expect(ownPath(path)).toBeUndefined();
    }
  });

  test('is the path as it is understood here', () => {
    expect(ownPath('/sell/../orders')).toBe('/orders');
    expect(ownPath('/sell\\orders')).toBe('/sell/orders');
    // Named, or the router would take what stands in the address.
    expect(authSearch({ next: '//evil.example', other: 'x' })).toStrictEqual({ next: undefined });
  });
});

describe('what to look for', () => {
  test('is what the address says, as far as it makes sense', () => {
    expect(browseSearch({ q: 'lear', sort: '-price', min: '10', max: '19.99' })).toEqual({
      q: 'lear',
      sort: '-price',
      min: '10',
      max: '19.99',
    });
    expect(browseSearch({ q: ' ', sort: 'cheapest', min: '-1', max: '1e9', page: '7' })).toEqual({});
    expect(browseSearch({ sort: 'newest', min: '1.999', q: 'x'.repeat(300) })).toEqual({
      q: 'x'.repeat(200),
    });
  });

  test('goes to the services by their names', () => {
    expect(browseFilter({ q: 'lear', min: '0.5', max: '19.99' })).toEqual({
      q: 'lear',
      minPrice: 0.5,
      maxPrice: 19.99,
    });
    expect(browseFilter({})).toEqual({});
  });

  test('stands in the address as plain text', () => {
    expect(search.stringify({ q: '42', sort: undefined })).toBe('?q=42');
    expect(search.stringify({})).toBe('');
    expect(search.parse('?q=42&min=1')).toEqual({ q: '42', min: '1' });
  });
});

test('of what the payment provider adds to an address only the outcome is taken', () => {
  const added = { redirect_status: 'failed', payment_intent_client_secret: 'pi_1_secret_2' };
  expect(orderSearch(added)).toEqual({ redirect_status: 'failed' });
  expect(orderSearch({})).toEqual({ redirect_status: undefined });
});
