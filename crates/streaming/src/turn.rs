//! One turn of work: what a batch of input did, and what has to follow it.
//!
//! A connection reads a batch of commands, a stream's driver commits a batch of records; each runs as one turn. While it
//! runs, outboxes and streams that it touched are noted; at its end the streams move on (commit, deliver) and every
//! touched outbox is written once. That is one read and one write system call for hundreds of messages.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::connection::{Appended, Connection};
use crate::router::{Handler, Matches, Permit, Subscription, Target};
use crate::server::Server;
use crate::stream::Stream;

/// Rounds of "deliveries reach further streams" a turn follows itself before it hands the rest to the streams' drivers.
const ROUNDS_MAX: usize = 8;

/// Pending bytes at which a delivery is sent before the turn ends, so that the client can begin.
const EARLY_FLUSH_BYTES: usize = 64 * 1024;

/// A message on its way through the server.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// Where it was published.
    pub subject: &'a str,
    /// Where an answer is awaited.
    pub reply: Option<&'a str>,
    /// The header block with its version line, or nothing.
    pub headers: &'a [u8],
    /// The body.
    pub payload: &'a [u8],
    /// Which client published it.
    pub from: Option<&'a Arc<Connection>>,
}

/// A message put by until a lock is released.
struct Deferred {
    handler: Arc<dyn Handler>,
    subject: Box<str>,
    reply: Option<Box<str>>,
    headers: Vec<u8>,
    payload: Vec<u8>,
}

/// The work of one batch. See the module's text.
pub struct Turn {
    server: Arc<Server>,
    /// The time at which the turn began, UNIX nanoseconds.
    pub now: i64,
    touched: Vec<Arc<Connection>>,
    streams: Vec<Arc<Stream>>,
    deferred: VecDeque<Deferred>,
    ended: Vec<Arc<Subscription>>,
    matches: Matches,
    /// A stream's lock is held: handlers must wait.
    locked: bool,
    dice: u64,
    /// A stream that has more uncommitted than it may.
    stalled: Option<Arc<Stream>>,
}

impl Turn {
    /// A turn of `server`, beginning now.
    pub fn new(server: Arc<Server>) -> Self {
        let now = server.clock.now();
        Self {
            server,
            now,
            touched: Vec::new(),
            streams: Vec::new(),
            deferred: VecDeque::new(),
            ended: Vec::new(),
            matches: Matches::default(),
            locked: false,
            dice: now.cast_unsigned() | 1,
            stalled: None,
        }
    }

    /// The server this is a turn of.
    pub fn server(&self) -> &Arc<Server> {
        &self.server
    }

    /// Begins anew; the buffers are kept.
    pub fn begin(&mut self) {
        self.now = self.server.clock.now();
    }

    /// Publishes a message of the server's own. Returns how many got it.
    pub fn publish(&mut self, message: &Message<'_>) -> usize {
        let mut matches = std::mem::take(&mut self.matches);
        self.server.router.collect(message.subject, &mut matches);
        let reached = self.deliver(&matches, message.subject, message);
        self.matches = matches;
        reached
    }

    /// Sends `payload` to `subject`: an answer, a receipt.
    pub fn reply(&mut self, subject: &str, payload: &[u8]) {
        self.publish(&Message { subject, reply: None, headers: &[], payload, from: None });
    }

    /// Sends a message without body, only headers: a status.
    pub fn reply_headers(&mut self, subject: &str, headers: &[u8]) {
        self.publish(&Message { subject, reply: None, headers, payload: &[], from: None });
    }

    /// Delivers to `matches`, of which one member a queue group. `shown` is the subject the receivers see, which for a
    /// consumer's delivery is not the one that was matched. Returns how many got it.
    pub fn deliver(&mut self, matches: &Matches, shown: &str, message: &Message<'_>) -> usize {
        let mut reached = 0;
        for subscription in &matches.plain {
            reached += usize::from(self.send(subscription, shown, message));
        }
        for queue in &matches.queues {
            // Any member will do; one that is ending, or does not want its own messages, passes it on.
            let count = queue.members.len();
            let start = self.pick(count);
            let mut members = (0..count).map(|i| &queue.members[(start + i) % count]);
            reached += usize::from(members.any(|member| self.send(member, shown, message)));
        }
        reached
    }

    /// A number below `count`, by an xorshift generator: enough to spread work, and nothing else hangs on it.
    fn pick(&mut self, count: usize) -> usize {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        usize::try_from(self.dice >> 33).unwrap_or(0) % count.max(1)
    }

    fn send(&mut self, subscription: &Arc<Subscription>, shown: &str, message: &Message<'_>) -> bool {
        let (connection, sid) = match &subscription.target {
            Target::Handler(handler) => {
                self.hand(handler, message);
                return true;
            }
            Target::Client { connection, sid } => (connection, sid),
        };
        if message.from.is_some_and(|from| !connection.wants(from)) || !connection.may_receive(subscription, shown) {
            return false;
        }
        match subscription.count() {
            Permit::Open => {}
            Permit::Last => self.ended.push(subscription.clone()),
            Permit::Over => return false,
        }
        let headers = if connection.takes_headers() { message.headers } else { &[] };
        let bytes = headers.len() + message.payload.len();
        let appended = connection.outbox.append_message(1, bytes, |out| {
            protocol::server::message(out, shown, sid, message.reply, headers, message.payload);
        });
        if let Some(reply) = message.reply {
            connection.may_answer(reply, self.now);
        }
        self.note(connection, appended)
    }

    /// Gives a message to a part of the server, at once or when no lock is held any more.
    pub fn hand(&mut self, handler: &Arc<dyn Handler>, message: &Message<'_>) {
        if !self.locked {
            return handler.handle(self, message);
        }
        self.deferred.push_back(Deferred {
            handler: handler.clone(),
            subject: message.subject.into(),
            reply: message.reply.map(Into::into),
            headers: message.headers.to_vec(),
            payload: message.payload.to_vec(),
        });
    }

    /// Sees to it that what was appended to a connection's outbox is sent.
    pub fn note(&mut self, connection: &Arc<Connection>, appended: Appended) -> bool {
        match appended {
            Appended::First => self.touched.push(connection.clone()),
            Appended::Behind => {}
            Appended::Refused => return false,
        }
        true
    }

    /// Sends at once what has piled up for `connection`, if it is much.
    pub fn hurry(&self, connection: &Arc<Connection>) {
        if connection.outbox.len() >= EARLY_FLUSH_BYTES {
            connection.outbox.flush(self.now);
        }
    }

    /// Has `stream` move on at the end of the turn.
    pub fn touch(&mut self, stream: &Arc<Stream>) {
        if !self.streams.iter().any(|s| Arc::ptr_eq(s, stream)) {
            self.streams.push(stream.clone());
        }
    }

    /// Notes that `stream` has more uncommitted than it may: whoever publishes is to wait.
    pub fn stall(&mut self, stream: Arc<Stream>) {
        self.stalled = Some(stream);
    }

    /// The stream to wait for before more is read.
    pub fn take_stalled(&mut self) -> Option<Arc<Stream>> {
        self.stalled.take()
    }

    /// Runs `work` while a stream's lock is held: messages for the server's own handlers wait until it is released.
    pub fn locked<R>(&mut self, work: impl FnOnce(&mut Self) -> R) -> R {
        let before = std::mem::replace(&mut self.locked, true);
        let result = work(self);
        self.locked = before;
        result
    }

    /// Lets the touched streams move on, then writes to every touched client.
    pub fn finish(&mut self) {
        for round in 0.. {
            while let Some(d) = self.deferred.pop_front() {
                let reply = d.reply.as_deref();
                let message =
                    Message { subject: &d.subject, reply, headers: &d.headers, payload: &d.payload, from: None };
                d.handler.handle(self, &message);
            }
            let streams = std::mem::take(&mut self.streams);
            if streams.is_empty() {
                break;
            }
            for stream in &streams {
                // Streams that feed one another in a circle must not keep this thread for ever.
                if round < ROUNDS_MAX { stream.settle(self) } else { stream.wake_driver() }
            }
            if self.streams.is_empty() && self.deferred.is_empty() {
                self.streams = streams;
                self.streams.clear();
            }
        }
        for subscription in std::mem::take(&mut self.ended) {
            if let Some(connection) = subscription.connection() {
                let connection = connection.clone();
                connection.end_subscription(self, &subscription);
            }
        }
        for connection in &self.touched {
            connection.outbox.flush(self.now);
        }
        self.touched.clear();
    }
}
