//! Be pushed all that a stream has by a consumer that waits for acknowledgements; several connections share
//! it as a queue group.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde_json::json;

use super::{inbox, number_of, window};
use crate::bench::client::{Connection, missing_if_silent};
use crate::bench::error::Error;
use crate::bench::jetstream::Stream;
use crate::bench::measure::{Context, Measurement, Run, Tally};
use crate::bench::options::Storage;

use super::fetch::settle;

/// Deliveries that may wait for their acknowledgement: what `JetStream` takes unless told otherwise.
const MAX_ACK_PENDING: u64 = 1000;
/// Outstanding publishes while the stream is filled, which is not measured.
const FILL_WINDOW: usize = 512;
const GROUP: &str = "bench";

pub fn run(context: &Context, storage: Storage) -> Result<Measurement, Error> {
    Stream::with(context, storage, |stream| consume(context, stream))
}

fn consume(context: &Context, stream: &Stream) -> Result<Measurement, Error> {
    let stored = window::publish(context, stream, 1, FILL_WINDOW)?.messages;
    let deliver = format!("{}.deliver", inbox(0));
    // The last one starts the delivery and receives nothing itself.
    let mut connections = context.connections(context.case.connections + 1)?;
    for connection in &mut connections[..context.case.connections] {
        connection.writer.subscribe(&deliver, Some(GROUP), 1)?;
        connection.barrier()?;
    }
    let received = AtomicU64::new(0);
    let consumer = json!({
        "deliver_subject": deliver, "deliver_group": GROUP, "max_ack_pending": MAX_ACK_PENDING,
    });
    let mut measurement = context.measure(connections, |index, connection, run| {
        if index == context.case.connections {
            stream.consumer(connection, &consumer)?;
            return Ok(Tally::default());
        }
        receive(connection, run, &received, stored)
    })?;
    if measurement.messages == stored {
        settle(stream, &mut context.connect()?)?;
    }
    measurement.check_seen("pushed messages", None)?;
    Ok(measurement)
}

fn receive(connection: &mut Connection, run: &Run, received: &AtomicU64, stored: u64) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    // Silence on one connection may be another's luck, so it is judged by what all of them received.
    let (mut heard, mut total) = (Instant::now(), 0);
    while total < stored && !run.is_over() {
        let before = tally.messages;
        connection.receive(|message, writer| {
            tally.seen.push(number_of(message.payload)?);
            tally.messages += 1;
            message.answer(writer, b"+ACK")
        })?;
        let new = tally.messages - before;
        if new > 0 {
            connection.writer.flush()?;
            tally.ended = Some(Instant::now());
            run.progress(new);
        }
        let now_total = received.fetch_add(new, Ordering::Relaxed) + new;
        if now_total > total {
            (heard, total) = (Instant::now(), now_total);
        }
        missing_if_silent("pushed messages", heard, stored - total.min(stored), stored)?;
    }
    connection.barrier()?;
    Ok(tally)
}
