// What time it is at the services. The browser's own clock may be wrong, or be set while a page is open: it is not asked.

/** What the services said last, and when that was by a clock that only ever runs on. */
let heard: { serverMs: number; ownMs: number } | undefined;

/** Takes the value of an answer's `x-server-time`. */
export function heardServerTime(header: string | null): void {
  const serverMs = Date.parse(header ?? '');
  if (!Number.isNaN(serverMs)) heard = { serverMs, ownMs: performance.now() };
}

/** Now, in milliseconds since 1970; by the browser's clock until a service has said better. */
export function serverNow(): number {
  return heard ? heard.serverMs + (performance.now() - heard.ownMs) : Date.now();
}
