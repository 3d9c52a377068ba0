//! Publish into a channel of NATS Streaming and count what it acknowledges: one by one, or with a window outstanding.
//!
//! Each connection is a client of its own and, as clients do, hears all its acknowledgements on one subject. Each must be
//! of a publish that waits for one; afterwards the channel's last sequence must be as many as they were.

use std::time::Instant;

use super::window::{Face, Publisher};
use super::{Payload, inbox};
use crate::bench::client::{Connection, Message, Writer, missing_if_silent};
use crate::bench::error::Error;
use crate::bench::measure::{Context, Measurement};
use crate::bench::stan::{self, Acks, Channel, Client, Delivery, Letter, Start};

pub fn run(context: &Context, window: usize) -> Result<Measurement, Error> {
    Channel::with(context, |channel| publish(context, channel, context.case.connections, window))
}

/// Fills `channel` by as many messages as the case has, or as there is time for. The messages' numbers begin at 0 on
/// each of the `count` connections.
pub fn publish(context: &Context, channel: &Channel, count: usize, window: usize) -> Result<Measurement, Error> {
    let connections = context.connections(count)?;
    let measurement = context.measure(connections, |index, connection, run| {
        let client = Client::connect(connection, context.cluster)?;
        let letter = client.letter(channel, Payload::new(context.case.size).numbered(0));
        let face = Stan { client, letter, acks: format!("{}.acks", inbox(index)) };
        let publisher = Publisher::new(face, context.share(index, count), window);
        let (tally, face) = publisher.run(connection, run)?;
        face.client.close(connection)?;
        Ok(tally)
    })?;
    let last = last_sequence(context, channel)?;
    if last != measurement.messages {
        return Err(Error::Disorder { what: "stored messages", expected: measurement.messages, got: last });
    }
    Ok(measurement)
}

struct Stan {
    client: Client,
    letter: Letter,
    acks: String,
}

impl Face for Stan {
    fn acks(&self) -> String {
        self.acks.clone()
    }

    fn publish(&mut self, writer: &mut Writer, number: u64) -> Result<(), Error> {
        let subject = std::mem::take(&mut self.letter.subject);
        let written = writer.publish(&subject, Some(&self.acks), self.letter.numbered(number));
        self.letter.subject = subject;
        written
    }

    fn acknowledged(&mut self, message: &Message<'_>, writer: &mut Writer) -> Result<Option<(u64, u64)>, Error> {
        if self.client.lives(message, writer)? {
            return Ok(None);
        }
        let number = stan::acknowledged(message.payload).map_err(Error::PublishRefused)?;
        // An acknowledgement of NATS Streaming names no sequence.
        Ok(Some((number, number)))
    }
}

/// The sequence of the channel's last message, as a new subscriber is told.
fn last_sequence(context: &Context, channel: &Channel) -> Result<u64, Error> {
    let mut connection = context.connect()?;
    let client = Client::connect(&mut connection, context.cluster)?;
    let inbox = inbox(0);
    let (messages, reply) = (format!("{inbox}.messages"), format!("{inbox}.reply"));
    connection.writer.subscribe(&messages, None, 1)?;
    connection.writer.subscribe(&reply, None, 2)?;
    client.subscribe(&mut connection.writer, channel, Start::Last, &messages, &reply)?;
    let (mut last, asked) = (None, Instant::now());
    let mut acks = None;
    while last.is_none() {
        connection.receive(|message, writer| {
            if client.lives(&message, writer)? {
                return Ok(());
            }
            if message.subject == reply {
                acks = Some(Acks::new(channel, stan::subscribed(message.payload)?));
                return Ok(());
            }
            let sequence = Delivery::read(message.payload).ok_or(Error::NoNumber)?.sequence;
            if let Some(acks) = &mut acks {
                acks.write(writer, sequence)?;
            }
            last = Some(sequence);
            Ok(())
        })?;
        missing_if_silent("last messages", asked, 1, 1)?;
    }
    close(client, &mut connection)?;
    Ok(last.unwrap_or_default())
}

fn close(client: Client, connection: &mut Connection) -> Result<(), Error> {
    connection.barrier()?;
    client.close(connection)
}
