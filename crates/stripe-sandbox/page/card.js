// What the digits of a card say, without any form: its brand, whether it can be one, how it is written.
'use strict';

const BRANDS = [
  { name: 'Visa', begins: /^4/, lengths: [16] },
  { name: 'Mastercard', begins: /^(5[1-5]|2[2-7])/, lengths: [16] },
  { name: 'American Express', begins: /^3[47]/, lengths: [15], groups: [4, 6, 5], cvc: 4 },
  { name: 'Discover', begins: /^6(011|4[4-9]|5)/, lengths: [16] },
  { name: 'Diners Club', begins: /^3(0|6|8)/, lengths: [14, 16] },
  { name: 'JCB', begins: /^35/, lengths: [16] },
  { name: 'UnionPay', begins: /^62/, lengths: [16, 17, 18, 19] },
];
const UNKNOWN = { name: '', lengths: [16] };

const digits = (text) => text.replace(/\D/g, '');
const brandOf = (number) => BRANDS.find(({ begins }) => begins.test(number)) ?? UNKNOWN;

/** Luhn's sum. */
const isPlausible = (number) =>
  [...number].reverse().reduce((sum, digit, place) => {
    const value = Number(digit) * (place % 2 ? 2 : 1);
    return sum + (value > 9 ? value - 9 : value);
  }, 0) % 10 === 0;

const grouped = (number) => {
  const groups = brandOf(number).groups ?? [4, 4, 4, 4, 3];
  const parts = [];
  let rest = number;
  for (const length of groups) {
    if (rest) parts.push(rest.slice(0, length));
    rest = rest.slice(length);
  }
  return parts.join(' ');
};

/** `1226` and `12/26` become `12 / 26`; a month above 1 needs no nought. */
const shownExpiry = (text) => {
  let typed = digits(text);
  if (/^[2-9]/.test(typed) || /^\d\s*\//.test(text.trim())) typed = `0${typed}`;
  return typed.length > 2 ? `${typed.slice(0, 2)} / ${typed.slice(2, 6)}` : typed;
};

/** Where a card's postal code is checked, what it is called, and what it looks like. */
const POSTAL = {
  US: { label: 'ZIP code', example: '12345', whole: /^\d{5}(-?\d{4})?$/ },
  CA: { label: 'Postal code', example: 'M5T 1T4', whole: /^[A-Za-z]\d[A-Za-z] ?\d[A-Za-z]\d$/ },
  GB: { label: 'Postal code', example: 'WS11 1DB', whole: /^[A-Za-z]{1,2}\d[A-Za-z\d]? ?\d[A-Za-z]{2}$/ },
};
