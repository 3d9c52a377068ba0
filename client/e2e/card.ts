// The payment provider's card form, filled in as a buyer would. It is in a frame of the provider's.

import type { Page } from '@playwright/test';

import { expect } from './world';

export const GOOD = '4242 4242 4242 4242';
export const DECLINED = '4000 0000 0000 0002';
export const POOR = '4000 0000 0000 9995';
/** Its bank wants to know that it is its owner who pays. */
export const GUARDED = '4000 0027 6000 3184';

export const payButton = (page: Page) => page.getByRole('button', { name: /^Pay \$/ });
export const cardForm = (page: Page) => page.frameLocator('iframe[title="Secure payment input frame"]');

export async function enterCard(page: Page, number: string): Promise<void> {
  const form = cardForm(page);
  await form.getByLabel('Card number').fill(number);
  await form.getByLabel('Expiration date').fill('12 / 40');
  await form.getByLabel('Security code').fill('123');
  await form.getByLabel('ZIP code').fill('12345');
}

/** Enters the card and presses Pay; by the keyboard, for a frame that has just moved takes clicks meant for the page. */
export async function pay(page: Page, number: string): Promise<void> {
  await enterCard(page, number);
  await expect(payButton(page)).toBeEnabled();
  await payButton(page).press('Enter');
}
