// The page on which a buyer authenticates, or fails to: in a frame over the merchant's page (`embedded=true`, then the
// page is told), or by itself (then the browser goes back to the merchant's return_url).
'use strict';

const query = new URLSearchParams(location.search);
const address = location.pathname;
const secret = query.get('client_secret') ?? '';
const buttons = [...document.querySelectorAll('button')];

const fail = (message) => {
  const problem = document.getElementById('problem');
  problem.textContent = message;
  problem.hidden = false;
};

const ask = async (suffix, init) => {
  const answer = await fetch(`${address}${suffix}?${new URLSearchParams({ client_secret: secret })}`, init);
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.error.message);
  return json;
};

const choose = async (passed) => {
  for (const button of buttons) button.disabled = true;
  try {
    const body = JSON.stringify({ passed });
    const { returnUrl } = await ask('', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    if (query.has('embedded')) {
      // Nothing secret in it, and the merchant's origin is not known here: to whoever holds the frame.
      window.parent.postMessage({ type: 'stripe-sandbox-authenticated' }, '*');
    } else if (returnUrl) {
      location.assign(returnUrl);
    } else {
      fail('Done. You may close this page.');
    }
  } catch (error) {
    fail(error.message);
    for (const button of buttons) button.disabled = false;
  }
};

buttons[0].addEventListener('click', () => choose(true));
buttons[1].addEventListener('click', () => choose(false));
// They were shown before there was anybody to hear them.
for (const button of buttons) button.disabled = false;
ask('/payment')
  .then(({ amount, currency }) => {
    const decimals = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits;
    const money = new Intl.NumberFormat(navigator.language, { style: 'currency', currency }).format(
      amount / 10 ** decimals,
    );
    document.getElementById('what').textContent = `Your bank wants to know that it is you who pays ${money}.`;
    buttons[0].focus();
  })
  .catch((error) => fail(error.message));
