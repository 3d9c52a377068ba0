// The stand-in for https://js.stripe.com/v3: what a merchant's page loads. It never sees a card: the form lives in a
// frame of the sandbox's own origin (frame.js), which does all that needs the card and answers over a MessagePort.
//
//   merchant's page ── Stripe(), elements, confirmPayment ──► this file ══ MessagePort ══► frame ──► /v1/… of the sandbox
//
// Works under `script-src SANDBOX; frame-src SANDBOX; connect-src SANDBOX; style-src 'self'`: styles are set through
// the CSSOM, which such a policy allows, never by attributes.
(() => {
  'use strict';

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

  // The frame -----------------------------------------------------------------------------------------------------------

  let frames = 0;

  /** One card form: an iframe and the port to it. Calls wait until the frame is there. */
  class Frame {
    #port;
    #calls = new Map();
    #count = 0;
    #open;
    iframe = document.createElement('iframe');

    constructor(setup, onEvent) {
      const channel = new MessageChannel();
      this.#port = channel.port1;
      this.#open = new Promise((resolve) => {
        this.#port.onmessage = ({ data }) => {
          if (data.event === 'open') {
            resolve();
          } else if (data.event) {
            onEvent(data.event, data.detail ?? {});
          } else {
            this.#calls.get(data.call)?.(data.result);
            this.#calls.delete(data.call);
          }
        };
      });
      frames += 1;
      const { iframe } = this;
      iframe.name = `__privateStripeFrame${frames}`;
      iframe.title = 'Secure payment input frame';
      iframe.allow = 'payment *';
      iframe.src = `${base}/elements/payment`;
      const style = {
        border: '0',
        display: 'block',
        width: '100%',
        // What the form takes before it says so itself, so that the page does not jump.
        height: '255px',
        margin: '0',
        padding: '0',
        // The frame draws its own light and dark; with the page's scheme it would get an opaque background.
        'color-scheme': 'light',
      };
      for (const [name, value] of Object.entries(style)) iframe.style.setProperty(name, value);
      iframe.addEventListener(
        'load',
        () => iframe.contentWindow?.postMessage({ type: 'stripe-sandbox', setup }, new URL(base).origin, [channel.port2]),
        { once: true },
      );
    }

    /** Asks the frame to do something, and gives what came of it. */
    async call(name, detail) {
      await this.#open;
      this.#count += 1;
      const call = this.#count;
      const result = new Promise((resolve) => this.#calls.set(call, resolve));
      this.#port.postMessage({ call, name, detail });
      return result;
    }

    close() {
      this.#port.close();
      this.iframe.remove();
      for (const resolve of this.#calls.values()) {
        resolve({ error: { type: 'validation_error', code: 'element_unmounted', message: 'The Element was removed.' } });
      }
      this.#calls.clear();
    }
  }

  // Elements ------------------------------------------------------------------------------------------------------------

  class PaymentElement extends Emitter {
    #elements;
    #options;
    #frame = null;
    #destroyed = false;

    constructor(elements, options) {
      super();
      this.#elements = elements;
      this.#options = options ?? {};
    }

    /** The frame, for Elements and `confirmPayment`. */
    get _frame() {
      integration(
        this.#frame,
        'Invalid value for elements: there is no mounted Payment Element. Make sure it is mounted and its `ready` event has been emitted before you confirm.',
      );
      return this.#frame;
    }

    get _isMounted() {
      return this.#frame !== null;
    }

    mount(target) {
      integration(!this.#destroyed, 'This Element has already been destroyed. Please create a new one.');
      const place = typeof target === 'string' ? document.querySelector(target) : target;
      integration(
        place instanceof HTMLElement,
        `The selector you specified (${String(target)}) applies to no DOM elements that are currently on the page. Make sure the element exists on the page before calling mount().`,
      );
      this.unmount();
      place.classList.add('StripeElement');
      this.emit('loaderstart', { elementType: 'payment' });
      this.#frame = new Frame({ ...this.#elements._setup(), element: this.#options }, (name, detail) =>
        this.#heard(name, detail),
      );
      place.replaceChildren(this.#frame.iframe);
      return this;
    }

    #heard(name, detail) {
      const iframe = this.#frame?.iframe;
      if (!iframe) return;
      if (name === 'resize') {
        iframe.style.setProperty('height', `${detail.height}px`);
        return;
      }
      if (name === 'enter') {
        // Enter in a field sends the form around the Element, as in any other field.
        iframe.closest('form')?.requestSubmit();
        return;
      }
      const classes = iframe.parentElement?.classList;
      if (name === 'focus' || name === 'blur') classes?.toggle('StripeElement--focus', name === 'focus');
      if (name === 'change') {
        classes?.toggle('StripeElement--empty', detail.empty);
        classes?.toggle('StripeElement--complete', detail.complete);
      }
      this.emit(name, { elementType: 'payment', ...detail });
    }

    unmount() {
      this.#frame?.iframe.parentElement?.classList.remove('StripeElement', 'StripeElement--focus');
      this.#frame?.close();
      this.#frame = null;
      return this;
    }

    destroy() {
      this.unmount();
      this.#destroyed = true;
      this.#elements._forget(this);
      return this;
    }

    update(options) {
      this.#options = { ...this.#options, ...options };
      this.#frame?.call('update', { element: this.#options });
      return this;
    }

    focus() {
      this.#frame?.call('focus');
    }

    blur() {
      this.#frame?.iframe.blur();
    }

    clear() {
      this.#frame?.call('clear');
    }

    collapse() {
      // There is one way to pay, and it stays open.
      return this;
    }
  }

  class Elements extends Emitter {
    #key;
    #options;
    #element = null;
    #submitted = false;

    constructor(key, options) {
      super();
      this.#key = key;
      this.#options = options ?? {};
      const { clientSecret, mode } = this.#options;
      if (clientSecret !== undefined) {
        intentId(clientSecret, 'elements()');
      } else {
        integration(
          mode === undefined || mode === 'payment',
          `The Stripe sandbox does not support elements({ mode: '${mode}' }), only 'payment'.`,
        );
      }
    }

    /** What the frame has to know. */
    _setup() {
      const { clientSecret, appearance, locale, loader, currency } = this.#options;
      return { key: this.#key, clientSecret, appearance, locale, loader, currency };
    }

    _forget(element) {
      if (this.#element === element) this.#element = null;
    }

    get _clientSecret() {
      return this.#options.clientSecret;
    }

    get _wasSubmitted() {
      return this.#submitted;
    }

    get _frame() {
      integration(this.#element, 'Invalid value for elements: no Payment Element was created.');
      return this.#element._frame;
    }

    create(type, options) {
      integration(type === 'payment', `The Stripe sandbox does not support the Element "${type}", only "payment".`);
      integration(
        this.#options.clientSecret || this.#options.mode,
        'In order to create a payment element, you must pass a clientSecret or mode when creating the Elements group.',
      );
      integration(!this.#element, 'Can only create one Element of type payment through this Elements instance.');
      this.#element = new PaymentElement(this, options);
      return this.#element;
    }

    getElement(type) {
      // react-stripe-js passes a component, which names its type.
      const name = typeof type === 'string' ? type : type?.__elementType;
      return name === 'payment' ? this.#element : null;
    }

    async update(options) {
      integration(
        options.clientSecret === undefined,
        'Invalid value for elements.update(): clientSecret cannot be changed after the Elements group was created.',
      );
      this.#options = { ...this.#options, ...options };
      if (this.#element?._isMounted) await this._frame.call('update', options);
      this.emit('update-end', {});
    }

    async fetchUpdates() {
      const { clientSecret } = this.#options;
      if (!clientSecret) return {};
      const id = intentId(clientSecret, 'elements.fetchUpdates()');
      const { error, object } = await request('GET', `/v1/payment_intents/${id}`, {
        key: this.#key,
        client_secret: clientSecret,
      });
      return error ? { error: { message: error.message, status: object?.status } } : {};
    }

    async submit() {
      const { error } = await this._frame.call('submit');
      this.#submitted = !error;
      return error ? { error } : { selectedPaymentMethod: 'card' };
    }
  }

  // Authentication -------------------------------------------------------------------------------------------------------

  /** Lets the buyer authenticate in a frame over the page; resolves when they are done. */
  const authenticate = (url) =>
    new Promise((resolve) => {
      const iframe = document.createElement('iframe');
      iframe.title = 'Authenticate your payment';
      iframe.src = `${url}&embedded=true`;
      const style = {
        border: '0',
        position: 'fixed',
        inset: '0',
        width: '100vw',
        height: '100vh',
        'z-index': '2147483647',
        'color-scheme': 'light',
      };
      for (const [name, value] of Object.entries(style)) iframe.style.setProperty(name, value);
      const focused = document.activeElement;
      const heard = ({ source, data }) => {
        if (source !== iframe.contentWindow || data?.type !== 'stripe-sandbox-authenticated') return;
        window.removeEventListener('message', heard);
        iframe.remove();
        if (focused instanceof HTMLElement) focused.focus();
        resolve();
      };
      window.addEventListener('message', heard);
      iframe.addEventListener('load', () => iframe.focus());
      document.body.append(iframe);
    });

  // Stripe --------------------------------------------------------------------------------------------------------------

  const Stripe = function Stripe(key, options) {
    integration(
      typeof key === 'string' && key !== '',
      'Please call Stripe() with your publishable key. You used an empty string.',
    );
    integration(
      !key.startsWith('sk_'),
      'You should not use your secret key with Stripe.js.\n        Please pass a publishable key instead.',
    );
    integration(
      !options?.stripeAccount && !options?.betas?.length,
      'The Stripe sandbox does not support the options stripeAccount and betas of Stripe().',
    );

    const retrieve = async (clientSecret, method) => {
      const id = intentId(clientSecret, method);
      return asIntent(await request('GET', `/v1/payment_intents/${id}`, { key, client_secret: clientSecret }));
    };

    /** What is left to do after a confirmation, and how it ended. */
    const finish = async (result, clientSecret) => {
      const action = result.paymentIntent?.status === 'requires_action' ? result.paymentIntent.next_action : null;
      if (!action) return result;
      await authenticate(
        action.type === 'redirect_to_url' ? action.redirect_to_url.url : action.use_stripe_sdk.stripe_js,
      );
      const after = await retrieve(clientSecret, 'stripe.confirmPayment()');
      const failed = after.paymentIntent?.status === 'requires_payment_method' && after.paymentIntent.last_payment_error;
      return failed ? { error: { ...failed, payment_intent: after.paymentIntent } } : after;
    };

    const leave = (returnUrl, { id, client_secret, status }) => {
      const url = new URL(returnUrl);
      url.searchParams.set('payment_intent', id);
      url.searchParams.set('payment_intent_client_secret', client_secret);
      url.searchParams.set('redirect_status', status === 'succeeded' ? 'succeeded' : 'pending');
      window.location.assign(url);
      // The page is left: there is nothing to resolve with.
      return new Promise(() => {});
    };

    const confirmPayment = async (given) => {
      integration(given && typeof given === 'object', 'stripe.confirmPayment(): expected an object.');
      const { elements, confirmParams = {}, redirect = 'always' } = given;
      const clientSecret = given.clientSecret ?? elements?._clientSecret;
      integration(clientSecret, 'stripe.confirmPayment(): clientSecret or elements with a clientSecret is required.');
      const id = intentId(clientSecret, 'stripe.confirmPayment()');
      integration(
        redirect === 'if_required' || confirmParams.return_url,
        "stripe.confirmPayment(): the `confirmParams.return_url` argument is required unless `redirect: 'if_required'` is set.",
      );
      integration(
        !elements || elements._clientSecret || elements._wasSubmitted,
        'elements.submit() must be called before stripe.confirmPayment(). For instance, as soon as your customer presses pay.',
      );
      const parameters = { ...confirmParams, key, client_secret: clientSecret };
      const confirmed =
        elements && !confirmParams.payment_method
          ? await elements._frame.call('confirm', { id, parameters })
          : await request('POST', `/v1/payment_intents/${id}/confirm`, parameters);
      const result = await finish(asIntent(confirmed), clientSecret);
      if (result.error || redirect === 'if_required') return result;
      return leave(confirmParams.return_url, result.paymentIntent);
    };

    const handleNextAction = async ({ clientSecret }) => {
      const result = await retrieve(clientSecret, 'stripe.handleNextAction()');
      if (result.error) return result;
      integration(
        result.paymentIntent.status === 'requires_action',
        `handleNextAction: The PaymentIntent supplied is not in the requires_action state (it is ${result.paymentIntent.status}).`,
      );
      return finish(result, clientSecret);
    };

    const createPaymentMethod = async (given, data) => {
      if (given?.elements) {
        const { object, error } = await given.elements._frame.call('createPaymentMethod', given.params ?? {});
        return error ? { error } : { paymentMethod: object };
      }
      const parameters = typeof given === 'string' ? { type: given, ...data } : given;
      const { object, error } = await request('POST', '/v1/payment_methods', { ...parameters, key });
      return error ? { error } : { paymentMethod: object };
    };

    const createToken = async (element, data) => {
      integration(
        element instanceof PaymentElement,
        'The Stripe sandbox makes tokens only of a mounted Element: stripe.createToken(element).',
      );
      const { object, error } = await element._frame.call('createToken', data ?? {});
      return error ? { error } : { token: object };
    };

    const stripe = {
      elements: (elementsOptions) => new Elements(key, elementsOptions),
      confirmPayment,
      confirmCardPayment: (clientSecret, data = {}) => {
        const { payment_method: method, ...rest } = data;
        const card = method && typeof method === 'object' ? { payment_method_data: { type: 'card', ...method } } : {};
        const named = typeof method === 'string' ? { payment_method: method } : {};
        const id = intentId(clientSecret, 'stripe.confirmCardPayment()');
        const parameters = { ...rest, ...card, ...named, key, client_secret: clientSecret };
        return request('POST', `/v1/payment_intents/${id}/confirm`, parameters)
          .then(asIntent)
          .then((result) => finish(result, clientSecret));
      },
      handleNextAction,
      handleCardAction: (clientSecret) => handleNextAction({ clientSecret }),
      retrievePaymentIntent: (clientSecret) => retrieve(clientSecret, 'stripe.retrievePaymentIntent()'),
      createPaymentMethod,
      createToken,
      // What the wrappers from npm tell of themselves. Stripe counts it; nothing here depends on it.
      registerAppInfo: () => {},
      _registerWrapper: () => {},
    };
    const unsupported = [
      'confirmSetup', 'confirmCardSetup', 'retrieveSetupIntent', 'createSource', 'retrieveSource', 'paymentRequest',
      'redirectToCheckout', 'initCheckout', 'createEmbeddedCheckoutPage', 'initEmbeddedCheckout',
      'createConfirmationToken', 'createRadarSession', 'confirmAlipayPayment', 'confirmSepaDebitPayment',
      'confirmUsBankAccountPayment', 'confirmIdealPayment', 'confirmKlarnaPayment', 'confirmPayPalPayment',
    ];
    for (const name of unsupported) {
      stripe[name] = () => {
        throw new IntegrationError(`The Stripe sandbox does not support stripe.${name}().`);
      };
    }
    return stripe;
  };
  Stripe.version = folder === 'v3' ? 3 : folder;
  window.Stripe = Stripe;
})();
