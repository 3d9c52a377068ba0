// What every browser test stands on: people who are signed up, tickets that are listed, and pages that must behave.
// People do by the API what a test is not about. Nothing is mocked.

import { randomUUID } from 'node:crypto';

import {
  expect,
  request,
  test as base,
  type APIRequestContext,
  type Browser,
  type BrowserContext,
  type Page,
} from '@playwright/test';

import type { components } from '../src/api/types';

export type Ticket = components['schemas']['Ticket'];
export type Order = components['schemas']['Order'];
export type Payment = components['schemas']['Payment'];

/** How long an order holds its ticket on this marketplace; unknown if nobody says. */
export const HOLD_SECONDS = Number(process.env.HOLD_SECONDS ?? NaN);

export const PASSWORD = 'correct horse battery';

/** A word that no other test's tickets have. */
export function word(): string {
  return `w${randomUUID().slice(0, 8)}`;
}

/** Somebody with an account, a browser of their own, and hands for the API. */
export class Person {
  readonly email: string;
  readonly context: BrowserContext;
  readonly page: Page;
  private readonly api: APIRequestContext;

  constructor(email: string, context: BrowserContext, page: Page) {
    this.email = email;
    this.context = context;
    this.page = page;
    this.api = context.request;
  }

  async lists(title: string, price = 20): Promise<Ticket> {
    return this.does<Ticket>('post', '/api/tickets', { title, price });
  }

  /** Holds a ticket; `orders` hears of new ones a moment later than whoever listed them. */
  async orders(ticket: Ticket): Promise<Order> {
    let order: Order | undefined;
    await expect(async () => {
      order = await this.does<Order>('post', '/api/orders', { ticketId: ticket.id });
    }).toPass();
    if (!order) throw new Error('there is no order');
    await this.sees(ticket, ({ status }) => status === 'held');
    return order;
  }

  async ordersFor({ id }: Ticket): Promise<Order[]> {
    return this.does<Order[]>('get', `/api/orders?ticketId=${id}`);
  }

  async paymentsFor({ id }: Order): Promise<Payment[]> {
    return this.does<Payment[]>('get', `/api/payments?orderId=${id}`);
  }

  async cancels(order: Order): Promise<void> {
    await this.does('delete', `/api/orders/${order.id}`);
  }

  /** Pays by the way of old clients: a token instead of the card form. */
  async pays(order: Order): Promise<void> {
    await expect(() => this.does('post', '/api/payments', { orderId: order.id, token: 'tok_visa' })).toPass();
    await this.sees(order.ticket, ({ status }) => status === 'sold');
  }

  /** Waits until the ticket is known to be like that. */
  async sees({ id }: { id: string }, like: (ticket: Ticket) => boolean): Promise<void> {
    await expect.poll(async () => like(await this.does<Ticket>('get', `/api/tickets/${id}`))).toBe(true);
  }

  private async does<Answer>(
    method: 'get' | 'post' | 'delete',
    path: string,
    data?: unknown,
  ): Promise<Answer> {
    const answer = await this.api[method](path, { ...(data !== undefined && { data }) });
    if (!answer.ok()) throw new Error(`${method} ${path}: ${answer.status()} ${await answer.text()}`);
    return (answer.status() === 204 ? undefined : await answer.json()) as Answer;
  }
}

interface World {
  /** A new person each time, signed up and signed in. */
  person: () => Promise<Person>;
  /** A browser in which nobody is signed in. */
  stranger: () => Promise<Page>;
}

export const test = base.extend<World>({
  person: async ({ browser }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async () => {
      const { context, page } = await opened(browser, contexts);
      const email = `${word()}@example.com`;
      await signUp(context.request, email);
      return new Person(email, context, page);
    });
    await closed(contexts);
  },
  stranger: async ({ browser }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async () => (await opened(browser, contexts)).page);
    await closed(contexts);
  },
});

async function opened(browser: Browser, contexts: BrowserContext[]) {
  const context = await browser.newContext();
  contexts.push(context);
  const page = await context.newPage();
  mustBehave(page);
  return { context, page };
}

async function closed(contexts: BrowserContext[]) {
  for (const context of contexts) await context.close();
}

/** What no page may ever do: break, or load what its policy forbids. */
function mustBehave(page: Page) {
  page.on('pageerror', (error) => {
    expect.soft(error, `${page.url()} broke`).toBeUndefined();
  });
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) {
      expect.soft(message.text(), `${page.url()} broke its policy`).toBe('');
    }
  });
}

/** One address may only sign up so often a minute: many tests at once have to wait for each other. */
async function signUp(api: APIRequestContext, email: string) {
  await expect(async () => {
    const answer = await api.post('/api/users/signup', { data: { email, password: PASSWORD } });
    expect(answer.status()).toBe(201);
  }).toPass({ intervals: [1_000, 5_000], timeout: 50_000 });
}

export { expect, request };
