//! A client of NATS Streaming, as bare as the rest: what a benchmark says to the server, and how it reads the answers.
//!
//! Messages and acknowledgements are written and read where they lie; requests, of which there are few, by `protocol`.

use std::sync::atomic::{AtomicU64, Ordering};

use protocol::stan::{
    Ack, CloseRequest, CloseResponse, ConnectRequest, ConnectResponse, Message as _, PROTOCOL, PubAck, PubMsg,
    SubscriptionRequest, SubscriptionResponse,
};
use serde_json::json;

use super::client::{Connection, Message, Writer};
use super::error::Error;
use super::measure::Context;

/// The sid of a client's heartbeats.
const HEARTBEATS_SID: u64 = 100;
/// Messages a subscription may hold: what the Go client asks for.
pub const MAX_IN_FLIGHT: i32 = 1024;
/// Seconds it may hold one: as all clients ask.
const ACK_WAIT: i32 = 30;
/// Signs of a guid, as clients make them.
const GUID_SIGNS: usize = 22;

/// A number no other client or channel of this process has.
fn next() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

/// A channel that lives as long as a run.
pub struct Channel {
    /// What clients call it.
    pub name: String,
}

impl Channel {
    /// Makes up a channel for `work`. Afterwards it is deleted where that can be done: NATS Streaming has no word for it,
    /// but a server that keeps channels as streams has.
    pub fn with<T>(context: &Context, work: impl FnOnce(&Self) -> Result<T, Error>) -> Result<T, Error> {
        let channel = Self { name: format!("bench.{}.{}", std::process::id(), next()) };
        let worked = work(&channel);
        let deleted = context.connect().and_then(|mut connection| channel.delete(&mut connection));
        worked.and_then(|value| deleted.map(|()| value))
    }

    fn delete(&self, connection: &mut Connection) -> Result<(), Error> {
        let question = json!({ "subject": self.name }).to_string();
        let found = connection.ask("$JS.API.STREAM.NAMES", question.as_bytes())?;
        let name = found.as_ref().and_then(|found| found["streams"][0].as_str());
        if let Some(name) = name {
            connection.ask(&format!("$JS.API.STREAM.DELETE.{name}"), b"")?;
        }
        Ok(())
    }
}

/// A client that is registered, and where it finds what.
pub struct Client {
    id: String,
    connection_id: Vec<u8>,
    heartbeats: String,
    told: ConnectResponse,
}

impl Client {
    /// Registers a client on `connection`.
    pub fn connect(connection: &mut Connection, cluster: &str) -> Result<Self, Error> {
        let id = format!("bench-{}-{}", std::process::id(), next());
        let heartbeats = format!("_INBOX.{id}.heartbeats");
        connection.writer.subscribe(&heartbeats, None, HEARTBEATS_SID)?;
        let request = ConnectRequest {
            client_id: id.clone(),
            heartbeat_inbox: heartbeats.clone(),
            protocol: PROTOCOL,
            connection_id: guid(next()).into_bytes(),
            ping_interval: 5,
            ping_max_out: 88,
        };
        let subject = format!("_STAN.discover.{cluster}");
        let told = connection.ask_bytes(&subject, &request.encode_to_vec())?;
        let told = told.ok_or_else(|| Error::NoStan { cluster: cluster.to_owned() })?;
        let told = ConnectResponse::decode(&*told).map_err(|why| Error::StanAnswer { subject, why })?;
        if !told.error.is_empty() {
            return Err(Error::Stan(told.error));
        }
        Ok(Self { id, connection_id: request.connection_id, heartbeats, told })
    }

    /// Says good-bye.
    pub fn close(self, connection: &mut Connection) -> Result<(), Error> {
        let request = CloseRequest { client_id: self.id };
        let subject = self.told.close_requests;
        let told = connection.ask_bytes(&subject, &request.encode_to_vec())?.unwrap_or_default();
        let told = CloseResponse::decode(&*told).map_err(|why| Error::StanAnswer { subject, why })?;
        if told.error.is_empty() { Ok(()) } else { Err(Error::Stan(told.error)) }
    }

    /// Answers `message` if it is a heartbeat.
    pub fn lives(&self, message: &Message<'_>, writer: &mut Writer) -> Result<bool, Error> {
        let asked = message.subject == self.heartbeats;
        if asked {
            message.answer(writer, b"")?;
            writer.flush()?;
        }
        Ok(asked)
    }

    /// A message to `channel`, to be numbered and published again and again.
    pub fn letter(&self, channel: &Channel, data: &[u8]) -> Letter {
        let message = PubMsg {
            client_id: self.id.clone(),
            guid: guid(0),
            subject: channel.name.clone(),
            data: data.to_vec(),
            connection_id: self.connection_id.clone(),
            ..PubMsg::default()
        };
        // In the order of their numbers: the client's name with its tag and length, then the guid's tag and length.
        let guid_at = 2 + self.id.len() + 2;
        let data_at = message.encoded_len() - (2 + message.connection_id.len()) - data.len();
        Letter {
            subject: format!("{}.{}", self.told.pub_prefix, channel.name),
            bytes: message.encode_to_vec(),
            guid_at,
            data_at,
        }
    }

    /// Asks for the messages of `channel` from its first on, to be sent to `inbox`; the answer goes to `reply`.
    pub fn subscribe(
        &self,
        writer: &mut Writer,
        channel: &Channel,
        how: Start<'_>,
        inbox: &str,
        reply: &str,
    ) -> Result<(), Error> {
        let (queue, start_position) = match how {
            Start::New => ("", 0),
            Start::Last => ("", 1),
            Start::FirstAs(queue) => (queue, 4),
        };
        let request = SubscriptionRequest {
            client_id: self.id.clone(),
            subject: channel.name.clone(),
            queue_group: queue.to_owned(),
            inbox: inbox.to_owned(),
            max_in_flight: MAX_IN_FLIGHT,
            ack_wait_seconds: ACK_WAIT,
            start_position,
            ..SubscriptionRequest::default()
        };
        writer.publish(&self.told.sub_requests, Some(reply), &request.encode_to_vec())?;
        writer.flush()
    }
}

/// Where a subscription begins.
#[derive(Debug, Clone, Copy)]
pub enum Start<'a> {
    /// With the next message.
    New,
    /// With the last one.
    Last,
    /// With the first one, as a member of this queue group.
    FirstAs(&'a str),
}

/// Where to acknowledge, from the answer to a subscription.
pub fn subscribed(answer: &[u8]) -> Result<String, Error> {
    let told = SubscriptionResponse::decode(answer)
        .map_err(|why| Error::StanAnswer { subject: "a subscription".to_owned(), why })?;
    if told.error.is_empty() { Ok(told.ack_inbox) } else { Err(Error::Stan(told.error)) }
}

/// See [`Client::letter`].
pub struct Letter {
    pub subject: String,
    bytes: Vec<u8>,
    guid_at: usize,
    data_at: usize,
}

impl Letter {
    /// The message with `number` as its guid and at the beginning of its data.
    pub fn numbered(&mut self, number: u64) -> &[u8] {
        let mut rest = number;
        for digit in self.bytes[self.guid_at..self.guid_at + GUID_SIGNS].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        self.bytes[self.data_at..self.data_at + 8].copy_from_slice(&number.to_be_bytes());
        &self.bytes
    }
}

fn guid(number: u64) -> String {
    format!("{number:0GUID_SIGNS$}")
}

/// The number of the publish that this acknowledges; `why` it was refused otherwise.
pub fn acknowledged(payload: &[u8]) -> Result<u64, String> {
    // The usual answer: the guid, tag 1, and nothing else.
    if let [0x0a, length, guid @ ..] = payload
        && usize::from(*length) == guid.len()
        && let Some(number) = std::str::from_utf8(guid).ok().and_then(|guid| guid.parse().ok())
    {
        return Ok(number);
    }
    let told = PubAck::decode(payload).map_err(|error| error.to_string())?;
    Err(if told.error.is_empty() { format!("no guid of ours: {:?}", told.guid) } else { told.error })
}

/// A message delivered, where it lies.
pub struct Delivery<'a> {
    pub sequence: u64,
    pub data: &'a [u8],
}

impl<'a> Delivery<'a> {
    /// Reads a `MsgProto`; `None` if it is none.
    pub fn read(mut bytes: &'a [u8]) -> Option<Self> {
        let mut delivery = Self { sequence: 0, data: b"" };
        while !bytes.is_empty() {
            let tag = varint(&mut bytes)?;
            let value = varint(&mut bytes)?;
            match tag & 7 {
                0 if tag >> 3 == 1 => delivery.sequence = value,
                0 => {}
                2 => {
                    let (field, rest) = bytes.split_at_checked(usize::try_from(value).ok()?)?;
                    if tag >> 3 == 4 {
                        delivery.data = field;
                    }
                    bytes = rest;
                }
                _ => return None,
            }
        }
        Some(delivery)
    }
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Writes acknowledgements of one subscription.
pub struct Acks {
    inbox: String,
    ack: Ack,
    bytes: Vec<u8>,
}

impl Acks {
    pub fn new(channel: &Channel, inbox: String) -> Self {
        Self { inbox, ack: Ack { subject: channel.name.clone(), sequence: 0 }, bytes: Vec::new() }
    }

    /// Acknowledges one message; it is sent with the next flush.
    pub fn write(&mut self, writer: &mut Writer, sequence: u64) -> Result<(), Error> {
        self.ack.sequence = sequence;
        self.bytes.clear();
        self.ack.encode_raw(&mut self.bytes);
        writer.publish(&self.inbox, None, &self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::stan::MsgProto;

    fn client() -> Client {
        let told = ConnectResponse { pub_prefix: "_STAN.pub.c".into(), ..ConnectResponse::default() };
        Client { id: "bench-1-2".into(), connection_id: guid(7).into_bytes(), heartbeats: String::new(), told }
    }

    #[test]
    fn a_letter_is_a_publish_with_its_number() {
        let mut letter = client().letter(&Channel { name: "a.b".into() }, &[9; 300]);
        assert_eq!(letter.subject, "_STAN.pub.c.a.b");
        for number in [0, 41, u64::MAX] {
            let read = PubMsg::decode(letter.numbered(number)).expect("a message");
            assert_eq!((read.client_id.as_str(), read.subject.as_str()), ("bench-1-2", "a.b"));
            assert_eq!((read.guid, read.connection_id), (guid(number), guid(7).into_bytes()));
            assert_eq!((&read.data[..8], &read.data[8..]), (&number.to_be_bytes()[..], &[9; 292][..]));
        }
    }

    #[test]
    fn an_acknowledgement_tells_the_number_or_the_reason() {
        let ack = |guid: &str, error: &str| PubAck { guid: guid.into(), error: error.into() }.encode_to_vec();
        assert_eq!(acknowledged(&ack(&guid(12), "")), Ok(12));
        assert_eq!(acknowledged(&ack(&guid(12), "stan: no")), Err("stan: no".to_owned()));
        assert!(acknowledged(&ack("x", "")).is_err() && acknowledged(b"\xff").is_err());
    }

    #[test]
    fn a_delivery_is_read_where_it_lies() {
        let mut bytes = Vec::new();
        MsgProto::write(&mut bytes, 300, "a.b", b"hello", 1_700_000_000_000_000_000, 2);
        let read = Delivery::read(&bytes).expect("a message");
        assert_eq!((read.sequence, read.data), (300, &b"hello"[..]));
        for cut in 1..bytes.len() {
            // A cut one is none, or ends between two fields.
            assert!(Delivery::read(&bytes[..cut]).is_none_or(|read| read.sequence == 300), "{cut}");
        }
        assert!(Delivery::read(&[0xff; 12]).is_none());
    }
}
