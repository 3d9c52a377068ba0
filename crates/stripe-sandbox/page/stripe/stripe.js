// `Stripe(key)`: what a merchant's page calls.

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
