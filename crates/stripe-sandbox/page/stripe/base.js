// Where the sandbox is, and what all of Stripe.js stands on: its errors, its events, its requests that need no card.

const script = document.currentScript && document.currentScript.src;
if (!script) throw new Error('Load the Stripe sandbox by a classic <script src>, as Stripe.js asks for too.');
// `…/v3/` and `…/endive/stripe.js` both lie one folder below the sandbox.
const base = new URL('..', script).href.replace(/\/$/, '');
const folder = new URL('.', script).pathname.split('/').filter(Boolean).pop();

/** Thrown, as Stripe.js throws, at what is the integrator's mistake and not the buyer's. */
class IntegrationError extends Error {
  constructor(message) {
    super(message);
    this.name = 'IntegrationError';
  }
}
const integration = (holds, message) => {
  if (!holds) throw new IntegrationError(message);
};

// Events ------------------------------------------------------------------------------------------------------------

/** `on`, `once`, `off` and `emit`, as Elements and each Element have them. */
class Emitter {
  #handlers = new Map();

  on(name, handler) {
    integration(typeof handler === 'function', `Invalid handler for the event "${name}": expected a function.`);
    const handlers = this.#handlers.get(name) ?? [];
    this.#handlers.set(name, [...handlers, { handler, called: handler }]);
    return this;
  }

  once(name, handler) {
    const called = (event) => {
      this.off(name, handler);
      handler(event);
    };
    this.#handlers.set(name, [...(this.#handlers.get(name) ?? []), { handler, called }]);
    return this;
  }

  off(name, handler) {
    const handlers = this.#handlers.get(name) ?? [];
    this.#handlers.set(name, handler ? handlers.filter((one) => one.handler !== handler) : []);
    return this;
  }

  emit(name, event) {
    for (const { called } of this.#handlers.get(name) ?? []) called(event);
  }
}

// Requests that need no card ------------------------------------------------------------------------------------------

const unreachable = () => ({
  error: {
    type: 'api_connection_error',
    message:
      'We are experiencing issues connecting to our payments provider. Please check your internet connection and try again.',
  },
});

/** Nested parameters as the form Stripe's API takes: `{ a: { b: 1 } }` is `a[b]=1`. */
const form = (parameters) => {
  const pairs = new URLSearchParams();
  const add = (value, name) => {
    if (value === undefined || value === null) return;
    if (typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) add(inner, name ? `${name}[${key}]` : key);
    } else {
      pairs.append(name, String(value));
    }
  };
  add(parameters, '');
  return pairs;
};

const request = async (method, path, parameters) => {
  const pairs = form(parameters);
  try {
    const answer =
      method === 'GET'
        ? await fetch(`${base}${path}?${pairs}`)
        : await fetch(`${base}${path}`, { method, body: pairs });
    const json = await answer.json();
    return answer.ok ? { object: json } : { error: json.error };
  } catch {
    return unreachable();
  }
};

const intentId = (clientSecret, method) => {
  const match = /^(pi_[A-Za-z0-9]+)_secret_[A-Za-z0-9]+$/.exec(clientSecret);
  integration(
    match,
    `Invalid value for ${method}: clientSecret should be a client secret of the form \${id}_secret_\${secret}. You specified: ${clientSecret}.`,
  );
  return match[1];
};

const asIntent = ({ object, error }) => (error ? { error } : { paymentIntent: object });
