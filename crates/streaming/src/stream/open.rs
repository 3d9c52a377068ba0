//! How a stream comes to be: made anew, or found again where it lies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};

use journal::{Directory, Ledger, Log, Memory};
use parking_lot::Mutex;
use protocol::jetstream::api::json_string;
use protocol::jetstream::config::StreamConfig;
use protocol::subject::Transform;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::config::settings;
use super::dedupe::Dedupe;
use super::driver::Seat;
use super::place::Place;
use super::publish::FIRES;
use super::quota::{Quota, Share};
use super::receipts::Receipts;
use super::republish::Republish;
use super::reserve::Reserve;
use super::retention::ahead;
use super::slot::{Slot, Wanted};
use super::{State, Stream, ledger};
use crate::consumer::Consumer;
use crate::options;

/// Why a stream cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The disk failed.
    #[error("{0}")]
    Disk(#[from] std::io::Error),
    /// The log cannot be read.
    #[error("{0}")]
    Log(#[from] journal::OpenError),
    /// The configuration cannot be read.
    #[error("stream.json cannot be read: {0}")]
    Config(String),
}

/// Where a stream lies, and what it may take there.
#[derive(Clone)]
pub struct Store {
    pub(super) place: Place,
    quota: Arc<Quota>,
    pub(super) reserve: Arc<Reserve>,
}

impl Store {
    /// In memory: gone with the process.
    pub fn memory(quota: Arc<Quota>) -> Self {
        Self { place: Place::Memory(Arc::new(Memory::default())), quota, reserve: Reserve::none() }
    }

    /// In a folder of its own, which is made when the stream is.
    pub fn files(directory: Directory, quota: Arc<Quota>, reserve: Arc<Reserve>) -> Self {
        Self { place: Place::Files(Arc::new(directory)), quota, reserve }
    }

    /// In a database, in a folder of its own.
    pub fn database(folder: sql_store::Folder, quota: Arc<Quota>) -> Self {
        Self { place: Place::Database(folder), quota, reserve: Reserve::none() }
    }

    /// Writes down what the stream is.
    pub(super) fn write_config(&self, config: &StreamConfig, created: i64) -> std::io::Result<()> {
        let description = Description { created, config: config.clone() };
        self.place.write_config(&serde_json::to_vec(&description)?)
    }
}

#[derive(Serialize, Deserialize)]
struct Description {
    created: i64,
    config: StreamConfig,
}

impl Stream {
    /// Makes a stream.
    pub(crate) fn create(
        config: StreamConfig,
        store: Store,
        seat: Seat,
        options: &options::JetStream,
        now: i64,
    ) -> Result<Arc<Self>, OpenError> {
        // What an interrupted creation or deletion left behind belongs to no stream.
        store.place.remove()?;
        let mut log = store.place.log(&config.name)?;
        if config.first_seq > 1 {
            log.begin_at(config.first_seq);
        }
        let (ledger, _) = store.place.ledger(&config.name)?;
        store.write_config(&config, now)?;
        let state = State::new(config, now, log, ledger, store, options);
        Ok(Self::with(state, seat))
    }

    /// Finds a stream again. `None`: its creation was never finished.
    pub(crate) fn recover(
        name: &str,
        store: Store,
        seat: Seat,
        options: &options::JetStream,
        now: i64,
    ) -> Result<Option<Arc<Self>>, OpenError> {
        let Some(bytes) = store.place.read_config()? else { return Ok(None) };
        let description: Description = serde_json::from_slice(&bytes).map_err(|e| OpenError::Config(e.to_string()))?;
        let log = store.place.log(name)?;
        let (ledger, entries) = store.place.ledger(name)?;
        let mut state = State::new(description.config, description.created, log, ledger, store, options);
        state.recover_consumers(entries, now);
        state.ids_recalled = false;
        state.recover_schedules();
        Ok(Some(Self::with(state, seat)))
    }

    fn with(state: State, seat: Seat) -> Arc<Self> {
        Arc::new_cyclic(|this: &Weak<Self>| Self {
            name: state.config.name.as_str().into(),
            json_name: json_string(&state.config.name),
            this: this.clone(),
            seat,
            queued: AtomicBool::new(false),
            keeping_up: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            room: Notify::new(),
            subscriptions: Mutex::default(),
            state: Mutex::new(state),
        })
    }
}

impl State {
    fn new(
        config: StreamConfig,
        created: i64,
        log: Log,
        ledger: Option<Ledger>,
        store: Store,
        options: &options::JetStream,
    ) -> Self {
        let sync = match options.sync {
            // A database says itself how it keeps what it took.
            _ if store.place.is_database() => journal::Sync::Always,
            options::Sync::Always => journal::Sync::Always,
            options::Sync::Every(_) | options::Sync::Never => journal::Sync::Never,
        };
        let sync_every = match options.sync {
            options::Sync::Every(pause) if !store.place.is_database() => Some(crate::clock::nanos(pause)),
            _ => None,
        };
        Self {
            dedupe: Dedupe::new(config.duplicate_window),
            ids_recalled: true,
            last_stamp: log.state().last_time,
            transform: transform(&config),
            republish: Republish::of(&config),
            in_place: store.place.is_memory() || sync == journal::Sync::Never,
            config,
            created,
            log,
            ledger,
            ledger_due: None,
            ledger_live_bytes: 0,
            receipts: Receipts::default(),
            answers: Vec::new(),
            consumers: BTreeMap::new(),
            hot: BTreeSet::new(),
            paused: BTreeSet::new(),
            retry_at: None,
            inactive: Vec::new(),
            done: Vec::new(),
            removing: Vec::new(),
            unkept_bytes: 0,
            purged: false,
            // Taken for slow until it is known to be swift.
            commit_nanos: 1_000_000,
            last_waited: 0,
            committing: false,
            sync,
            sync_every,
            sync_at: None,
            fault: None,
            limits_lowered: false,
            consumers_due: 0,
            age_due: Some(0),
            age_cursor: 0,
            share: Share::of(store.quota.clone()),
            store,
            reply: Vec::new(),
            scratch: Vec::new(),
            changes: Vec::new(),
            deleted: false,
        }
    }

    /// Brings the durable consumers back to where they were.
    fn recover_consumers(&mut self, entries: Vec<Vec<u8>>, now: i64) {
        let (remembered, unread) = ledger::read(entries);
        if unread > 0 {
            tracing::warn!(stream = self.config.name, "{unread} entries of the consumers' ledger were not understood");
        }
        for (name, was) in remembered {
            let Some(wanted) = Wanted::new(was.config.filters()) else {
                tracing::warn!(
                    stream = self.config.name,
                    consumer = &*name,
                    "its filters are not valid: it is dropped"
                );
                continue;
            };
            let new = settings(&self.config, &was.config, true);
            let Ok(snapshot) = was.snapshot(&new) else {
                tracing::error!(
                    stream = self.config.name,
                    consumer = &*name,
                    "its state cannot be read: it starts anew"
                );
                continue;
            };
            let mut consumer = Consumer::restore(new, &snapshot, self.log.committed(), 0, now);
            let pending = ahead(&mut self.log, &consumer, &wanted);
            consumer.recount(pending);
            let slot = Slot::new(&self.config.name, was.config, wanted, consumer, true, was.created);
            self.consumers.insert(name.clone(), slot);
            self.hot.insert(name);
        }
    }

    /// Remembers the ids of the messages within the window. Done when the first id is asked for: a start need not wait
    /// for millions of messages that have none.
    pub fn recall_ids(&mut self, now: i64) {
        if std::mem::replace(&mut self.ids_recalled, true) {
            return;
        }
        let mut from = self.log.sequence_at(now.saturating_sub(self.config.duplicate_window));
        while let Ok(Some(record)) = self.log.next(from, &journal::Everything) {
            from = record.sequence + 1;
            let headers = protocol::headers::Headers::parse(record.headers);
            if let Some(id) = headers.get(protocol::headers::MSG_ID) {
                self.dedupe.insert(id, record.sequence, record.time);
            }
        }
    }

    /// A repeating schedule that was missed goes on with its next time; one for a moment fires late rather than never.
    fn recover_schedules(&mut self) {
        if !self.config.allow_msg_schedules {
            return;
        }
        let now = self.log.state().last_time;
        for (sequence, due) in self.log.due(i64::MAX, usize::MAX) {
            if due.kind != FIRES {
                continue;
            }
            let next = match self.log.get(sequence) {
                Ok(Some(record)) => {
                    super::scheduler::of(record.headers).filter(|s| !s.once()).and_then(|s| s.next(now))
                }
                _ => None,
            };
            if let Some(at) = next {
                self.log.set_due(sequence, at);
            }
        }
    }
}

/// How the stream maps subjects, if it does; the configuration was checked when it was taken.
pub(super) fn transform(config: &StreamConfig) -> Option<Transform> {
    let transform = config.subject_transform.as_ref()?;
    Transform::new(&transform.src, &transform.dest).ok()
}
