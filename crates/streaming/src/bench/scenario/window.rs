//! Publish into a stream and count what it acknowledges: one by one, or with a window outstanding.
//!
//! As clients do, each publish has a reply subject of its own under one wildcard subscription. Each
//! acknowledgement must be of a publish that waits for one; together they must be the stream's sequences 1 to
//! n, each once, and the stream must then hold n messages.

use std::time::Instant;

use super::{Payload, inbox};
use crate::bench::client::{Connection, Message, Writer, missing_if_silent};
use crate::bench::error::Error;
use crate::bench::jetstream::{self, Stream};
use crate::bench::measure::{Context, Measurement, Run, Tally};
use crate::bench::options::Storage;
use crate::bench::window::Window;

pub fn run(context: &Context, storage: Storage, window: usize) -> Result<Measurement, Error> {
    Stream::with(context, storage, |stream| publish(context, stream, context.case.connections, window))
}

/// Fills `stream` by as many messages as the case has, or as there is time for. The messages' numbers begin
/// at 0 on each of the `count` connections.
pub fn publish(context: &Context, stream: &Stream, count: usize, window: usize) -> Result<Measurement, Error> {
    let connections = context.connections(count)?;
    let mut measurement = context.measure(connections, |index, connection, run| {
        let face = JetStream::new(context, index, &stream.subject);
        let (tally, _) = Publisher::new(face, context.share(index, count), window).run(connection, run)?;
        Ok(tally)
    })?;
    measurement.check_seen("acknowledged sequences", Some(1))?;
    let stored = stream.messages(&mut context.connect()?)?;
    if stored != measurement.messages {
        return Err(Error::Disorder { what: "stored messages", expected: measurement.messages, got: stored });
    }
    Ok(measurement)
}

/// How a message is published and its acknowledgement read.
pub trait Face {
    /// Where acknowledgements come, perhaps a wildcard.
    fn acks(&self) -> String;

    /// Publishes message `number`; it is sent with the next flush.
    fn publish(&mut self, writer: &mut Writer, number: u64) -> Result<(), Error>;

    /// Whose acknowledgement `message` is, and what identifies what was stored; `None` if it is something else.
    fn acknowledged(&mut self, message: &Message<'_>, writer: &mut Writer) -> Result<Option<(u64, u64)>, Error>;
}

struct JetStream<'a> {
    subject: &'a str,
    inbox: String,
    /// The inbox and a number.
    reply: String,
    payload: Payload,
}

impl<'a> JetStream<'a> {
    fn new(context: &Context, index: usize, subject: &'a str) -> Self {
        // Of acknowledgements only: what a consumer of the run before still sends to its inbox is none.
        let inbox = format!("{}.acks", inbox(index));
        Self { subject, inbox, reply: String::new(), payload: Payload::new(context.case.size) }
    }
}

impl Face for JetStream<'_> {
    fn acks(&self) -> String {
        format!("{}.*", self.inbox)
    }

    fn publish(&mut self, writer: &mut Writer, number: u64) -> Result<(), Error> {
        self.reply.clear();
        for part in [self.inbox.as_str(), ".", itoa::Buffer::new().format(number)] {
            self.reply.push_str(part);
        }
        writer.publish(self.subject, Some(&self.reply), self.payload.numbered(number))
    }

    fn acknowledged(&mut self, message: &Message<'_>, _: &mut Writer) -> Result<Option<(u64, u64)>, Error> {
        if let Some(status) = message.status() {
            return Err(Error::PublishRefused(status));
        }
        let sequence = jetstream::acknowledged(message.payload).map_err(Error::PublishRefused)?;
        Ok(Some((message.number().unwrap_or(u64::MAX), sequence)))
    }
}

/// What one connection publishes and has outstanding.
pub struct Publisher<F> {
    face: F,
    share: u64,
    window: Window,
    tally: Tally,
}

impl<F: Face> Publisher<F> {
    /// One that publishes `share` messages, `window` at a time.
    pub fn new(face: F, share: u64, window: usize) -> Self {
        Self { face, share, window: Window::new(window), tally: Tally::default() }
    }

    /// Publishes until all is acknowledged or the time is up.
    pub fn run(mut self, connection: &mut Connection, run: &Run) -> Result<(Tally, F), Error> {
        connection.writer.subscribe(&self.face.acks(), None, 1)?;
        let mut heard = Instant::now();
        loop {
            if !run.is_over() {
                self.fill(connection)?;
            }
            if self.window.outstanding() == 0 || run.has_failed() {
                return Ok((self.tally, self.face));
            }
            if self.acknowledgements(connection, run)? {
                heard = Instant::now();
            }
            let missing = self.window.outstanding();
            let expected = self.tally.messages + missing;
            missing_if_silent("acknowledgements", heard, missing, expected)?;
        }
    }

    fn fill(&mut self, connection: &mut Connection) -> Result<(), Error> {
        while let Some(number) = self.window.next().filter(|number| *number < self.share) {
            self.window.sent(Instant::now());
            self.face.publish(&mut connection.writer, number)?;
        }
        connection.writer.flush()
    }

    fn acknowledgements(&mut self, connection: &mut Connection, run: &Run) -> Result<bool, Error> {
        let before = self.tally.messages;
        let mut now = None;
        connection.receive(|message, writer| {
            let Some((number, stored)) = self.face.acknowledged(&message, writer)? else { return Ok(()) };
            // One reading of the clock for all that came with one read.
            let now = *now.get_or_insert_with(Instant::now);
            let Some(took) = self.window.acknowledged(number, now) else {
                return Err(Error::Disorder { what: "acknowledgements", expected: self.tally.messages, got: number });
            };
            self.tally.latency.record(took);
            self.tally.seen.push(stored);
            self.tally.messages += 1;
            self.tally.ended = Some(now);
            Ok(())
        })?;
        run.progress(self.tally.messages - before);
        Ok(now.is_some())
    }
}
