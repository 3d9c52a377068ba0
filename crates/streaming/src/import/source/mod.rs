//! The file store of the original NATS Streaming Server, read and never written.
//!
//! ```text
//! <dir>/server.dat                one record: ServerInfo                                      integers are little-endian
//!       clients.dat               1 came: ClientInfo · 2 went: ClientDelete
//!       <channel>/subs.dat        1 new, 2 changed: SubState · 3 gone: SubStateDelete
//!                                 4 acknowledged, 5 sent: SubStateUpdate
//!       <channel>/msgs.<N>.dat    MsgProto*: a slice of the messages; N counts from 1, and old slices are removed
//!       <channel>/msgs.<N>.idx    where each record of the slice begins
//!
//! file      version u32 = 1, record*
//! record    kind << 24 | bytes u32 (in server.dat and msgs: bytes), CRC-32 of the content u32, content
//! idx       version u32 = 1, (sequence u64, offset i64, time i64, bytes u32, CRC-32 of these u32)*
//! ```
//!
//! The polynomial of the CRCs was an option of that server. A machine that lost its power may have left zeros, or a
//! part of a record, behind the last whole one.
//!
//! `records.rs` the records of a file, whole or damaged · `resync.rs` where records go on behind damage · `slices.rs`
//! `index.rs` `messages.rs` a channel's messages · `subscriptions.rs` its subscriptions · `cluster.rs` whose store it
//! is, its clients and channels · `encrypted.rs` what an encrypted message looks like.

mod checksum;
mod cluster;
mod encrypted;
mod index;
mod messages;
mod records;
mod resync;
mod slices;
mod subscriptions;

use std::path::PathBuf;

pub use checksum::Checksum;
pub use cluster::{Cluster, channels};
pub use messages::{Message, Messages};
pub use slices::bytes as slice_bytes;
pub use subscriptions::{Subscription, Subscriptions, read as subscriptions};

use super::error::Error;
use super::notes::Notes;

/// How a store is read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// How the CRCs are made.
    pub checksum: Checksum,
    /// Damage is told and passed over, not an error.
    pub skip_damaged: bool,
    /// Messages that look encrypted are taken as they are.
    pub take_encrypted: bool,
}

/// Damage at a place of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// Where.
    pub at: u64,
    /// What is wrong there.
    pub what: String,
}

impl Reading {
    /// Damage was found: an error, or a note and on with it.
    fn damaged(&self, notes: &mut Notes, damage: Damage) -> Result<(), Error> {
        if self.skip_damaged {
            notes.passed_over(&damage);
            Ok(())
        } else {
            Err(Error::Damaged(damage))
        }
    }
}
