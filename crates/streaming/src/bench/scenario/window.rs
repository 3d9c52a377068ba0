//! Publish into a stream and count what it acknowledges: one by one, or with a window outstanding.
//!
//! As clients do, each publish has a reply subject of its own under one wildcard subscription. Each
//! acknowledgement must be of a publish that waits for one; together they must be the stream's sequences 1 to
//! n, each once, and the stream must then hold n messages.

use std::time::Instant;

use super::{Payload, inbox};
use crate::bench::client::{Connection, missing_if_silent};
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
        let share = context.share(index, count);
        Publisher::new(context, index, share, window).run(connection, run, &stream.subject)
    })?;
    measurement.check_seen("acknowledged sequences", Some(1))?;
    let stored = stream.messages(&mut context.connect()?)?;
    if stored != measurement.messages {
        return Err(Error::Disorder { what: "stored messages", expected: measurement.messages, got: stored });
    }
    Ok(measurement)
}

/// What one connection publishes and has outstanding.
struct Publisher {
    inbox: String,
    payload: Payload,
    share: u64,
    window: Window,
    tally: Tally,
}

impl Publisher {
    fn new(context: &Context, index: usize, share: u64, window: usize) -> Self {
        Self {
            inbox: inbox(index),
            payload: Payload::new(context.case.size),
            share,
            window: Window::new(window),
            tally: Tally::default(),
        }
    }

    fn run(mut self, connection: &mut Connection, run: &Run, subject: &str) -> Result<Tally, Error> {
        connection.writer.subscribe(&format!("{}.*", self.inbox), None, 1)?;
        let mut heard = Instant::now();
        loop {
            if !run.is_over() {
                self.fill(connection, subject)?;
            }
            if self.window.outstanding() == 0 || run.has_failed() {
                return Ok(self.tally);
            }
            if self.acknowledgements(connection, run)? {
                heard = Instant::now();
            }
            let missing = self.window.outstanding();
            let expected = self.tally.messages + missing;
            missing_if_silent("acknowledgements", heard, missing, expected)?;
        }
    }

    fn fill(&mut self, connection: &mut Connection, subject: &str) -> Result<(), Error> {
        let mut reply = format!("{}.", self.inbox);
        let prefix = reply.len();
        let mut digits = itoa::Buffer::new();
        while let Some(number) = self.window.next().filter(|number| *number < self.share) {
            reply.truncate(prefix);
            reply.push_str(digits.format(number));
            self.window.sent(Instant::now());
            connection.writer.publish(subject, Some(&reply), self.payload.numbered(number))?;
        }
        connection.writer.flush()
    }

    fn acknowledgements(&mut self, connection: &mut Connection, run: &Run) -> Result<bool, Error> {
        let before = self.tally.messages;
        let mut now = None;
        connection.receive(|message, _| {
            // One reading of the clock for all that came with one read.
            let now = *now.get_or_insert_with(Instant::now);
            if let Some(status) = message.status() {
                return Err(Error::PublishRefused(status));
            }
            let sequence = jetstream::acknowledged(message.payload).map_err(Error::PublishRefused)?;
            let number = message.number().unwrap_or(u64::MAX);
            let Some(took) = self.window.acknowledged(number, now) else {
                return Err(Error::Disorder { what: "acknowledgements", expected: self.tally.messages, got: number });
            };
            self.tally.latency.record(took);
            self.tally.seen.push(sequence);
            self.tally.messages += 1;
            self.tally.ended = Some(now);
            Ok(())
        })?;
        run.progress(self.tally.messages - before);
        Ok(now.is_some())
    }
}
