//! Publish where nobody listens: what reading and parsing alone costs.

use std::time::Instant;

use super::{Payload, subject};
use crate::bench::error::Error;
use crate::bench::measure::{Context, Measurement, Tally};

/// How often the clock is looked at, in messages.
const LOOK: u64 = 1024;

pub fn run(context: &Context) -> Result<Measurement, Error> {
    let connections = context.connections(context.case.connections)?;
    let subject = subject("publish");
    context.measure(connections, |index, connection, run| {
        let share = context.share(index, context.case.connections);
        let mut payload = Payload::new(context.case.size);
        let mut messages = 0;
        while messages < share && !run.is_over() {
            let some = LOOK.min(share - messages);
            for number in messages..messages + some {
                connection.writer.publish(&subject, None, payload.numbered(number))?;
            }
            messages += some;
            run.progress(some);
        }
        // Only the answer tells that the server has read it all.
        connection.barrier()?;
        Ok(Tally { messages, ended: Some(Instant::now()), ..Tally::default() })
    })
}
