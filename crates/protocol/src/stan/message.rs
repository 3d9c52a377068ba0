//! Messages and their acknowledgements, in both directions.

/// A client publishes.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PubMsg {
    /// Who.
    #[prost(string, tag = "1")]
    pub client_id: String,
    /// What the acknowledgement is to name.
    #[prost(string, tag = "2")]
    pub guid: String,
    /// The channel.
    #[prost(string, tag = "3")]
    pub subject: String,
    /// Where an answer is awaited; no client sets it.
    #[prost(string, tag = "4")]
    pub reply: String,
    /// The message.
    #[prost(bytes = "vec", tag = "5")]
    pub data: Vec<u8>,
    /// By which connection of the client.
    #[prost(bytes = "vec", tag = "6")]
    pub connection_id: Vec<u8>,
    /// Was never used.
    #[prost(bytes = "vec", tag = "10")]
    pub sha256: Vec<u8>,
}

/// It is stored, unless an error says otherwise.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PubAck {
    /// As the publish named it.
    #[prost(string, tag = "1")]
    pub guid: String,
    /// Why it is not.
    #[prost(string, tag = "2")]
    pub error: String,
}

/// A message on its way to a subscriber.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct MsgProto {
    /// Its sequence in the channel.
    #[prost(uint64, tag = "1")]
    pub sequence: u64,
    /// The channel.
    #[prost(string, tag = "2")]
    pub subject: String,
    /// As the publisher set it.
    #[prost(string, tag = "3")]
    pub reply: String,
    /// The message.
    #[prost(bytes = "vec", tag = "4")]
    pub data: Vec<u8>,
    /// When it was stored, UNIX nanoseconds.
    #[prost(int64, tag = "5")]
    pub timestamp: i64,
    /// It was delivered before.
    #[prost(bool, tag = "6")]
    pub redelivered: bool,
    /// How often.
    #[prost(uint32, tag = "7")]
    pub redelivery_count: u32,
    /// Was never used.
    #[prost(uint32, tag = "10")]
    pub crc32: u32,
}

/// A subscriber is through with a message.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Ack {
    /// The channel.
    #[prost(string, tag = "1")]
    pub subject: String,
    /// The message's sequence in it.
    #[prost(uint64, tag = "2")]
    pub sequence: u64,
}

impl MsgProto {
    /// Appends the message that these would make, without making it: a delivery copies its data once.
    pub fn write(into: &mut Vec<u8>, sequence: u64, channel: &str, data: &[u8], timestamp: i64, redelivery_count: u32) {
        number(into, 1, sequence);
        text(into, 2, channel.as_bytes());
        text(into, 4, data);
        number(into, 5, timestamp.cast_unsigned());
        number(into, 6, u64::from(redelivery_count > 0));
        number(into, 7, redelivery_count.into());
    }

    /// How many bytes [`write`](Self::write) appends for a first delivery.
    pub fn bytes(sequence: u64, channel: usize, data: usize, timestamp: i64) -> u64 {
        let number = |value: u64| if value == 0 { 0 } else { 1 + prost::encoding::encoded_len_varint(value) };
        let text = |len: usize| if len == 0 { 0 } else { 1 + prost::encoding::encoded_len_varint(len as u64) + len };
        (number(sequence) + text(channel) + text(data) + number(timestamp.cast_unsigned())) as u64
    }
}

/// A field of wire type 0.
fn number(into: &mut Vec<u8>, tag: u8, value: u64) {
    if value != 0 {
        into.push(tag << 3);
        prost::encoding::encode_varint(value, into);
    }
}

/// A field of wire type 2.
fn text(into: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    if !bytes.is_empty() {
        into.push(tag << 3 | 2);
        prost::encoding::encode_varint(bytes.len() as u64, into);
        into.extend_from_slice(bytes);
    }
}
