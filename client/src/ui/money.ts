// Amounts of money. The services send numbers of major units: they are shown and passed on, never reckoned with.

/** `amount` for people. Without a currency, which may not be known yet, it is a number with its decimals. */
export function money(amount: number, currency?: string): string {
  if (!currency) return new Intl.NumberFormat(undefined, { minimumFractionDigits: 2 }).format(amount);
  return new Intl.NumberFormat(undefined, { style: 'currency', currency }).format(amount);
}

/** The sign or letters that people write before an amount of `currency`. */
export function currencySign(currency?: string): string | undefined {
  if (!currency) return undefined;
  const parts = new Intl.NumberFormat(undefined, { style: 'currency', currency }).formatToParts(0);
  return parts.find(({ type }) => type === 'currency')?.value;
}

/** What is wrong with `text` as an amount, and what would not be. */
export function amountFault(text: string): string | undefined {
  const plain = text.trim().replace(',', '.');
  if (amount(plain) !== undefined) return undefined;
  if (/^[-−]/.test(plain)) return 'An amount cannot be negative';
  if (/^\d+\.\d{3,}$/.test(plain)) return 'An amount has two decimals at most';
  if (/^\d{7,}(\.\d{1,2})?$/.test(plain)) return 'An amount is 999999.99 at most';
  return 'Enter an amount like 20 or 19.99';
}

/**
 * The amount that `text` says, if it is one with at most two decimals; a comma may stand for the point. The number is
 * what the same digits say in JSON, nothing is reckoned.
 */
export function amount(text: string): number | undefined {
  const plain = text.trim().replace(',', '.');
  return /^\d{1,6}(\.\d{1,2})?$/.test(plain) ? Number(plain) : undefined;
}

/** Hundredths of an amount, which the payment provider's script wants: by its digits. */
export function hundredths(amount: number): number {
  return Number(amount.toFixed(2).replace('.', ''));
}
