//! What an operation acts on: the state, the time, who asks, and the events it causes.

use serde_json::Value;

use crate::error::Error;
use crate::ids;
use crate::objects::{BalanceTransaction, Charge, Delivery, Event, PaymentIntent, Refund};
use crate::state::State;
use crate::webhooks::WAITING_MAX;

/// Which of the account's keys a request came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// `sk_…`: the merchant's server.
    Secret,
    /// `pk_…`: anyone's browser.
    Publishable,
}

/// One operation under the state's lock.
#[derive(Debug)]
pub struct Call<'a> {
    /// What it acts on.
    pub state: &'a mut State,
    /// UNIX seconds.
    pub now: i64,
    /// Who asks.
    pub key: Key,
    /// The stand-in's own address, for links in objects.
    pub base: &'a str,
    /// The request's id; none if a test pulled the strings.
    pub request: Option<String>,
    /// The idempotency key it came with.
    pub idempotency_key: Option<String>,
}

impl Call<'_> {
    /// Refuses a browser.
    pub fn needs_secret_key(&self) -> Result<(), Error> {
        match self.key {
            Key::Secret => Ok(()),
            Key::Publishable => Err(Error::secret_key_required()),
        }
    }

    /// Tells every endpoint that wants it what happened to `object`.
    pub fn emit(&mut self, kind: &str, object: Value, previous: Option<Value>) -> Result<(), Error> {
        let event = Event {
            id: ids::id("evt"),
            kind: kind.to_owned(),
            created: self.now,
            object,
            previous,
            request: self.request.clone(),
            idempotency_key: self.idempotency_key.clone(),
        };
        let endpoints = self.state.endpoints.iter().filter(|endpoint| endpoint.wants(kind));
        let deliveries = endpoints.map(|endpoint| Delivery {
            event: event.id.clone(),
            endpoint: endpoint.id.clone(),
            attempts: 0,
            under_way: false,
        });
        self.state.deliveries.extend(deliveries);
        let excess = self.state.deliveries.len().saturating_sub(WAITING_MAX);
        if excess > 0 {
            tracing::warn!(excess, "giving up the oldest webhooks: more than {WAITING_MAX} are waiting");
            self.state.deliveries.drain(..excess);
        }
        self.state.events.put(event)?;
        self.state.forget_old_events();
        Ok(())
    }

    /// Tells that an intent is now as it is.
    pub fn emit_intent(&mut self, kind: &str, intent: &PaymentIntent) -> Result<(), Error> {
        let object = intent.json(self.base);
        self.emit(kind, object, None)
    }

    /// Tells that a charge is now as it is.
    pub fn emit_charge(&mut self, kind: &str, charge: &str, previous: Option<Value>) -> Result<(), Error> {
        let object = self.charge_json(self.state.charges.find(charge, "charge")?);
        self.emit(kind, object, previous)
    }

    /// An intent as the asking key may see it.
    pub fn intent_json(&self, intent: &PaymentIntent) -> Value {
        match self.key {
            Key::Secret => intent.json(self.base),
            Key::Publishable => intent.public_json(self.base),
        }
    }

    /// The refunds of a charge, oldest first.
    pub fn refunds_of(&self, charge: &str) -> Vec<&Refund> {
        self.state.refunds.iter().filter(|refund| refund.charge == charge).collect()
    }

    /// How much of a charge has not been given back.
    pub fn unrefunded(&self, charge: &Charge) -> i64 {
        let refunds = self.refunds_of(&charge.id);
        let back: i64 = refunds.iter().filter(|refund| refund.counts()).map(|refund| refund.amount).sum();
        charge.amount - back
    }

    /// A charge with its refunds.
    pub fn charge_json(&self, charge: &Charge) -> Value {
        charge.json(&self.refunds_of(&charge.id))
    }

    /// An event with the number of endpoints that have not taken it.
    pub fn event_json(&self, event: &Event) -> Value {
        event.json(self.state.deliveries.iter().filter(|delivery| delivery.event == event.id).count())
    }

    /// Moves money on the account and gives the movement's id.
    pub fn move_money(&mut self, kind: &str, source: &Moved<'_>) -> Result<String, Error> {
        let transaction = BalanceTransaction {
            id: ids::id("txn"),
            amount: source.amount,
            fee: if source.amount > 0 && kind == "charge" { BalanceTransaction::fee_of(source.amount) } else { 0 },
            currency: source.currency.to_owned(),
            created: self.now,
            description: source.description.map(str::to_owned),
            source: source.id.to_owned(),
            kind: kind.to_owned(),
        };
        let id = transaction.id.clone();
        self.state.transactions.put(transaction)?;
        Ok(id)
    }
}

/// Why money moves, and how much.
#[derive(Debug)]
pub struct Moved<'a> {
    /// The charge or refund.
    pub id: &'a str,
    /// Below nought where it leaves the account.
    pub amount: i64,
    /// `usd` …
    pub currency: &'a str,
    /// From the charge.
    pub description: Option<&'a str>,
}
