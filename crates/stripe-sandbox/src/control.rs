//! The strings tests pull: time, faults, what payments come to, webhooks; and the ledger, to see where the money went.

pub mod http;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::cards::Decline;
use crate::error::Error;
use crate::faults::Fault;
use crate::objects::Delivery;
use crate::payments::{self, Outcome};
use crate::routes::refunds;
use crate::sandbox::{Deliveries, Handle, Inner};
use crate::webhooks;

/// Outcomes planned at once. A test plans a handful.
const OUTCOMES_MAX: usize = 1000;

/// A charge that was paid, and what is left of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Charged {
    /// `ch_…`
    pub charge: String,
    /// `pi_…`, where it is an intent's.
    pub payment_intent: Option<String>,
    /// What was taken.
    pub amount: i64,
    /// What was given back, or is on its way.
    pub refunded: i64,
    /// `usd` …
    pub currency: String,
    /// The merchant's own notes on the charge.
    pub metadata: BTreeMap<String, String>,
    /// Free text.
    pub description: Option<String>,
}

/// Where the money went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Every charge that was paid, oldest first.
    pub charges: Vec<Charged>,
    /// What is left on the account, by currency, fees not taken off.
    pub balance: BTreeMap<String, i64>,
}

impl Handle {
    /// Moves the clock, if the stand-in was given one that can be moved.
    pub fn advance(&self, by: Duration) -> bool {
        self.inner.clock.advance(by)
    }

    /// The next `times` calls like `POST /v1/refunds` go wrong. A `*` stands for a part of the path, at its end for the
    /// rest.
    pub fn plan(&self, calls: &str, fault: Fault, times: u32) -> Result<(), Error> {
        self.inner.plan(calls, fault, times)
    }

    /// Forgets planned faults and outcomes.
    pub fn clear_plans(&self) {
        self.inner.clear_plans();
    }

    /// The calls held now, oldest first.
    pub fn held(&self) -> Vec<String> {
        self.inner.faults.held()
    }

    /// Waits until so many calls are held.
    pub async fn until_held(&self, count: usize) {
        self.inner.faults.until_held(count).await;
    }

    /// Lets the oldest held calls go on, and says how many.
    pub fn release(&self, most: usize) -> usize {
        self.inner.faults.release(most)
    }

    /// The next attempt to pay comes to this, whatever the card would do.
    pub fn next_payment(&self, outcome: Outcome) -> Result<(), Error> {
        self.inner.next_payment(outcome)
    }

    /// The buyer authenticates a payment that requires it, or fails to.
    pub fn authenticate(&self, intent: &str, passed: bool) -> Result<(), Error> {
        self.inner.act(|call| payments::authenticate(call, intent, passed))
    }

    /// The bank answers about a payment that is processing: paid, or declined.
    pub fn settle(&self, intent: &str, declined: Option<Decline>) -> Result<(), Error> {
        self.inner.act(|call| payments::settle(call, intent, declined))
    }

    /// The bank answers about a pending refund, or fails one that had succeeded.
    pub fn settle_refund(&self, refund: &str, succeeded: bool) -> Result<(), Error> {
        self.inner.act(|call| refunds::settle(call, refund, succeeded))
    }

    /// Where the money went.
    pub fn ledger(&self) -> Ledger {
        self.inner.ledger()
    }

    /// The payment intents, oldest first, as the secret key sees them.
    pub fn intents(&self) -> Vec<Value> {
        self.inner.state.lock().intents.iter().map(|intent| intent.json(&self.inner.base)).collect()
    }

    /// The events, oldest first, as Stripe's objects.
    pub fn events(&self) -> Vec<Value> {
        self.inner
            .act(|call| Ok(call.state.events.iter().map(|event| call.event_json(event)).collect()))
            .unwrap_or_default()
    }

    /// Sends webhooks as things happen, or only by [`Handle::deliver`].
    pub fn set_deliveries(&self, deliveries: Deliveries) {
        self.inner.set_deliveries(deliveries);
    }

    /// The events no endpoint has taken yet, oldest first: their ids and types.
    pub fn undelivered(&self) -> Vec<(String, String)> {
        self.inner.undelivered()
    }

    /// Sends an event now, once, whether it was sent before or not, and gives what each endpoint answered.
    pub async fn deliver(&self, event: &str) -> Result<Vec<Result<u16, String>>, Error> {
        self.inner.deliver(event).await
    }

    /// Sends all that is undelivered, oldest first, once each, and gives how many were taken.
    pub async fn deliver_all(&self) -> Result<usize, Error> {
        self.inner.deliver_all().await
    }

    /// Posts any body with any signature to all endpoints: what forgers do.
    pub async fn post_webhook(&self, body: &str, signature: &str) -> Vec<Result<u16, String>> {
        self.inner.post_webhook(body, signature).await
    }
}

impl Inner {
    /// See [`Handle::plan`].
    pub fn plan(&self, calls: &str, fault: Fault, times: u32) -> Result<(), Error> {
        let calls = calls.parse().map_err(Error::invalid)?;
        self.faults.plan(calls, fault, times).map_err(Error::invalid)
    }

    /// See [`Handle::clear_plans`].
    pub fn clear_plans(&self) {
        self.faults.clear();
        self.state.lock().outcomes.clear();
    }

    /// See [`Handle::next_payment`].
    pub fn next_payment(&self, outcome: Outcome) -> Result<(), Error> {
        let mut state = self.state.lock();
        if state.outcomes.len() >= OUTCOMES_MAX {
            return Err(Error::invalid(format!("No more than {OUTCOMES_MAX} outcomes are planned at once.")));
        }
        state.outcomes.push_back(outcome);
        Ok(())
    }

    /// See [`Handle::ledger`].
    pub fn ledger(&self) -> Ledger {
        let state = self.state.lock();
        let mut refunded: BTreeMap<&str, i64> = BTreeMap::new();
        for refund in state.refunds.iter().filter(|refund| refund.counts()) {
            *refunded.entry(&refund.charge).or_default() += refund.amount;
        }
        let mut ledger = Ledger { charges: Vec::new(), balance: BTreeMap::new() };
        for charge in state.charges.iter().filter(|charge| charge.paid()) {
            let refunded = refunded.get(charge.id.as_str()).copied().unwrap_or_default();
            *ledger.balance.entry(charge.currency.clone()).or_default() += charge.amount - refunded;
            ledger.charges.push(Charged {
                charge: charge.id.clone(),
                payment_intent: charge.payment_intent.clone(),
                amount: charge.amount,
                refunded,
                currency: charge.currency.clone(),
                metadata: charge.metadata.clone(),
                description: charge.description.clone(),
            });
        }
        ledger
    }

    /// See [`Handle::undelivered`].
    pub fn undelivered(&self) -> Vec<(String, String)> {
        let state = self.state.lock();
        let events = state.deliveries.iter().filter_map(|delivery| state.events.get(&delivery.event));
        let mut undelivered: Vec<_> = events.map(|event| (event.id.clone(), event.kind.clone())).collect();
        undelivered.dedup();
        undelivered
    }

    /// See [`Handle::deliver`].
    pub async fn deliver(&self, event: &str) -> Result<Vec<Result<u16, String>>, Error> {
        let deliveries: Vec<Delivery> = {
            let state = self.state.lock();
            let event = state.events.find(event, "id")?;
            let endpoints = state.endpoints.iter().filter(|endpoint| endpoint.wants(&event.kind));
            let to = |endpoint: &str| Delivery {
                event: event.id.clone(),
                endpoint: endpoint.to_owned(),
                attempts: 0,
                under_way: true,
            };
            endpoints.map(|endpoint| to(&endpoint.id)).collect()
        };
        let mut answers = Vec::new();
        for delivery in deliveries {
            let Some(answer) = webhooks::attempt(self, &delivery).await else { continue };
            if matches!(answer, Ok(200..300)) {
                self.delivered(&delivery);
            }
            answers.push(answer);
        }
        Ok(answers)
    }

    /// See [`Handle::deliver_all`].
    pub async fn deliver_all(&self) -> Result<usize, Error> {
        let mut taken = 0;
        for (event, _) in self.undelivered() {
            let answers = self.deliver(&event).await?;
            taken += usize::from(answers.iter().all(|answer| matches!(answer, Ok(200..300))));
        }
        Ok(taken)
    }

    /// See [`Handle::post_webhook`].
    pub async fn post_webhook(&self, body: &str, signature: &str) -> Vec<Result<u16, String>> {
        let urls: Vec<String> = {
            let state = self.state.lock();
            state.endpoints.iter().filter(|endpoint| endpoint.enabled).map(|endpoint| endpoint.url.clone()).collect()
        };
        let mut answers = Vec::new();
        for url in urls {
            answers.push(webhooks::post(&self.http, &url, signature, body.to_owned()).await);
        }
        answers
    }
}
