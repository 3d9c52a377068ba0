// Numbers as people read them. `–` is what is not known, or never was.

export const UNKNOWN = '–';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** 1,234 and 1.23M. */
export function count(n) {
  if (n === null || n === undefined) return UNKNOWN;
  return n < 100_000 ? whole.format(n) : short.format(n);
}

/** A number a second: 0.4, 12, 1.23M. */
export function rate(n) {
  if (n === null || n === undefined) return UNKNOWN;
  return n > 0 && n < 10 ? n.toFixed(1) : count(n);
}

/** 512 B, 1.5 MiB. */
export function bytes(n) {
  if (n === null || n === undefined) return UNKNOWN;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit += 1;
  }
  return `${unit && n < 100 ? n.toFixed(1) : Math.round(n)} ${units[unit]}`;
}

/** A length of time in its largest unit: 3 s, 12 min, 5 h, 8 d. */
export function span(ms) {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ];
  for (const [length, unit] of units) if (ms >= length) return `${Math.floor(ms / length)} ${unit}`;
  return '0 s';
}

/** How long ago it was. */
export function ago(at, now) {
  if (at === null || at === undefined || !now) return UNKNOWN;
  return now - at < 1_000 ? 'now' : `${span(now - at)} ago`;
}

/** A round trip in microseconds. */
export function micros(n) {
  if (n === null || n === undefined) return UNKNOWN;
  return n < 1_000 ? `${n} µs` : `${(n / 1_000).toFixed(1)} ms`;
}

/** One stream, 2 streams. */
export function many(n, one, several = `${one}s`) {
  return `${count(n)} ${n === 1 ? one : several}`;
}
