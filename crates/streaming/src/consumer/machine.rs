//! The consumer as a whole: making, restoring, updating, pausing and closing it.

use std::collections::VecDeque;

use super::{
    expiry::Expiry,
    flow::Flow,
    output::{Output, Status, Target},
    pace::Pace,
    progress::{Change, Progress, Snapshot},
    request::{PullRequest, Requests, Waiting},
    settings::{Nanos, Settings, Start},
};

/// The delivery state machine; see the [module](super).
#[derive(Debug)]
pub struct Consumer {
    pub(super) settings: Settings,
    pub(super) progress: Progress,
    pub(super) changes: Vec<Change>,
    /// No message before this one is left to be delivered first; beyond what [`Progress`] says where none matched.
    pub(super) scanned: u64,
    /// Matching messages ahead.
    pub(super) num_pending: u64,
    pub(super) expiry: Expiry,
    /// In line for redelivery. An entry whose message is settled is passed over.
    pub(super) queue: VecDeque<u64>,
    pub(super) requests: Requests,
    pub(super) pace: Pace,
    /// When what [`Pace`] held back may go.
    pub(super) held_until: Option<Nanos>,
    pub(super) flow: Option<Flow>,
    /// Whether somebody listens on the deliver subject.
    pub(super) interest: bool,
    /// Nobody has room for new messages.
    pub(super) new_held: bool,
    /// The last sign of life of a client.
    pub(super) active: Nanos,
    /// When a push consumer sends a heartbeat, unless it sends something else.
    pub(super) heartbeat_at: Option<Nanos>,
    pub(super) closed: bool,
}

/// Why a consumer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// It, or its stream, was deleted.
    Deleted,
    /// The server stops.
    Shutdown,
}

impl Consumer {
    /// A consumer that delivered nothing yet. A push consumer starts without [`interest`](Self::interest).
    pub fn new(settings: Settings, start: &Start, now: Nanos) -> Self {
        let progress = Progress::new(start, &settings);
        Self::with(settings, progress, start.last, start.pending, now)
    }

    /// The consumer as it was, from its last snapshot and the changes since ([`Snapshot::replay`]). `last` is the
    /// log's last sequence; `pending` is how many live messages match and lie ahead: those of [`Snapshot::list`] and
    /// those at or after [`Snapshot::next`].
    pub fn restore(settings: Settings, snapshot: &Snapshot, last: u64, pending: u64, now: Nanos) -> Self {
        let progress = Progress::restore(snapshot, &settings);
        Self::with(settings, progress, last, pending, now)
    }

    fn with(settings: Settings, progress: Progress, last: u64, num_pending: u64, now: Nanos) -> Self {
        let rate = settings.push().and_then(|push| push.rate);
        let mut expiry = Expiry::default();
        expiry.rebuild(&progress.pending, &settings);
        Self {
            scanned: progress.next(),
            changes: Vec::new(),
            num_pending,
            expiry,
            queue: VecDeque::new(),
            requests: Requests::default(),
            pace: Pace::new(settings.replay_original.then_some(last), rate),
            held_until: None,
            flow: settings.push().and_then(|push| push.flow_control.then(Flow::new)),
            interest: false,
            new_held: false,
            active: now,
            heartbeat_at: None,
            closed: false,
            settings,
            progress,
        }
    }

    /// The state that has to survive a restart.
    pub fn snapshot(&self) -> Snapshot {
        self.progress.snapshot()
    }

    /// Where the next new message is looked for, once all [`listed`](Self::listed) are delivered.
    pub fn next(&self) -> u64 {
        if self.progress.listed().is_some() { self.progress.resume() } else { self.position() }
    }

    /// The messages to deliver before all others (last message of each subject), ascending.
    pub fn listed(&self) -> impl Iterator<Item = u64> {
        self.progress.list()
    }

    /// Appends the changes since the last call to `into`. They are collected only if [`Settings::journaled`]; whoever
    /// asks for that must take them after every call that may deliver or settle.
    pub fn take_changes(&mut self, into: &mut Vec<Change>) {
        into.append(&mut self.changes);
    }

    /// The configuration in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Puts a pull request in line, or answers it. Call [`poll`](Self::poll) afterwards.
    pub fn request(&mut self, request: PullRequest, now: Nanos, out: &mut Vec<Output>) {
        let to = Target::Request(request.reply.clone());
        match self.admit(&request, now, out) {
            Ok(()) => self.requests.push(Waiting::new(request, now)),
            Err(status) => out.push(Output::Status { to, status }),
        }
    }

    fn admit(&mut self, request: &PullRequest, now: Nanos, out: &mut Vec<Output>) -> Result<(), Status> {
        if self.closed {
            return Err(Status::ConsumerDeleted);
        }
        let Some(limits) = self.settings.pull() else {
            return Err(Status::PushBased);
        };
        let max_waiting = limits.max_waiting;
        request.check(limits)?;
        self.active = self.active.max(now);
        if self.requests.len() >= max_waiting {
            self.tick_requests(now, out);
        }
        if request.no_wait {
            let pending = self.num_pending + self.queue.len() as u64;
            if pending == 0 && request.expires <= 0 {
                return Err(Status::NoMessages);
            }
            if pending > 0 && pending < self.requests.wanted() {
                return Err(Status::RequestsPending);
            }
        }
        if self.requests.len() >= max_waiting {
            return Err(Status::ExceedsMaxWaiting);
        }
        Ok(())
    }

    /// Whether pull requests are in line.
    pub fn has_requests(&self) -> bool {
        !self.requests.is_empty()
    }

    /// Forgets the requests whose inbox nobody listens to any more. Until now their clients counted as there, and they
    /// have the whole `inactive_threshold` to come back.
    pub fn drop_requests(&mut self, now: Nanos, lost: impl FnMut(&str) -> bool) {
        let before = self.requests.len();
        self.requests.drop_where(lost);
        if self.requests.len() < before {
            self.active = self.active.max(now);
        }
    }

    /// Tells a push consumer whether somebody listens on its deliver subject.
    pub fn interest(&mut self, interest: bool, now: Nanos) {
        if self.interest == interest {
            return;
        }
        self.interest = interest;
        self.active = self.active.max(now);
        if let Some(flow) = self.flow.as_mut().filter(|_| !interest) {
            flow.forget();
        }
        self.beat(now);
    }

    /// Tells whether new messages are to be held back. What is to be redelivered is not.
    pub fn hold_new(&mut self, held: bool) {
        self.new_held = held;
    }

    /// The client confirmed that it keeps up.
    pub fn flow_control_reply(&mut self, token: u64) {
        if let Some(flow) = &mut self.flow {
            flow.confirmed(token);
        }
    }

    /// Changes the configuration. The ack policy and whether it is pull or push stay what they were.
    pub fn update(&mut self, settings: Settings, now: Nanos) {
        let waits_anew = (settings.ack_wait, &settings.backoff) != (self.settings.ack_wait, &self.settings.backoff);
        self.settings = settings;
        if waits_anew {
            self.expiry.rebuild(&self.progress.pending, &self.settings);
        }
        let push = self.settings.push();
        self.pace.limit(push.and_then(|push| push.rate));
        if push.is_some_and(|push| push.flow_control) {
            self.flow.get_or_insert_with(Flow::new);
        } else {
            self.flow = None;
        }
        self.held_until = None;
        self.active = self.active.max(now);
        self.beat(now);
    }

    /// Delivers nothing until then, or goes on with `None`. Requests, acknowledgements and heartbeats go on as ever.
    pub fn pause(&mut self, until: Option<Nanos>) {
        self.settings.paused_until = until;
    }

    /// Whether nothing is delivered at that time.
    pub fn paused(&self, now: Nanos) -> bool {
        self.settings.paused_until.is_some_and(|until| until > now)
    }

    /// Starts over at `to`, as if nothing from there on had been delivered; `pending` messages match from there on.
    pub fn reset(&mut self, to: u64, pending: u64) {
        self.record(Change::Reset { to });
        self.scanned = self.progress.next();
        self.num_pending = pending;
        self.queue.clear();
        self.expiry.rebuild(&self.progress.pending, &self.settings);
        self.held_until = None;
    }

    /// Queues pending messages for redelivery at once, in the order of the log.
    pub fn redeliver(&mut self, mut which: impl FnMut(u64) -> bool) {
        let chosen: Vec<u64> =
            self.progress.pending.iter().map(|entry| entry.sequence).filter(|sequence| which(*sequence)).collect();
        for sequence in chosen {
            self.enqueue(sequence);
        }
    }

    /// Ends all requests. Nothing is delivered any more.
    pub fn close(&mut self, why: Closing, out: &mut Vec<Output>) {
        let status = match why {
            Closing::Deleted => Status::ConsumerDeleted,
            Closing::Shutdown => Status::ServerShutdown,
        };
        self.requests.clear(&status, out);
        self.closed = true;
    }

    /// Whether interest or work-queue retention must keep this message for the consumer: it is pending, or still to
    /// be delivered. (That it matches the filter is the caller's to know.)
    pub fn needs(&self, sequence: u64) -> bool {
        self.ahead(sequence) || self.progress.pending.get(sequence).is_some()
    }

    /// Whether a matching message is still to be delivered for the first time.
    pub(super) fn ahead(&self, sequence: u64) -> bool {
        sequence >= self.next() || self.progress.lists(sequence)
    }

    /// Where to look for new messages when nothing is listed.
    pub(super) fn position(&self) -> u64 {
        self.scanned.max(self.progress.next())
    }

    /// Makes a change, and notes it for the ledger.
    pub(super) fn record(&mut self, change: Change) {
        self.progress.apply(change);
        if self.settings.journaled {
            self.changes.push(change);
        }
    }

    /// Puts a pending message in line for redelivery, if it is not there yet.
    pub(super) fn enqueue(&mut self, sequence: u64) {
        if self.progress.pending.set_queued(sequence, true) {
            self.queue.push_back(sequence);
        }
    }

    /// Starts the time to the next heartbeat of a push consumer anew.
    pub(super) fn beat(&mut self, now: Nanos) {
        let heartbeat = self.settings.push().and_then(|push| push.heartbeat).filter(|_| self.interest);
        self.heartbeat_at = heartbeat.map(|heartbeat| now.saturating_add(heartbeat));
    }
}
