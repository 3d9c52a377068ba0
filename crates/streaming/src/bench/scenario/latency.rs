//! How long after it was due is a message delivered, when a steady rate is published?
//!
//! ```text
//! publishers (--connections) ── each message at its time ─► stream ─► push consumer ─► the first connection
//! ```
//!
//! Latency counts from when a message was due, not from when it was sent: if the server makes the publisher
//! wait, all that were due meanwhile are late, and a count from the sending would hide it (coordinated
//! omission).

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Payload, inbox, number_of};
use crate::bench::client::{Connection, missing_if_silent};
use crate::bench::error::Error;
use crate::bench::jetstream::{self, Stream};
use crate::bench::measure::{Context, Measurement, Run, Tally};
use crate::bench::options::Storage;

/// A sleeping thread may wake this much late, so for the rest of the time it only gives way to others.
const WAKE: Duration = Duration::from_micros(150);

/// Time for the threads to be under way before the first message is due.
const LEAD: Duration = Duration::from_millis(5);

/// The run is bounded by its messages, which take `messages / rate` seconds.
pub fn run(context: &Context, storage: Storage) -> Result<Measurement, Error> {
    Stream::with(context, storage, |stream| deliver(context, stream))
}

fn deliver(context: &Context, stream: &Stream) -> Result<Measurement, Error> {
    // The first receives what the others publish, and the stream's acknowledgements.
    let mut connections = context.connections(1 + context.case.connections)?;
    let receiver = &mut connections[0];
    let deliver = format!("{}.deliver", inbox(0));
    receiver.writer.subscribe(&deliver, None, 1)?;
    receiver.writer.subscribe(&acks(), None, 2)?;
    let consumer = json!({ "deliver_subject": deliver, "ack_policy": "none" });
    stream.consumer(receiver, &consumer)?;
    let mut measurement = context.measure(connections, |index, connection, run| match index.checked_sub(1) {
        None => receive(context, connection, run),
        Some(index) => publish(context, index, connection, run, &stream.subject),
    })?;
    measurement.check_seen("delivered messages", Some(0))?;
    Ok(measurement)
}

/// Where the stream's acknowledgements go: to the receiver too.
fn acks() -> String {
    format!("{}.ack", inbox(0))
}

/// When message `number` of the run is to be published.
pub fn due(began: Instant, number: u64, rate: u64) -> Instant {
    let nanos = u128::from(number) * 1_000_000_000 / u128::from(rate);
    began + LEAD + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

fn publish(
    context: &Context,
    index: usize,
    connection: &mut Connection,
    run: &Run,
    subject: &str,
) -> Result<Tally, Error> {
    let acks = acks();
    let mut payload = Payload::new(context.case.size);
    pace(context, index, run, |number| {
        connection.writer.publish(subject, Some(&acks), payload.numbered(number))?;
        connection.writer.flush()
    })?;
    connection.barrier()?;
    Ok(Tally::default())
}

/// Calls `publish` with each of the numbers that fall to publisher `index`, when it is due.
pub fn pace(
    context: &Context,
    index: usize,
    run: &Run,
    mut publish: impl FnMut(u64) -> Result<(), Error>,
) -> Result<(), Error> {
    for number in (index as u64..context.messages).step_by(context.case.connections) {
        let due = due(run.began(), number, context.rate);
        while let Some(early) = due.checked_duration_since(Instant::now()) {
            match early.checked_sub(WAKE) {
                Some(sleep) if !sleep.is_zero() => thread::sleep(sleep),
                _ => thread::yield_now(),
            }
        }
        if run.has_failed() {
            break;
        }
        publish(number)?;
    }
    Ok(())
}

fn receive(context: &Context, connection: &mut Connection, run: &Run) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    let acks = acks();
    let mut acknowledged = 0;
    let mut heard = Instant::now();
    let interval = Duration::from_secs(1) / u32::try_from(context.rate).unwrap_or(u32::MAX);
    while (tally.messages < context.messages || acknowledged < context.messages) && !run.has_failed() {
        let before = tally.messages;
        let mut now = None;
        connection.receive(|message, _| {
            let now = *now.get_or_insert_with(Instant::now);
            if let Some(status) = message.status() {
                return Err(Error::PublishRefused(status));
            }
            if message.subject == acks {
                jetstream::acknowledged(message.payload).map_err(Error::PublishRefused)?;
                acknowledged += 1;
                return Ok(());
            }
            let number = number_of(message.payload)?;
            tally.latency.record(now.saturating_duration_since(due(run.began(), number, context.rate)));
            tally.seen.push(number);
            tally.messages += 1;
            tally.ended = Some(now);
            Ok(())
        })?;
        heard = now.unwrap_or(heard);
        run.progress(tally.messages - before);
        let missing = context.messages - tally.messages.min(acknowledged);
        // At a rate of less than one in ten seconds silence says nothing before the next is due.
        missing_if_silent("messages and acknowledgements", heard + interval, missing, context.messages)?;
    }
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_due_at_even_distances() {
        let began = Instant::now();
        assert_eq!(due(began, 0, 1000), began + LEAD);
        assert_eq!(due(began, 2500, 1000), began + LEAD + Duration::from_millis(2500));
        assert_eq!(due(began, 1, 3), began + LEAD + Duration::from_nanos(333_333_333));
    }
}
