//! Fetch batch by batch from a pull consumer, acknowledging each message.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde_json::json;

use super::{inbox, number_of, window};
use crate::bench::client::{Connection, PATIENCE, missing_if_silent};
use crate::bench::error::Error;
use crate::bench::jetstream::Stream;
use crate::bench::measure::{Context, Measurement, Run, Tally};
use crate::bench::options::Storage;

/// Outstanding publishes while the stream is filled, which is not measured.
const FILL_WINDOW: usize = 512;

pub fn run(context: &Context, storage: Storage) -> Result<Measurement, Error> {
    Stream::with(context, storage, |stream| consume(context, stream))
}

fn consume(context: &Context, stream: &Stream) -> Result<Measurement, Error> {
    let stored = window::publish(context, stream, 1, FILL_WINDOW)?.messages;
    let connections = context.connections(context.case.connections)?;
    let mut control = context.connect()?;
    let outstanding = context.batch * context.case.connections as u64;
    stream.consumer(&mut control, &json!({ "max_ack_pending": outstanding.max(1000) }))?;
    let left = AtomicU64::new(stored);
    let mut measurement = context.measure(connections, |index, connection, run| {
        fetch_all(context, index, connection, run, &stream.next(), &left)
    })?;
    settle(stream, &mut control)?;
    measurement.check_seen("fetched messages", None)?;
    Ok(measurement)
}

/// Fails if the consumer keeps waiting for acknowledgements that have been sent.
pub fn settle(stream: &Stream, control: &mut Connection) -> Result<(), Error> {
    let sent = Instant::now();
    loop {
        let missing = stream.unacknowledged(control)?;
        if missing == 0 {
            return Ok(());
        }
        missing_if_silent("acknowledgements of deliveries", sent, missing, missing)?;
    }
}

/// Claims batches of what is `left` in the stream until there is nothing more. Since no more is asked for
/// than is there, each fetch is filled, and none has to wait.
fn fetch_all(
    context: &Context,
    index: usize,
    connection: &mut Connection,
    run: &Run,
    next: &str,
    left: &AtomicU64,
) -> Result<Tally, Error> {
    let inbox = inbox(index);
    connection.writer.subscribe(&inbox, None, 1)?;
    let mut tally = Tally::default();
    while !run.is_over() {
        let claim = |left: u64| (left > 0).then(|| left.saturating_sub(context.batch));
        let Ok(before) = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, claim) else {
            break;
        };
        let batch = before.min(context.batch);
        let asked = Instant::now();
        let request = json!({ "batch": batch, "expires": PATIENCE.as_nanos() as u64 });
        connection.writer.publish(next, Some(&inbox), request.to_string().as_bytes())?;
        connection.writer.flush()?;
        fetch(connection, &inbox, batch, &mut tally)?;
        let now = Instant::now();
        tally.latency.record(now - asked);
        tally.ended = Some(now);
        run.progress(batch);
    }
    connection.barrier()?;
    Ok(tally)
}

/// Takes the `batch` messages of one fetch. Their acknowledgements go out with the next request.
fn fetch(connection: &mut Connection, inbox: &str, batch: u64, tally: &mut Tally) -> Result<(), Error> {
    let mut heard = Instant::now();
    let mut got = 0;
    while got < batch {
        let any = connection.receive(|message, writer| {
            if message.subject == inbox {
                return Err(Error::PullRefused(message.status().unwrap_or_default()));
            }
            tally.seen.push(number_of(message.payload)?);
            tally.messages += 1;
            got += 1;
            message.answer(writer, b"+ACK")
        })?;
        if any {
            heard = Instant::now();
        }
        missing_if_silent("fetched messages", heard, batch - got, batch)?;
    }
    Ok(())
}
