//! Subjects → subscriptions: who gets a message published on a subject.
//!
//! Clients' subscriptions and the server's own handlers (`$JS.API.>`, the subjects of every stream) lie in the same
//! `trie`, so a publish asks one question. The answer for a literal subject is kept by each connection until the
//! table changes: [`Router::generation`] tells when it did.
//!
//! Lock order: a stream's lock may be held while the router is asked, the router's while an outbox is appended to;
//! never the other way round. Handlers are called after the router's lock was released.

mod cache;
mod trie;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use hashbrown::HashMap;
use parking_lot::{Mutex, RwLock};

use crate::connection::Connection;
use crate::turn::{Message, Turn};

pub use cache::Cache;
use trie::Trie;

/// What the server itself does with messages of a subject.
pub trait Handler: Send + Sync {
    /// Called without any lock held, in the order in which one connection published.
    fn handle(&self, turn: &mut Turn, message: &Message<'_>);
}

/// Someone who learns that the interest in a subject may have changed.
pub trait Watcher: Send + Sync {
    /// A subscription that covers the watched subject came or went.
    fn interest_changed(&self, turn: &mut Turn);
}

/// Where a subscription's messages go.
pub enum Target {
    /// To a client, under the id it gave the subscription.
    Client {
        /// The subscriber.
        connection: Arc<Connection>,
        /// The client's name for the subscription.
        sid: Box<str>,
    },
    /// To a part of the server.
    Handler(Arc<dyn Handler>),
}

/// One subscription: a filter, perhaps a queue group, and a target.
pub struct Subscription {
    /// The filter, which may hold wildcards.
    pub subject: Box<str>,
    /// The queue group: each message goes to one member of it.
    pub queue: Option<Box<str>>,
    /// Who gets the messages.
    pub target: Target,
    delivered: AtomicU64,
    /// Ends by itself after that many messages; negative while there is no such limit.
    max: AtomicI64,
}

impl Subscription {
    /// A subscription without an end.
    pub fn new(subject: &str, queue: Option<&str>, target: Target) -> Arc<Self> {
        Arc::new(Self {
            subject: subject.into(),
            queue: queue.map(Into::into),
            target,
            delivered: AtomicU64::new(0),
            max: AtomicI64::new(-1),
        })
    }

    /// Sets the number of messages after which it ends; true when it has had them already.
    pub fn end_after(&self, max: u64) -> bool {
        self.max.store(i64::try_from(max).unwrap_or(i64::MAX), Ordering::Relaxed);
        self.delivered() >= max
    }

    /// Messages delivered so far.
    pub fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// The number of messages after which it ends by itself, if there is one.
    pub fn max(&self) -> Option<u64> {
        u64::try_from(self.max.load(Ordering::Relaxed)).ok()
    }

    /// Counts a delivery: may this one go out, and is it the last?
    pub(crate) fn count(&self) -> Permit {
        let nth = self.delivered.fetch_add(1, Ordering::Relaxed) + 1;
        match u64::try_from(self.max.load(Ordering::Relaxed)) {
            Ok(max) if nth > max => Permit::Over,
            Ok(max) if nth == max => Permit::Last,
            _ => Permit::Open,
        }
    }

    pub(crate) fn connection(&self) -> Option<&Arc<Connection>> {
        match &self.target {
            Target::Client { connection, .. } => Some(connection),
            Target::Handler(_) => None,
        }
    }
}

/// Whether a subscription's limit lets a message through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permit {
    Open,
    Last,
    Over,
}

/// Everyone a message on one subject goes to.
#[derive(Default)]
pub struct Matches {
    /// Those who each get it.
    pub plain: Vec<Arc<Subscription>>,
    /// Groups of which one member gets it.
    pub queues: Vec<Queue>,
}

/// The members of one queue group that match a subject, over all their filters.
pub struct Queue {
    /// The group's name.
    pub name: Box<str>,
    /// Its members.
    pub members: Vec<Arc<Subscription>>,
}

impl Matches {
    /// True when nobody is interested.
    pub fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.queues.is_empty()
    }

    /// True when a client (not only a part of the server) is interested.
    pub fn has_client(&self) -> bool {
        let client = |s: &Arc<Subscription>| s.connection().is_some();
        self.plain.iter().any(client) || self.queues.iter().any(|q| q.members.iter().any(client))
    }

    fn clear(&mut self) {
        self.plain.clear();
        self.queues.clear();
    }

    fn add_queue(&mut self, name: &str, members: &[Arc<Subscription>]) {
        match self.queues.iter_mut().find(|q| &*q.name == name) {
            Some(queue) => queue.members.extend_from_slice(members),
            None => self.queues.push(Queue { name: name.into(), members: members.to_vec() }),
        }
    }
}

type Watchers = HashMap<String, Vec<Arc<dyn Watcher>>>;

/// The table of all subscriptions of a server.
#[derive(Default)]
pub struct Router {
    trie: RwLock<Trie>,
    generation: AtomicU64,
    departures: AtomicU64,
    watchers: Mutex<Watchers>,
}

impl Router {
    /// Changes with every change of the table.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Changes with every subscription that goes.
    pub fn departures(&self) -> u64 {
        self.departures.load(Ordering::Acquire)
    }

    /// Subscriptions in the table.
    pub fn len(&self) -> usize {
        self.trie.read().len()
    }

    /// Subscriptions from the `offset`-th on, `limit` at most, in an order that holds as long as none comes or goes.
    pub fn page(&self, offset: usize, limit: usize) -> Vec<Arc<Subscription>> {
        let (mut page, mut nth) = (Vec::new(), 0);
        self.trie.read().each(&mut |subscription| {
            if nth >= offset && page.len() < limit {
                page.push(subscription.clone());
            }
            nth += 1;
        });
        page
    }

    /// True when nobody is subscribed to anything.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a subscription.
    pub fn insert(&self, subscription: Arc<Subscription>) {
        self.trie.write().insert(subscription);
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Takes a subscription out; false when it was not there.
    pub fn remove(&self, subscription: &Arc<Subscription>) -> bool {
        let removed = self.trie.write().remove(subscription);
        self.departures.fetch_add(1, Ordering::Release);
        self.generation.fetch_add(1, Ordering::Release);
        removed
    }

    /// Collects into `matches` who gets a message on `subject`.
    pub fn collect(&self, subject: &str, matches: &mut Matches) {
        matches.clear();
        // A subject with an empty token is no subject, not even to `>`.
        if subject.is_empty() || subject.starts_with('.') || subject.ends_with('.') || subject.contains("..") {
            return;
        }
        self.trie.read().visit(subject, &mut |leaf| {
            matches.plain.extend_from_slice(&leaf.plain);
            for (name, members) in &leaf.queues {
                matches.add_queue(name, members);
            }
        });
    }

    /// True when anyone is subscribed to `subject`.
    pub fn has_interest(&self, subject: &str) -> bool {
        let mut any = false;
        self.trie.read().visit(subject, &mut |_| any = true);
        any
    }

    /// True when a client is subscribed to `subject`.
    pub fn has_client_interest(&self, subject: &str) -> bool {
        let mut any = false;
        self.trie.read().visit(subject, &mut |leaf| any |= leaf.has_client());
        any
    }

    /// Has `watcher` told of every change of interest in the literal `subject`.
    pub fn watch(&self, subject: &str, watcher: Arc<dyn Watcher>) {
        self.watchers.lock().entry_ref(subject).or_default().push(watcher);
    }

    /// Ends one watch of `subject` by `watcher`.
    pub fn unwatch(&self, subject: &str, watcher: &Arc<dyn Watcher>) {
        let mut watchers = self.watchers.lock();
        let Some(list) = watchers.get_mut(subject) else { return };
        if let Some(at) = list.iter().position(|w| Arc::ptr_eq(w, watcher)) {
            list.swap_remove(at);
        }
        if list.is_empty() {
            watchers.remove(subject);
        }
    }

    /// Tells those who watch a subject that `filter` covers. To be called after a subscription came or went, without locks.
    pub fn announce(&self, turn: &mut Turn, filter: &str) {
        let concerned: Vec<Arc<dyn Watcher>> = {
            let watchers = self.watchers.lock();
            if watchers.is_empty() {
                return;
            }
            if filter.contains(['*', '>']) {
                let covered = watchers.iter().filter(|(s, _)| protocol::subject::matches(filter, s));
                covered.flat_map(|(_, list)| list.iter().cloned()).collect()
            } else {
                watchers.get(filter).cloned().unwrap_or_default()
            }
        };
        for watcher in concerned {
            watcher.interest_changed(turn);
        }
    }
}

#[cfg(test)]
mod tests;
