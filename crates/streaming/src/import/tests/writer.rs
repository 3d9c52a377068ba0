//! Writes stores as the original does, byte for byte, for tests.

use std::fs;
use std::path::{Path, PathBuf};

use protocol::stan::stored::{ClientDelete, ClientInfo, ServerInfo, SubState, SubStateDelete, SubStateUpdate};
use protocol::stan::{Message as _, MsgProto};

/// The cluster of every store written here.
pub const CLUSTER: &str = "ticketing";

/// When message 0 would have been stored; each comes a second after the one before.
pub const EPOCH: i64 = 1_600_000_000_000_000_000;

/// A store.
pub struct Writer {
    root: PathBuf,
    sum: fn(&[u8]) -> u32,
}

/// A record of subs.dat.
pub enum Sub {
    New(SubState),
    Changed(SubState),
    Gone(u64),
    Acknowledged(u64, u64),
    Sent(u64, u64),
}

impl Writer {
    /// A store without clients and channels in `root`.
    pub fn new(root: &Path) -> Self {
        Self::with_sum(root, crc32fast::hash)
    }

    /// One with other CRCs.
    pub fn with_sum(root: &Path, sum: fn(&[u8]) -> u32) -> Self {
        let writer = Self { root: root.to_owned(), sum };
        fs::create_dir_all(root).unwrap();
        let info = ServerInfo {
            cluster_id: CLUSTER.into(),
            discovery: format!("_STAN.discover.{CLUSTER}"),
            publish: format!("_STAN.pub.{CLUSTER}"),
            subscribe: format!("_STAN.sub.{CLUSTER}"),
            unsubscribe: format!("_STAN.unsub.{CLUSTER}"),
            close: format!("_STAN.close.{CLUSTER}"),
            sub_close: format!("_STAN.subclose.{CLUSTER}"),
            acks: format!("_STAN.ack.{CLUSTER}"),
            node_id: String::new(),
        };
        writer.file("server.dat", &[(0, info.encode_to_vec())]);
        writer.file("clients.dat", &[]);
        writer
    }

    /// Who came, and who of them went.
    pub fn clients(&self, came: &[&str], went: &[&str]) {
        let come = came.iter().map(|id| (1, client(id).encode_to_vec()));
        let go = went.iter().map(|id| (2, ClientDelete { id: (*id).to_owned() }.encode_to_vec()));
        self.file("clients.dat", &come.chain(go).collect::<Vec<_>>());
    }

    /// A channel's subscriptions.
    pub fn subs(&self, channel: &str, subs: &[Sub]) {
        let record = |sub: &Sub| match sub {
            Sub::New(state) => (1, state.encode_to_vec()),
            Sub::Changed(state) => (2, state.encode_to_vec()),
            Sub::Gone(id) => (3, SubStateDelete { id: *id }.encode_to_vec()),
            Sub::Acknowledged(id, sequence) => (4, SubStateUpdate { id: *id, sequence: *sequence }.encode_to_vec()),
            Sub::Sent(id, sequence) => (5, SubStateUpdate { id: *id, sequence: *sequence }.encode_to_vec()),
        };
        self.file(&format!("{channel}/subs.dat"), &subs.iter().map(record).collect::<Vec<_>>());
    }

    /// A slice of a channel: its data and its index.
    pub fn slice(&self, channel: &str, number: u64, messages: impl IntoIterator<Item = (u64, Vec<u8>)>) {
        let (mut records, mut index, mut at) = (Vec::new(), 1_u32.to_le_bytes().to_vec(), 4_u64);
        for (sequence, data) in messages {
            let message = MsgProto {
                sequence,
                subject: channel.to_owned(),
                data,
                timestamp: time(sequence),
                ..MsgProto::default()
            };
            let content = message.encode_to_vec();
            let length = u32::try_from(content.len()).unwrap();
            let mut entry = sequence.to_le_bytes().to_vec();
            entry.extend_from_slice(&at.to_le_bytes());
            entry.extend_from_slice(&time(sequence).to_le_bytes());
            entry.extend_from_slice(&length.to_le_bytes());
            entry.extend_from_slice(&(self.sum)(&entry).to_le_bytes());
            index.extend_from_slice(&entry);
            at += 8 + u64::from(length);
            records.push((0, content));
        }
        self.file(&format!("{channel}/msgs.{number}.dat"), &records);
        fs::write(self.root.join(format!("{channel}/msgs.{number}.idx")), index).unwrap();
    }

    /// Messages `first` to `last`, with [`data`], as a slice.
    pub fn plain_slice(&self, channel: &str, number: u64, first: u64, last: u64) {
        self.slice(channel, number, (first..=last).map(|sequence| (sequence, data(sequence))));
    }

    /// A file of records, each with its kind.
    pub fn file(&self, name: &str, records: &[(u8, Vec<u8>)]) {
        let mut bytes = 1_u32.to_le_bytes().to_vec();
        for (kind, content) in records {
            let length = u32::try_from(content.len()).unwrap();
            bytes.extend_from_slice(&(u32::from(*kind) << 24 | length).to_le_bytes());
            bytes.extend_from_slice(&(self.sum)(content).to_le_bytes());
            bytes.extend_from_slice(content);
        }
        let path = self.root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// A client as it comes.
pub fn client(id: &str) -> ClientInfo {
    ClientInfo {
        id: id.to_owned(),
        heartbeat_inbox: format!("_INBOX.hb-{id}"),
        connection_id: format!("connection of {id}").into_bytes(),
        protocol: 1,
        ping_interval: 5,
        ping_max_out: 3,
    }
}

/// When a message was stored.
pub fn time(sequence: u64) -> i64 {
    EPOCH + i64::try_from(sequence).unwrap() * 1_000_000_000
}

/// What a message says.
pub fn data(sequence: u64) -> Vec<u8> {
    format!("{{\"id\":\"{sequence}\"}}").into_bytes()
}

/// A subscription of `client`, with a durable's name and a queue group as the original keeps them.
pub fn sub(id: u64, client: &str, durable: &str, queue: &str) -> SubState {
    SubState {
        id,
        client_id: client.to_owned(),
        queue_group: queue.to_owned(),
        inbox: format!("_INBOX.in{id}"),
        ack_inbox: format!("_INBOX.ack{id}"),
        max_in_flight: 16,
        ack_wait_seconds: 30,
        durable_name: durable.to_owned(),
        is_durable: !durable.is_empty() || queue.contains(':'),
        ..SubState::default()
    }
}
