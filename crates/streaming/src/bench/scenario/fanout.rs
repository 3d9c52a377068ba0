//! One publishes and each connection receives all of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::{Payload, number_of, subject};
use crate::bench::client::{Connection, missing_if_silent};
use crate::bench::error::Error;
use crate::bench::measure::{Context, Measurement, Run, Tally};

/// How far the publisher may be ahead of the slowest receiver: enough to keep the server busy, far below the
/// 64 MiB at which it would call the receiver a slow consumer.
const AHEAD_BYTES: usize = 4 * 1024 * 1024;
/// How long the publisher waits when it is that far ahead.
const PAUSE: Duration = Duration::from_micros(50);

pub fn run(context: &Context) -> Result<Measurement, Error> {
    let subject = subject("fanout");
    // The first publishes.
    let mut connections = context.connections(1 + context.case.connections)?;
    for connection in &mut connections[1..] {
        connection.writer.subscribe(&subject, None, 1)?;
        connection.barrier()?;
    }
    let received: Vec<AtomicU64> = (0..context.case.connections).map(|_| AtomicU64::new(0)).collect();
    let published = AtomicU64::new(u64::MAX);
    context.measure(connections, |index, connection, run| match index.checked_sub(1) {
        None => {
            let sent = publish(context, connection, run, &subject, &received)?;
            published.store(sent, Ordering::Release);
            Ok(Tally::default())
        }
        Some(index) => receive(connection, run, &received[index], &published),
    })
}

fn publish(
    context: &Context,
    connection: &mut Connection,
    run: &Run,
    subject: &str,
    received: &[AtomicU64],
) -> Result<u64, Error> {
    let ahead = (AHEAD_BYTES / context.case.size).max(1) as u64;
    let mut payload = Payload::new(context.case.size);
    let mut sent = 0;
    while sent < context.messages && !run.is_over() {
        let slowest = received.iter().map(|count| count.load(Ordering::Acquire)).min();
        let until = context.messages.min(slowest.unwrap_or(0) + ahead);
        if until == sent {
            connection.writer.flush()?;
            thread::sleep(PAUSE);
            continue;
        }
        // In steps, so that a receiver's progress is seen before the room it left is used up.
        let until = until.min(sent + ahead.div_ceil(8));
        for number in sent..until {
            connection.writer.publish(subject, None, payload.numbered(number))?;
        }
        sent = until;
    }
    connection.barrier()?;
    Ok(sent)
}

fn receive(
    connection: &mut Connection,
    run: &Run,
    received: &AtomicU64,
    published: &AtomicU64,
) -> Result<Tally, Error> {
    let mut messages = 0;
    let mut heard = Instant::now();
    loop {
        let before = messages;
        connection.receive(|message, _| {
            let number = number_of(message.payload)?;
            if number != messages {
                return Err(Error::Disorder { what: "messages", expected: messages, got: number });
            }
            messages += 1;
            Ok(())
        })?;
        if messages > before {
            heard = Instant::now();
            received.store(messages, Ordering::Release);
            run.progress(messages - before);
        }
        let expected = published.load(Ordering::Acquire);
        if messages == expected || run.has_failed() {
            break;
        }
        missing_if_silent("messages", heard, expected.saturating_sub(messages), expected)?;
    }
    Ok(Tally { messages, ended: Some(heard), ..Tally::default() })
}
