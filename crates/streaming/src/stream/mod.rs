//! A stream: one log, the consumers that read it, and the rules of what it keeps.
//!
//! ```text
//!  publish ──► [publish] checks ──► log.append ─┐ staged                       ┌─► receipts to the publishers
//!  ack ──────► [consumers] ──► ledger.append ───┤                              │
//!                                               └─► [commit] write, sync ──────┼─► [retention] limits, interest
//!                                                   memory: at the turn's end  │
//!                                                   file: by its [driver]      └─► [delivery] to whoever wants it
//!  clock ────► [driver] ──► ages, expiries, heartbeats, schedules
//! ```
//!
//! Invariants:
//! - Everything lies under one lock, which is not held while the disk is written or synced.
//! - What is not committed is not delivered, not acknowledged and not read.
//! - A message for another part of the server, sent under the lock, waits until the lock is released ([`Turn::locked`]).
//! - A STAN channel is a stream and a STAN subscription a consumer with [`members`]; nothing else here knows which
//!   protocol a message came by, or by which it goes.

mod adopt;
mod advisories;
mod commit;
mod config;
mod consumers;
mod dedupe;
mod delivery;
mod dialogue;
pub mod driver;
mod fault;
pub mod glance;
mod ledger;
mod manage;
pub mod members;
mod open;
mod place;
mod publish;
mod quota;
mod receipts;
mod republish;
mod reserve;
mod retention;
mod scheduler;
mod slot;
mod tick;
mod wishes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use journal::{Ledger, Log};
use parking_lot::{Mutex, MutexGuard};
use protocol::jetstream::config::StreamConfig;
use protocol::subject::Transform;
use tokio::sync::Notify;

use crate::consumer::Change;
use crate::router::{Handler, Subscription, Target};
use crate::turn::{Message, Turn};
use dedupe::Dedupe;
use driver::Seat;
use fault::Fault;
use quota::Share;
use receipts::Receipts;
use republish::Republish;
use slot::Slot;

pub(crate) use adopt::{Adopted, Adoption};
pub use dialogue::pull_request;
pub use manage::{Found, Which};
pub use open::{OpenError, Store};
pub use protocol::jetstream::api::Action;
pub use quota::Quota;
pub use receipts::Gate;
pub use reserve::Reserve;
pub use wishes::API_LEVEL;

/// Bytes a stream may hold uncommitted. Above it those who publish are not read from until a commit is through.
const STAGED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// One stream. See the module's text.
pub struct Stream {
    /// Its name.
    pub name: Box<str>,
    /// Its name as JSON.
    json_name: String,
    this: Weak<Stream>,
    seat: Seat,
    /// It stands in its driver's queue.
    queued: AtomicBool,
    /// Work on its sealed files is asked for or under way.
    keeping_up: AtomicBool,
    /// It was deleted or the server stops: it takes nothing more.
    closed: AtomicBool,
    /// Told when staged bytes were committed.
    room: Notify,
    /// Its subjects in the router.
    subscriptions: Mutex<Vec<Arc<Subscription>>>,
    state: Mutex<State>,
}

/// What lies under a stream's lock.
#[allow(clippy::struct_excessive_bools, reason = "they are independent of one another")]
struct State {
    config: StreamConfig,
    created: i64,
    log: Log,
    /// The durable consumers' state; none in memory.
    ledger: Option<Ledger>,
    ledger_due: Option<i64>,
    /// Bytes of the ledger when it was last written anew.
    ledger_live_bytes: u64,
    dedupe: Dedupe,
    /// The ids of messages stored before this start are known: see [`State::recall_ids`].
    ids_recalled: bool,
    /// The time the last message was stored under.
    last_stamp: i64,
    receipts: Receipts,
    /// Acknowledgements to confirm at once: there is nothing to wait for.
    answers: Vec<Box<str>>,
    consumers: BTreeMap<Box<str>, Slot>,
    /// Consumers that may have something to deliver.
    hot: BTreeSet<Box<str>>,
    /// Consumers whose clients have enough pending.
    paused: BTreeSet<Box<str>>,
    retry_at: Option<i64>,
    /// Consumers nobody has used for too long.
    inactive: Vec<Box<str>>,
    /// Messages every consumer is through with.
    done: Vec<u64>,
    /// Those of them whose removal is staged.
    removing: Vec<u64>,
    /// How subjects are mapped.
    transform: Option<Transform>,
    /// Where what is stored is published again.
    republish: Option<Republish>,
    /// Bytes committed since work on sealed files was last asked for.
    unkept_bytes: usize,
    /// Messages were purged and this is not committed yet: there may be files to do away with then.
    purged: bool,
    /// How long commits take, nanoseconds, averaged; and how many waited for the last one.
    commit_nanos: i64,
    last_waited: usize,
    /// A commit is under way.
    committing: bool,
    /// Whether commits are done in place: in memory, or without syncs.
    in_place: bool,
    sync: journal::Sync,
    /// How often the log is synced, where that is not done with each commit.
    sync_every: Option<i64>,
    sync_at: Option<i64>,
    /// The disk fails.
    fault: Option<Fault>,
    /// A limit was lowered below what is there.
    limits_lowered: bool,
    /// When a consumer has something to do at the earliest.
    consumers_due: i64,
    /// When a message is too old at the earliest.
    age_due: Option<i64>,
    /// Before this sequence nothing has to be looked at for its age.
    age_cursor: u64,
    /// The stream's files are gone.
    deleted: bool,
    store: Store,
    /// Its part of what all streams of its kind may hold.
    share: Share,
    /// Reused: a reply subject, headers, changes of a consumer.
    reply: Vec<u8>,
    scratch: Vec<u8>,
    changes: Vec<Change>,
}

impl Stream {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    fn seat(&self) -> &Seat {
        &self.seat
    }

    fn arc(&self) -> Option<Arc<Stream>> {
        self.this.upgrade()
    }

    /// True once it takes nothing more.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Has the stream's own thread look after it soon.
    pub fn wake_driver(&self) {
        if !self.queued.swap(true, Ordering::AcqRel)
            && let Some(stream) = self.arc()
        {
            self.seat.ready(stream);
        }
    }

    fn dequeued(&self) {
        self.queued.store(false, Ordering::Release);
    }

    /// Moves on at the end of a turn that touched it: commits what can be committed in place, delivers, and leaves the
    /// rest to its thread.
    pub fn settle(&self, turn: &mut Turn) {
        let mut guard = self.lock();
        if guard.commits_here() {
            drop(guard);
            self.commit(turn);
            guard = self.lock();
        }
        let state = &mut *guard;
        state.deliver(self, turn);
        state.remove_done(turn.now);
        state.confirm(turn);
        state.arm(self);
        self.leave_rest(state);
    }

    /// Moves on in the stream's own thread: runs what is due, commits, tells the publishers, delivers.
    fn drive(&self, turn: &mut Turn) {
        let mut guard = self.lock();
        guard.tick(self, turn);
        let syncs = guard.sync_at.take_if(|at| *at <= turn.now).map(|_| guard.store.clone());
        let trial = guard.trial(turn.now);
        drop(guard);
        match trial.map(|trial| trial.run()) {
            Some(Ok(())) => self.lock().forget_fault(self),
            // What is not needed any more may be in the way.
            Some(Err(_)) => self.ask_for_upkeep(),
            None => {}
        }
        if let Some(Err(error)) = syncs.map(|store| store.place.sync()) {
            tracing::error!(stream = &*self.name, "cannot sync: {error}");
        }
        self.commit(turn);
        let mut guard = self.lock();
        let state = &mut *guard;
        state.deliver(self, turn);
        state.delete_inactive(self, turn);
        state.remove_done(turn.now);
        state.confirm(turn);
        state.compact_ledger(&self.name);
        state.arm(self);
        self.leave_rest(state);
    }

    /// Commits what is staged, and tells whoever waits for it. Called without the lock.
    fn commit(&self, turn: &mut Turn) {
        let mut receipts = Receipts::default();
        let mut guard = self.lock();
        if guard.in_place {
            guard.commit_in_place(self, turn, &mut receipts);
        } else if let Some(mut batch) = guard.begin_commit() {
            drop(guard);
            let began = turn.server().clock.now();
            let outcome = batch.run();
            let took = turn.server().clock.now() - began;
            guard = self.lock();
            receipts = guard.end_commit(self, turn, batch, outcome);
            guard.note_pace(took, receipts.len());
            self.room.notify_waiters();
        }
        // Whoever is told may be another part of the server, and want the lock.
        drop(guard);
        for (consumer, member) in receipts.send(turn, &self.json_name) {
            self.start_member(turn, &consumer, &member);
        }
    }

    /// Hands on what this turn leaves undone.
    fn leave_rest(&self, state: &mut State) {
        state.share.set(state.log.held().bytes);
        if state.needs_commit() && !state.in_place && !state.committing {
            self.wake_driver();
        }
        if state.wants_upkeep() {
            self.ask_for_upkeep();
        }
    }

    /// Asks for work on sealed files, if there may be some: after a commit.
    fn ask_for_upkeep(&self) {
        if !self.keeping_up.swap(true, Ordering::AcqRel) {
            self.seat.keep_up(self.this.clone());
        }
    }

    /// Does the work there is on sealed files; the lock is held only to begin and to end each piece.
    fn keep_up(&self) {
        self.keeping_up.store(false, Ordering::Release);
        loop {
            let mut guard = self.lock();
            if guard.deleted {
                return;
            }
            for damage in guard.log.take_damages() {
                tracing::error!(stream = &*self.name, "{damage}");
            }
            let Some(mut upkeep) = guard.log.begin_upkeep() else { return };
            drop(guard);
            let outcome = upkeep.run();
            if let Err(error) = &outcome {
                tracing::warn!(stream = &*self.name, "work on sealed files failed: {error}");
            }
            let failed = outcome.is_err();
            self.lock().log.end_upkeep(upkeep, outcome);
            if failed {
                return;
            }
        }
    }

    /// Waits until less than the bound is staged.
    pub async fn room(&self) {
        loop {
            let notified = self.room.notified();
            if self.lock().log.staged_bytes() < STAGED_BYTES_MAX || self.is_closed() {
                return;
            }
            notified.await;
        }
    }

    /// Takes the stream's subjects in the router.
    pub(crate) fn subscribe(self: &Arc<Self>, turn: &mut Turn) {
        let subjects = self.lock().config.subjects.clone();
        let server = turn.server().clone();
        let mut held = self.subscriptions.lock();
        let (kept, gone): (Vec<_>, Vec<_>) = held.drain(..).partition(|s| subjects.iter().any(|n| **n == *s.subject));
        for subscription in gone {
            server.router.remove(&subscription);
        }
        *held = kept;
        for subject in subjects {
            if !held.iter().any(|s| *s.subject == *subject) {
                let handler = Arc::new(Ingest(self.this.clone()));
                let subscription = Subscription::new(&subject, None, Target::Handler(handler));
                server.router.insert(subscription.clone());
                held.push(subscription);
            }
        }
    }

    fn unsubscribe(&self, turn: &Turn) {
        for subscription in self.subscriptions.lock().drain(..) {
            turn.server().router.remove(&subscription);
        }
    }
}

/// The stream as the receiver of what is published on its subjects.
struct Ingest(Weak<Stream>);

impl Handler for Ingest {
    fn handle(&self, turn: &mut Turn, message: &Message<'_>) {
        if let Some(stream) = self.0.upgrade() {
            stream.publish(turn, message);
        }
    }
}
