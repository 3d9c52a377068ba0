//! The stand-in, tried from outside: as Stripe's clients, browsers and endpoints see it.

#![allow(clippy::unwrap_used, reason = "a test's helpers may end it as well as the test itself")]

mod async_stripe;
mod support;
