//! Pull requests that wait for messages, served in turns: each message goes to the next request in line.

use std::{collections::VecDeque, sync::Arc};

use super::{
    output::{Output, Rest, Status, Target},
    settings::{Nanos, Pull},
};

/// What a client asked for with `$JS.API.CONSUMER.MSG.NEXT`. Durations are nanoseconds; 0 stands for "not given".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// The inbox that messages and statuses go to.
    pub reply: Arc<str>,
    /// How many messages; 0 counts as 1.
    pub batch: u32,
    /// How long to wait for them.
    pub expires: Nanos,
    /// Take what there is and do not wait. Together with `expires`: wait for a first message only.
    pub no_wait: bool,
    /// How many bytes at most, subjects and headers included.
    pub max_bytes: u64,
    /// Send a status when nothing else was sent for this long.
    pub heartbeat: Nanos,
    /// Serve only while at least so many messages were never delivered.
    pub min_pending: u64,
    /// Serve only while at least so many messages are unacknowledged.
    pub min_ack_pending: u64,
    /// The priority group it belongs to.
    pub group: Option<String>,
}

impl PullRequest {
    /// What an empty request body asks for: one message, whenever it comes.
    pub fn one(reply: Arc<str>) -> Self {
        Self {
            reply,
            batch: 1,
            expires: 0,
            no_wait: false,
            max_bytes: 0,
            heartbeat: 0,
            min_pending: 0,
            min_ack_pending: 0,
            group: None,
        }
    }

    /// What of it the consumer does not allow, whatever its state.
    pub(super) fn check(&self, limits: &Pull) -> Result<(), Status> {
        if self.heartbeat > 0 && self.heartbeat.saturating_mul(2) > self.expires {
            return Err(Status::HeartbeatTooLarge);
        }
        if let Some(max) = limits.max_batch.filter(|max| self.batch > *max) {
            return Err(Status::ExceedsMaxBatch(max));
        }
        if let Some(max) = limits.max_expires.filter(|max| self.expires > *max) {
            return Err(Status::ExceedsMaxExpires(max));
        }
        if let Some(max) = limits.max_bytes.filter(|max| self.max_bytes > *max) {
            return Err(Status::ExceedsMaxBytes(max));
        }
        if limits.groups.is_empty() {
            // A group without a policy is of no effect; thresholds would be missed.
            let thresholds = self.min_pending > 0 || self.min_ack_pending > 0;
            return if thresholds { Err(Status::NotOverflow) } else { Ok(()) };
        }
        match &self.group {
            None => Err(Status::GroupMissing),
            Some(group) if !limits.groups.contains(group) => Err(Status::InvalidGroup),
            Some(_) => Ok(()),
        }
    }
}

/// A request in the queue.
#[derive(Debug)]
pub(super) struct Waiting {
    pub reply: Arc<str>,
    /// Messages still wanted: at least 1.
    pub left: u32,
    /// Bytes still wanted, if the request named a maximum.
    pub bytes_left: Option<u64>,
    /// Whether it got a message already.
    pub served: bool,
    pub no_wait: bool,
    pub expires_at: Option<Nanos>,
    heartbeat: Nanos,
    heartbeat_at: Option<Nanos>,
    min_pending: u64,
    min_ack_pending: u64,
}

impl Waiting {
    pub fn new(request: PullRequest, now: Nanos) -> Self {
        let positive = |duration: Nanos| (duration > 0).then(|| now.saturating_add(duration));
        Self {
            reply: request.reply,
            left: request.batch.max(1),
            bytes_left: (request.max_bytes > 0).then_some(request.max_bytes),
            served: false,
            no_wait: request.no_wait,
            expires_at: positive(request.expires),
            heartbeat: request.heartbeat,
            heartbeat_at: positive(request.heartbeat),
            min_pending: request.min_pending,
            min_ack_pending: request.min_ack_pending,
        }
    }

    pub fn rest(&self) -> Rest {
        Rest { messages: self.left, bytes: self.bytes_left.unwrap_or(0) }
    }

    fn expired(&self, now: Nanos) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    fn due(&self) -> Option<Nanos> {
        [self.expires_at, self.heartbeat_at].into_iter().flatten().min()
    }

    fn end(&self, status: Status, out: &mut Vec<Output>) {
        out.push(Output::Status { to: Target::Request(self.reply.clone()), status });
    }
}

/// The requests that wait, at most `max_waiting` (the consumer's setting; its default is 512).
#[derive(Debug, Default)]
pub(super) struct Requests {
    queue: VecDeque<Waiting>,
    /// When [`tick`](Self::tick) has something to do, or earlier: serving a request only moves its times back.
    due: Option<Nanos>,
}

/// What a request for thresholds is measured against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub pending: u64,
    pub ack_pending: u64,
}

impl Requests {
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub fn due(&self) -> Option<Nanos> {
        self.due
    }

    /// Messages wanted by all requests together.
    pub fn wanted(&self) -> u64 {
        self.queue.iter().map(|waiting| u64::from(waiting.left)).sum()
    }

    pub fn push(&mut self, waiting: Waiting) {
        self.due = earlier(self.due, waiting.due());
        self.queue.push_back(waiting);
    }

    /// Puts the request that a message of `size` bytes goes to in front. Ends those it shows to be over. `load`, if
    /// thresholds count, passes over those it does not reach.
    pub fn choose(&mut self, size: u64, load: Option<Load>, now: Nanos, out: &mut Vec<Output>) -> bool {
        for _ in 0..self.queue.len() {
            let Some(front) = self.queue.front() else { break };
            let ended = if front.bytes_left.is_some_and(|left| left < size) {
                Some(Status::SizeExceedsMaxBytes(front.rest()))
            } else {
                front.expired(now).then(|| Status::RequestTimeout(front.rest()))
            };
            if let Some(status) = ended {
                front.end(status, out);
                self.queue.pop_front();
            } else if load
                .is_some_and(|load| load.pending < front.min_pending || load.ack_pending < front.min_ack_pending)
            {
                self.queue.rotate_left(1);
            } else {
                return true;
            }
        }
        false
    }

    /// Takes one message off the request in front and sends it to the end of the line.
    pub fn serve(&mut self, size: u64, now: Nanos) -> Option<(Arc<str>, Option<Status>)> {
        let mut front = self.queue.pop_front()?;
        front.served = true;
        front.left -= 1;
        if let Some(left) = &mut front.bytes_left {
            *left = left.saturating_sub(size);
            if *left == 0 {
                front.left = 0;
            }
        }
        let reply = front.reply.clone();
        if front.left > 0 {
            if front.heartbeat > 0 {
                front.heartbeat_at = Some(now.saturating_add(front.heartbeat));
            }
            self.queue.push_back(front);
            return Some((reply, None));
        }
        let then = front.bytes_left.is_some_and(|left| left > 0).then(|| Status::BatchCompleted(front.rest()));
        Some((reply, then))
    }

    /// Nothing more can be delivered: those that do not wait have got what there was.
    pub fn end_of_log(&mut self, out: &mut Vec<Output>) {
        self.queue.retain(|waiting| {
            if !waiting.no_wait || (!waiting.served && waiting.expires_at.is_some()) {
                return true;
            }
            let status = if waiting.served { Status::RequestTimeout(waiting.rest()) } else { Status::NoMessages };
            waiting.end(status, out);
            false
        });
    }

    /// Ends what expired and sends heartbeats.
    pub fn tick(&mut self, now: Nanos, heartbeat: &Status, out: &mut Vec<Output>) {
        if self.due.is_none_or(|due| due > now) {
            return;
        }
        let mut due = None;
        self.queue.retain_mut(|waiting| {
            if waiting.expired(now) {
                waiting.end(Status::RequestTimeout(waiting.rest()), out);
                return false;
            }
            if waiting.heartbeat_at.is_some_and(|at| at <= now) {
                waiting.end(heartbeat.clone(), out);
                waiting.heartbeat_at = Some(now.saturating_add(waiting.heartbeat));
            }
            due = earlier(due, waiting.due());
            true
        });
        self.due = due;
    }

    /// Ends every request.
    pub fn clear(&mut self, status: &Status, out: &mut Vec<Output>) {
        for waiting in self.queue.drain(..) {
            waiting.end(status.clone(), out);
        }
        self.due = None;
    }

    /// Forgets the requests whose inbox nobody listens to any more.
    pub fn drop_where(&mut self, mut lost: impl FnMut(&str) -> bool) {
        self.queue.retain(|waiting| !lost(&waiting.reply));
    }
}

/// The earlier of two moments that may not be set.
pub(super) fn earlier(a: Option<Nanos>, b: Option<Nanos>) -> Option<Nanos> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
impl Requests {
    pub fn has(&self, reply: &str) -> bool {
        self.queue.iter().any(|waiting| &*waiting.reply == reply)
    }
}
