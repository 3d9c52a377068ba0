// Calls of the services: one client, one shape of failure, and what time it is there.

import createClient from 'openapi-fetch';

import { heardServerTime } from './clock';
import type { components, paths } from './types';

/** One thing a service found wrong, perhaps with a field of what was sent. */
export type Fault = components['schemas']['Fault'];

/** No service takes longer to answer; a proxy between may never. */
const ANSWER_MAX_MS = 30_000;

/** Why a call failed: what the service said, or that nobody answered. */
export class Problem extends Error {
  override name = 'Problem';

  /** The answer's status; 0 if there was no answer. */
  readonly status: number;
  /** What is wrong, most important first. Never empty. */
  readonly faults: Fault[];
  /** What the answer is called in the services' logs. */
  readonly requestId: string | null;

  constructor(status: number, faults: Fault[], requestId: string | null = null) {
    super(faults.map((fault) => fault.message).join('. '));
    this.status = status;
    this.faults = faults;
    this.requestId = requestId;
  }

  /** What is wrong with `field`. */
  of(field: string): string | undefined {
    return this.faults.find((fault) => fault.field === field)?.message;
  }

  /** What is wrong with none of `fields`: to be told above a form that has these. */
  beside(fields: readonly string[]): string | undefined {
    const rest = this.faults.filter((fault) => !fault.field || !fields.includes(fault.field));
    return rest.length ? rest.map((fault) => fault.message).join('. ') : undefined;
  }
}

const UNREACHABLE = 'The marketplace does not answer. Check your connection, then try again';

/** That there was no answer. */
export function unreachable(): Problem {
  return new Problem(0, [{ message: UNREACHABLE }]);
}

/** Whether the marketplace answers, whatever it says. */
export async function isReachable(): Promise<boolean> {
  const signal = AbortSignal.timeout(ANSWER_MAX_MS);
  return fetch('/', { method: 'HEAD', cache: 'no-store', signal }).then(
    () => true,
    () => false,
  );
}

const UNREADABLE = 'Something went wrong';

/** Queries and mutations fail with problems, and nothing else. */
declare module '@tanstack/react-query' {
  interface Register {
    defaultError: Problem;
  }
}

export const api = createClient<paths>({
  fetch: (request) =>
    fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(ANSWER_MAX_MS)]) }),
});

api.use({
  onResponse: ({ response }) => {
    heardServerTime(response.headers.get('x-server-time'));
  },
});

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** What came back, or throws a [`Problem`]. */
export async function answered<Data>(
  call: Promise<Answer<Data>>,
): Promise<{ data: Data; next: string | null }> {
  const { data, error, response } = await call.catch(() => {
    // No answer, or none that can be read. A call that was given up comes here too, and nobody looks at its problem.
    throw unreachable();
  });
  if (error !== undefined || !response.ok) throw problem(error, response);
  // `as`: an answer that has no body has none in its type either.
  return { data: data as Data, next: response.headers.get('x-next-cursor') };
}

/** The same, without what it says of further pages. */
export async function dataOf<Data>(call: Promise<Answer<Data>>): Promise<Data> {
  return (await answered(call)).data;
}

function problem(error: unknown, { headers, status }: Response): Problem {
  return new Problem(status, faults(error), headers.get('x-request-id'));
}

/** The faults an error's body lists. A proxy's own page lists none. */
function faults(error: unknown): Fault[] {
  const listed = error && typeof error === 'object' && 'errors' in error ? error.errors : null;
  return Array.isArray(listed) && listed.length ? (listed as Fault[]) : [{ message: UNREADABLE }];
}
