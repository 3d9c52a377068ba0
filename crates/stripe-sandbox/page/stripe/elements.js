// The Payment Element and its group, and the frame in which the form lives.

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
