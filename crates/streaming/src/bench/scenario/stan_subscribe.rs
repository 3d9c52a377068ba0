//! Receive all that a channel of NATS Streaming has, acknowledging each message; several connections share it as a queue
//! group.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::{inbox, number_of, stan_publish};
use crate::bench::client::{Connection, missing_if_silent};
use crate::bench::error::Error;
use crate::bench::measure::{Context, Measurement, Run, Tally};
use crate::bench::stan::{self, Acks, Channel, Client, Delivery, Start};

/// Outstanding publishes while the channel is filled, which is not measured.
const FILL_WINDOW: usize = 512;
const GROUP: &str = "bench";

pub fn run(context: &Context) -> Result<Measurement, Error> {
    Channel::with(context, |channel| {
        let stored = stan_publish::publish(context, channel, 1, FILL_WINDOW)?.messages;
        let received = AtomicU64::new(0);
        let connections = context.connections(context.case.connections)?;
        let mut measurement = context.measure(connections, |index, connection, run| {
            let client = Client::connect(connection, context.cluster)?;
            let tally = receive(connection, run, &client, channel, &inbox(index), (&received, stored))?;
            client.close(connection)?;
            Ok(tally)
        })?;
        measurement.check_seen("delivered messages", None)?;
        Ok(measurement)
    })
}

fn receive(
    connection: &mut Connection,
    run: &Run,
    client: &Client,
    channel: &Channel,
    inbox: &str,
    (received, stored): (&AtomicU64, u64),
) -> Result<Tally, Error> {
    let (messages, reply) = (format!("{inbox}.messages"), format!("{inbox}.reply"));
    connection.writer.subscribe(&messages, None, 1)?;
    connection.writer.subscribe(&reply, None, 2)?;
    client.subscribe(&mut connection.writer, channel, Start::FirstAs(GROUP), &messages, &reply)?;
    let mut tally = Tally::default();
    let mut acks = None;
    // Silence on one connection may be another's luck, so it is judged by what all of them received.
    let (mut heard, mut total) = (Instant::now(), 0);
    while total < stored && !run.is_over() {
        let before = tally.messages;
        connection.receive(|message, writer| {
            if message.subject == messages {
                let delivery = Delivery::read(message.payload).ok_or(Error::NoNumber)?;
                tally.seen.push(number_of(delivery.data)?);
                tally.messages += 1;
                // The answer to the subscription comes before its first message.
                return acks
                    .as_mut()
                    .ok_or(Error::NoReply)
                    .and_then(|acks: &mut Acks| acks.write(writer, delivery.sequence));
            }
            if !client.lives(&message, writer)? && message.subject == reply {
                acks = Some(Acks::new(channel, stan::subscribed(message.payload)?));
            }
            Ok(())
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
        missing_if_silent("delivered messages", heard, stored - total.min(stored), stored)?;
    }
    connection.barrier()?;
    Ok(tally)
}
