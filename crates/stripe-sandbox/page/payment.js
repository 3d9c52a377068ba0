// The card form in its frame: checks what is typed, and does all that needs the card. What it is asked and what it
// tells goes over the MessagePort that stripe.js gives it; the card itself goes only to the sandbox.
'use strict';

const base = new URL('..', location.href).href.replace(/\/$/, '');
const form = document.getElementById('form');
const field = {
  number: document.getElementById('Field-numberInput'),
  expiry: document.getElementById('Field-expiryInput'),
  cvc: document.getElementById('Field-cvcInput'),
  country: document.getElementById('Field-countryInput'),
  postalCode: document.getElementById('Field-postalCodeInput'),
};
let port = null;
let setup = {};
/** Whether the buyer has been told of what is missing. */
let told = false;

const tell = (event, detail) => port?.postMessage({ event, detail });

// What is typed -----------------------------------------------------------------------------------------------------------

const expiry = () => {
  const typed = digits(field.expiry.value);
  const year = typed.slice(2);
  return { month: typed.slice(0, 2), year: year.length === 2 ? `20${year}` : year };
};

// Each check gives Stripe.js's code and sentence, or nothing.

const numberProblem = () => {
  const number = digits(field.number.value);
  const { lengths } = brandOf(number);
  if (number.length < Math.min(...lengths)) return ['incomplete_number', 'Your card number is incomplete.'];
  return lengths.includes(number.length) && isPlausible(number)
    ? null
    : ['invalid_number', 'Your card number is invalid.'];
};

const expiryProblem = () => {
  const { month, year } = expiry();
  if (month.length < 2 || year.length < 4) {
    return ['incomplete_expiry', "Your card's expiration date is incomplete."];
  }
  if (Number(month) < 1 || Number(month) > 12) return ['invalid_expiry', "Your card's expiration date is invalid."];
  const now = new Date();
  if (Number(year) < now.getFullYear()) {
    return ['invalid_expiry_year_past', "Your card's expiration year is in the past."];
  }
  if (Number(year) > now.getFullYear() + 50) {
    return ['invalid_expiry_year', "Your card's expiration year is invalid."];
  }
  return Number(year) === now.getFullYear() && Number(month) < now.getMonth() + 1
    ? ['invalid_expiry_month_past', "Your card's expiration date is in the past."]
    : null;
};

const cvcProblem = () => {
  const length = brandOf(digits(field.number.value)).cvc ?? 3;
  return digits(field.cvc.value).length === length
    ? null
    : ['incomplete_cvc', "Your card's security code is incomplete."];
};

const postalCodeProblem = () => {
  const postal = POSTAL[field.country.value];
  if (!postal || !asks('postalCode') || postal.whole.test(field.postalCode.value.trim())) return null;
  const what = field.country.value === 'US' ? 'ZIP' : 'postal code';
  return field.postalCode.value.trim()
    ? ['invalid_zip', `Your ${what} is invalid.`]
    : ['incomplete_zip', `Your ${what} is incomplete.`];
};

const CHECKS = [
  ['number', numberProblem],
  ['expiry', expiryProblem],
  ['cvc', cvcProblem],
  ['postalCode', postalCodeProblem],
];

/** Whether the merchant wants the form to ask for a part of the billing address. */
const asks = (part) => {
  const billing = setup.element?.fields?.billingDetails;
  const address = billing === 'never' ? 'never' : billing?.address;
  return address !== 'never' && address?.[part] !== 'never';
};

// What is shown -----------------------------------------------------------------------------------------------------------

const show = (name, problem) => {
  const input = field[name];
  document.getElementById(`Field-${name}Error`).textContent = problem ? problem[1] : '';
  if (problem) input.setAttribute('aria-invalid', 'true');
  else input.removeAttribute('aria-invalid');
};

/** Shows what is wrong in all fields, puts the cursor into the first, and gives Stripe.js's error. */
const validate = () => {
  told = true;
  const problems = CHECKS.map(([name, check]) => [name, check()]);
  for (const [name, problem] of problems) show(name, problem);
  const first = problems.find(([, problem]) => problem);
  if (!first) return null;
  field[first[0]].focus();
  const [code, message] = first[1];
  return { type: 'validation_error', code, message };
};

const tellChange = () => {
  const empty = !field.number.value && !field.expiry.value && !field.cvc.value && !field.postalCode.value;
  const complete = CHECKS.every(([, check]) => !check());
  tell('change', { empty, complete, collapsed: false, value: { type: 'card' } });
};

const showCountry = () => {
  const postal = POSTAL[field.country.value];
  document.getElementById('postalCodeField').hidden = !postal || !asks('postalCode');
  document.getElementById('countryField').hidden = !asks('country');
  if (postal) {
    document.getElementById('postalCodeLabel').textContent = postal.label;
    field.postalCode.placeholder = postal.example;
  }
};

const showAppearance = ({ theme, variables } = {}) => {
  const root = document.documentElement;
  root.dataset.theme = theme ?? 'stripe';
  // By the CSSOM, which the frame's policy allows; a `style` attribute it would not.
  for (const [name, value] of Object.entries(variables ?? {})) {
    if (/^[A-Za-z]+$/.test(name)) root.style.setProperty(`--${name}`, String(value));
  }
};

const showProblem = (message) => {
  const problem = document.getElementById('problem');
  problem.textContent = message;
  problem.hidden = !message;
};

const fillCountries = (locale) => {
  const codes =
    'AR AT AU BE BG BR CA CH CL CO CY CZ DE DK EE ES FI FR GB GR HK HR HU IE IL IN IS IT JP KR LT LU LV MT MX MY NL NO NZ PE PH PL PT RO SE SG SI SK TH TR TW UA US UY VN ZA';
  const language = !locale || locale === 'auto' ? navigator.language : locale;
  const names = new Intl.DisplayNames([language, 'en'], { type: 'region' });
  const options = codes.split(' ').map((code) => new Option(names.of(code), code));
  options.sort((one, other) => one.text.localeCompare(other.text));
  field.country.replaceChildren(...options);
  const region = new Intl.Locale(navigator.language).region;
  field.country.value = codes.split(' ').includes(region) ? region : 'US';
};

// What is asked of the sandbox -------------------------------------------------------------------------------------------

const pairs = (parameters) => {
  const all = new URLSearchParams();
  const add = (value, name) => {
    if (value === undefined || value === null) return;
    if (typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) add(inner, name ? `${name}[${key}]` : key);
    } else {
      all.append(name, String(value));
    }
  };
  add(parameters, '');
  return all;
};

const request = async (method, path, parameters) => {
  const body = pairs({ key: setup.key, ...parameters });
  try {
    const answer = await (method === 'GET'
      ? fetch(`${base}${path}?${body}`)
      : fetch(`${base}${path}`, { method, body }));
    const json = await answer.json();
    return answer.ok ? { object: json } : { error: json.error };
  } catch {
    const message =
      'We are experiencing issues connecting to our payments provider. Please check your internet connection and try again.';
    return { error: { type: 'api_connection_error', message } };
  }
};

const card = () => {
  const { month, year } = expiry();
  return { number: digits(field.number.value), exp_month: Number(month), exp_year: year, cvc: digits(field.cvc.value) };
};

/** The merchant's billing details, and under them what the form asked for. */
const billing = (given = {}) => {
  const address = { ...given.address };
  if (asks('country')) address.country ??= field.country.value;
  if (asks('postalCode') && POSTAL[field.country.value]) address.postal_code ??= field.postalCode.value.trim();
  return { ...given, address };
};

const method = (given = {}) => ({
  ...given,
  type: 'card',
  card: card(),
  billing_details: billing(given.billing_details),
});

const CALLS = {
  submit: () => ({ error: validate() ?? undefined }),

  confirm: async ({ id, parameters }) => {
    const error = validate();
    if (error) return { error };
    const data = method(parameters.payment_method_data);
    return request('POST', `/v1/payment_intents/${id}/confirm`, { ...parameters, payment_method_data: data });
  },

  createPaymentMethod: async (given) => {
    const error = validate();
    return error ? { error } : request('POST', '/v1/payment_methods', method(given));
  },

  createToken: async (given) => {
    const error = validate();
    if (error) return { error };
    const { country, postal_code } = billing().address;
    const typed = { ...card(), ...given, address_country: country, address_zip: postal_code };
    return request('POST', '/v1/tokens', { card: typed });
  },

  update: ({ appearance, element, locale }) => {
    if (appearance) showAppearance(appearance);
    if (element) setup.element = element;
    if (locale) fillCountries(locale);
    for (const input of Object.values(field)) input.disabled = Boolean(setup.element?.readOnly);
    showCountry();
    return {};
  },

  focus: () => {
    field.number.focus();
    return {};
  },

  clear: () => {
    told = false;
    for (const name of ['number', 'expiry', 'cvc', 'postalCode']) {
      field[name].value = '';
      show(name, null);
    }
    tellChange();
    return {};
  },
};

// From here on the form lives --------------------------------------------------------------------------------------------

field.number.addEventListener('input', () => {
  const atEnd = field.number.selectionStart === field.number.value.length;
  const number = digits(field.number.value).slice(0, 19);
  document.getElementById('brand').textContent = brandOf(number).name;
  // Only where the cursor is at the end: elsewhere it would jump there.
  if (atEnd) field.number.value = grouped(number);
});
field.expiry.addEventListener('input', (event) => {
  if (!event.inputType?.startsWith('delete')) field.expiry.value = shownExpiry(field.expiry.value);
});
field.country.addEventListener('change', () => {
  showCountry();
  show('postalCode', null);
});
form.addEventListener('input', (event) => {
  const check = CHECKS.find(([name]) => field[name] === event.target);
  // While typing, a complaint goes away as soon as it is met, and none appears.
  if (check && event.target.hasAttribute('aria-invalid') && !check[1]()) show(check[0], null);
  tellChange();
});
form.addEventListener('focusin', () => tell('focus'));
form.addEventListener('focusout', (event) => {
  const check = CHECKS.find(([name]) => field[name] === event.target);
  // Leaving a field half filled says so; leaving it empty says nothing before the buyer wanted to pay.
  if (check && (told || event.target.value)) show(check[0], check[1]());
  if (!form.contains(event.relatedTarget)) tell('blur');
});
form.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') tell('escape');
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  tell('enter');
});

const open = async () => {
  showAppearance(setup.appearance);
  fillCountries(setup.locale);
  CALLS.update({});
  tell('open');
  new ResizeObserver(() => tell('resize', { height: Math.ceil(document.body.getBoundingClientRect().height) })).observe(
    document.body,
  );
  if (setup.clientSecret) {
    const id = setup.clientSecret.split('_secret_')[0];
    const { error } = await request('GET', `/v1/payment_intents/${id}`, { client_secret: setup.clientSecret });
    if (error) {
      showProblem(error.message);
      tell('loaderror', { error });
      return;
    }
  }
  tell('ready');
};

const heard = async ({ data }) => {
  const result = await CALLS[data.name]?.(data.detail ?? {});
  port.postMessage({ call: data.call, result });
};

window.addEventListener('message', ({ data, ports, source }) => {
  if (source !== window.parent || data?.type !== 'stripe-sandbox' || !ports[0] || port) return;
  port = ports[0];
  port.onmessage = heard;
  setup = data.setup;
  open();
});
