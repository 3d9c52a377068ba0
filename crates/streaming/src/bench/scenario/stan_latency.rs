//! How long after it was due is a message of NATS Streaming delivered, when a steady rate is published?
//!
//! As [`latency`](super::latency), by clients of NATS Streaming: the first connection subscribes and acknowledges, the
//! others publish.

use std::time::{Duration, Instant};

use super::latency::{due, pace};
use super::{Payload, inbox, number_of};
use crate::bench::client::{Connection, missing_if_silent};
use crate::bench::error::Error;
use crate::bench::measure::{Context, Measurement, Run, Tally};
use crate::bench::stan::{self, Acks, Channel, Client, Delivery, Start};

pub fn run(context: &Context) -> Result<Measurement, Error> {
    Channel::with(context, |channel| deliver(context, channel))
}

fn deliver(context: &Context, channel: &Channel) -> Result<Measurement, Error> {
    let mut connections = context.connections(1 + context.case.connections)?;
    let receiver = &mut connections[0];
    let client = Client::connect(receiver, context.cluster)?;
    let subjects = ["messages", "reply", "acks"].map(|of| format!("{}.{of}", inbox(0)));
    for (sid, subject) in (1..).zip(&subjects) {
        receiver.writer.subscribe(subject, None, sid)?;
    }
    let [messages, reply, published] = &subjects;
    client.subscribe(&mut receiver.writer, channel, Start::New, messages, reply)?;
    let (mut acks, asked) = (None, Instant::now());
    while acks.is_none() {
        receiver.receive(|message, _| {
            acks = Some(Acks::new(channel, stan::subscribed(message.payload)?));
            Ok(())
        })?;
        missing_if_silent("answers to a subscription", asked, 1, 1)?;
    }
    let acks = parking_lot::Mutex::new(acks);
    let mut measurement = context.measure(connections, |index, connection, run| match index.checked_sub(1) {
        None => {
            let acks = acks.lock().take().ok_or(Error::NoReply)?;
            receive(context, connection, run, &client, acks, [messages, published])
        }
        Some(index) => {
            let mut letter = client.letter(channel, Payload::new(context.case.size).numbered(0));
            let subject = letter.subject.clone();
            pace(context, index, run, |number| {
                connection.writer.publish(&subject, Some(published), letter.numbered(number))?;
                connection.writer.flush()
            })?;
            connection.barrier()?;
            Ok(Tally::default())
        }
    })?;
    measurement.check_seen("delivered messages", Some(0))?;
    client.close(&mut context.connect()?)?;
    Ok(measurement)
}

fn receive(
    context: &Context,
    connection: &mut Connection,
    run: &Run,
    client: &Client,
    mut acks: Acks,
    [messages, published]: [&String; 2],
) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    let mut acknowledged = 0;
    let mut heard = Instant::now();
    let interval = Duration::from_secs(1) / u32::try_from(context.rate).unwrap_or(u32::MAX);
    while (tally.messages < context.messages || acknowledged < context.messages) && !run.has_failed() {
        let before = tally.messages;
        let mut now = None;
        connection.receive(|message, writer| {
            let now = *now.get_or_insert_with(Instant::now);
            if message.subject == published {
                stan::acknowledged(message.payload).map_err(Error::PublishRefused)?;
                acknowledged += 1;
            } else if message.subject == messages {
                let delivery = Delivery::read(message.payload).ok_or(Error::NoNumber)?;
                let number = number_of(delivery.data)?;
                acks.write(writer, delivery.sequence)?;
                tally.latency.record(now.saturating_duration_since(due(run.began(), number, context.rate)));
                tally.seen.push(number);
                tally.messages += 1;
                tally.ended = Some(now);
            } else {
                client.lives(&message, writer)?;
            }
            Ok(())
        })?;
        connection.writer.flush()?;
        heard = now.unwrap_or(heard);
        run.progress(tally.messages - before);
        let missing = context.messages - tally.messages.min(acknowledged);
        missing_if_silent("messages and acknowledgements", heard + interval, missing, context.messages)?;
    }
    connection.barrier()?;
    Ok(tally)
}
