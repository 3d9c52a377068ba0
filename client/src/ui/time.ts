// Moments and spans for people.

/** When, shortly: the time alone if it is today. */
export function moment(iso: string, now = Date.now()): string {
  const when = new Date(iso);
  const isToday = when.toDateString() === new Date(now).toDateString();
  const day = isToday ? {} : ({ day: 'numeric', month: 'short' } as const);
  return new Intl.DateTimeFormat(undefined, { ...day, hour: '2-digit', minute: '2-digit' }).format(when);
}

/** What is left as a clock shows it: `14:05`. A second that has begun counts. */
export function clockOf(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1000));
  const pad = (part: number) => String(part).padStart(2, '0');
  return `${pad(Math.floor(seconds / 60))}:${pad(seconds % 60)}`;
}
