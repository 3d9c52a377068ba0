//! Request and reply through the server: one connection answers, the others ask, one by one each.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::{Payload, inbox, subject};
use crate::bench::client::{Connection, missing_if_silent};
use crate::bench::error::Error;
use crate::bench::measure::{Context, Measurement, Run, Tally};

pub fn run(context: &Context) -> Result<Measurement, Error> {
    let subject = subject("request");
    // The first answers.
    let mut connections = context.connections(1 + context.case.connections)?;
    connections[0].writer.subscribe(&subject, None, 1)?;
    connections[0].barrier()?;
    let asking = AtomicUsize::new(context.case.connections);
    context.measure(connections, |index, connection, run| match index.checked_sub(1) {
        None => answer(connection, run, &asking),
        Some(index) => {
            let tally = ask(context, index, connection, run, &subject);
            asking.fetch_sub(1, Ordering::Release);
            tally
        }
    })
}

fn answer(connection: &mut Connection, run: &Run, asking: &AtomicUsize) -> Result<Tally, Error> {
    while asking.load(Ordering::Acquire) > 0 && !run.has_failed() {
        connection.receive(|request, writer| request.answer(writer, request.payload))?;
        connection.writer.flush()?;
    }
    Ok(Tally::default())
}

fn ask(context: &Context, index: usize, connection: &mut Connection, run: &Run, subject: &str) -> Result<Tally, Error> {
    let inbox = inbox(index);
    connection.writer.subscribe(&format!("{inbox}.*"), None, 1)?;
    let mut payload = Payload::new(context.case.size);
    let mut tally = Tally::default();
    let share = context.share(index, context.case.connections);
    while tally.messages < share && !run.is_over() {
        let number = tally.messages;
        let asked = Instant::now();
        connection.writer.publish(subject, Some(&format!("{inbox}.{number}")), payload.numbered(number))?;
        connection.writer.flush()?;
        let mut answered = false;
        while !answered {
            connection.receive(|reply, _| {
                if let Some(status) = reply.status() {
                    return Err(Error::Server(status));
                }
                if reply.number() != Some(number) {
                    return Err(Error::Disorder {
                        what: "replies",
                        expected: number,
                        got: reply.number().unwrap_or_default(),
                    });
                }
                answered = true;
                Ok(())
            })?;
            missing_if_silent("replies", asked, 1, 1)?;
        }
        let now = Instant::now();
        tally.latency.record(now - asked);
        tally.messages += 1;
        tally.ended = Some(now);
        run.progress(1);
    }
    Ok(tally)
}
