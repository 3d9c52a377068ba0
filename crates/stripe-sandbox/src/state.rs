//! Everything the stand-in remembers: its objects by kind, in the order they were made.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::idempotency::Keys;
use crate::objects::{
    BalanceTransaction, Card, Charge, Customer, Delivery, Event, Method, PaymentIntent, Refund, Token, WebhookEndpoint,
};
use crate::payments::Outcome;

/// Objects of one kind kept. A development session makes hundreds; this keeps a forgotten load test from filling
/// the memory, and refusing is better than forgetting a payment someone may ask for.
const OBJECTS_MAX: usize = 200_000;
/// Events kept, oldest forgotten first, as Stripe forgets them after 30 days.
const EVENTS_MAX: usize = 50_000;

/// Has an id by which Stripe's users find it.
pub trait Object {
    /// What Stripe calls the kind.
    const KIND: &'static str;
    /// The object's id.
    fn id(&self) -> &str;
}

/// The objects of one kind, oldest first.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shelf<T> {
    items: Vec<T>,
    #[serde(skip)]
    places: HashMap<String, usize>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { items: Vec::new(), places: HashMap::new() }
    }
}

impl<T: Object> Shelf<T> {
    /// Keeps a new object.
    pub fn put(&mut self, object: T) -> Result<(), Error> {
        if self.items.len() >= OBJECTS_MAX {
            let message = format!("The Stripe sandbox keeps no more than {OBJECTS_MAX} of {}: start afresh.", T::KIND);
            return Err(Error::not_allowed(message));
        }
        self.places.insert(object.id().to_owned(), self.items.len());
        self.items.push(object);
        Ok(())
    }

    /// The object with this id.
    pub fn get(&self, id: &str) -> Option<&T> {
        self.places.get(id).and_then(|place| self.items.get(*place))
    }

    /// The object with this id, to be changed.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.places.get(id).and_then(|place| self.items.get_mut(*place))
    }

    /// The object an address names, or Stripe's 404.
    pub fn find(&self, id: &str, param: &str) -> Result<&T, Error> {
        self.get(id).ok_or_else(|| Error::not_found(T::KIND, id, param))
    }

    /// The same, to be changed.
    pub fn find_mut(&mut self, id: &str, param: &str) -> Result<&mut T, Error> {
        self.get_mut(id).ok_or_else(|| Error::not_found(T::KIND, id, param))
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }

    /// Forgets the oldest if there are more than `most`, and says whether.
    fn forget_beyond(&mut self, most: usize) -> bool {
        if self.items.len() <= most {
            return false;
        }
        // By halves, because every forgetting numbers the rest anew.
        self.items.drain(..self.items.len() - most / 2);
        self.number();
        true
    }

    /// Finds the places again after reading from a file.
    fn number(&mut self) {
        self.places = self.items.iter().enumerate().map(|(place, object)| (object.id().to_owned(), place)).collect();
    }
}

/// All shelves. Fields are public within the crate: the operations in `routes` and `payments` are what guards them.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    pub(crate) intents: Shelf<PaymentIntent>,
    pub(crate) charges: Shelf<Charge>,
    pub(crate) refunds: Shelf<Refund>,
    pub(crate) methods: Shelf<Method>,
    pub(crate) tokens: Shelf<Token>,
    pub(crate) cards: Shelf<Card>,
    pub(crate) customers: Shelf<Customer>,
    pub(crate) transactions: Shelf<BalanceTransaction>,
    pub(crate) endpoints: Shelf<WebhookEndpoint>,
    pub(crate) events: Shelf<Event>,
    /// Webhooks not yet taken by their endpoint.
    pub(crate) deliveries: Vec<Delivery>,
    /// The answers given to idempotency keys.
    pub(crate) keys: Keys,
    /// What the next attempts to pay come to, whatever the card would do.
    #[serde(skip)]
    pub(crate) outcomes: VecDeque<Outcome>,
}

impl State {
    /// Reads what [`State::to_json`] wrote.
    pub fn from_json(bytes: &[u8]) -> serde_json::Result<Self> {
        let mut state: Self = serde_json::from_slice(bytes)?;
        state.intents.number();
        state.charges.number();
        state.refunds.number();
        state.methods.number();
        state.tokens.number();
        state.cards.number();
        state.customers.number();
        state.transactions.number();
        state.endpoints.number();
        state.events.number();
        state.keys.number();
        Ok(state)
    }

    /// All of it, for the state file.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }

    /// Keeps the number of events within its bound.
    pub(crate) fn forget_old_events(&mut self) {
        if self.events.forget_beyond(EVENTS_MAX) {
            let events = &self.events;
            self.deliveries.retain(|delivery| events.get(&delivery.event).is_some());
        }
    }
}
