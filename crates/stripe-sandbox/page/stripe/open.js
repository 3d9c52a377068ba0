// The stand-in for https://js.stripe.com/v3: what a merchant's page loads, in one piece made of this file, base.js,
// elements.js, stripe.js and close.js. It never sees a card: the form lives in a frame of the sandbox's own origin
// (../payment.js), which does all that needs the card and answers over a MessagePort.
//
//   merchant's page ── Stripe(), elements, confirmPayment ──► this script ══ MessagePort ══► frame ──► /v1/… of the sandbox
//
// Works under `script-src SANDBOX; frame-src SANDBOX; connect-src SANDBOX; style-src 'self'`: styles are set through
// the CSSOM, which such a policy allows, never by attributes.
(() => {
'use strict';

