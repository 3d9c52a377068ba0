//! The durable consumers of a stream in its ledger: what each is, and how far it has come.
//!
//! ```text
//! entry = tag u8 · name length u16 LE · name · body
//!   1 made      created i64 LE · configuration JSON      (also: configured anew)
//!   2 deleted
//!   3 state     all of it, as the state machine encodes it
//!   4 changes   since the last state, as the state machine encodes them
//! ```
//!
//! Changes are staged at once, written within [`WRITE_WITHIN`], and synced before an acknowledgement that asked for an
//! answer gets one. When the changes outweigh the states, the ledger is written anew.

use hashbrown::HashMap;
use protocol::jetstream::config::ConsumerConfig;

use super::State;
use super::slot::Slot;
use crate::consumer::ledger::{self, Malformed};
use crate::consumer::{Settings, Snapshot};

/// The longest that an acknowledgement nobody waits for stays in memory only.
pub(super) const WRITE_WITHIN: i64 = 10_000_000;

/// A ledger below this size is never written anew.
const COMPACT_BYTES_MIN: u64 = 1024 * 1024;

const MADE: u8 = 1;
const DELETED: u8 = 2;
const STATE: u8 = 3;
const CHANGES: u8 = 4;

/// A consumer as its ledger remembers it.
pub(super) struct Remembered {
    pub created: i64,
    pub config: ConsumerConfig,
    /// The last whole state.
    pub state: Option<Vec<u8>>,
    /// The changes since, in order.
    pub changes: Vec<Vec<u8>>,
}

impl Remembered {
    /// The state with its changes done.
    pub fn snapshot(&self, settings: &Settings) -> Result<Snapshot, Malformed> {
        let mut snapshot = match &self.state {
            Some(bytes) => Snapshot::decode(bytes)?,
            None => Snapshot::default(),
        };
        let mut changes = Vec::new();
        for bytes in &self.changes {
            ledger::decode(bytes, &mut changes)?;
        }
        snapshot.replay(settings, changes);
        Ok(snapshot)
    }
}

/// Reads a ledger's entries. One that is not understood is skipped and counted.
pub(super) fn read(entries: Vec<Vec<u8>>) -> (HashMap<Box<str>, Remembered>, usize) {
    let mut all: HashMap<Box<str>, Remembered> = HashMap::new();
    let mut unread = 0;
    for entry in entries {
        if take(&mut all, &entry).is_none() {
            unread += 1;
        }
    }
    (all, unread)
}

fn take(all: &mut HashMap<Box<str>, Remembered>, entry: &[u8]) -> Option<()> {
    let (tag, rest) = entry.split_first()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (name, body) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
    let name = std::str::from_utf8(name).ok()?;
    match *tag {
        MADE => {
            let (created, json) = body.split_first_chunk::<8>()?;
            let config = serde_json::from_slice(json).ok()?;
            let created = i64::from_le_bytes(*created);
            if let Some(known) = all.get_mut(name) {
                known.config = config;
            } else {
                let made = Remembered { created, config, state: None, changes: Vec::new() };
                all.insert(name.into(), made);
            }
        }
        DELETED => {
            all.remove(name);
        }
        STATE => {
            let known = all.get_mut(name)?;
            known.state = Some(body.to_vec());
            known.changes.clear();
        }
        CHANGES => all.get_mut(name)?.changes.push(body.to_vec()),
        _ => return None,
    }
    Some(())
}

fn entry(tag: u8, name: &str, parts: &[&[u8]]) -> Vec<u8> {
    let length = u16::try_from(name.len()).unwrap_or(u16::MAX);
    let mut entry = vec![tag];
    entry.extend_from_slice(&length.to_le_bytes());
    entry.extend_from_slice(name.as_bytes());
    for part in parts {
        entry.extend_from_slice(part);
    }
    entry
}

/// The entries that stand for a consumer all by themselves.
pub(super) fn whole(config: &ConsumerConfig, created: i64, snapshot: &Snapshot) -> [Vec<u8>; 2] {
    let json = serde_json::to_vec(config).unwrap_or_default();
    let mut state = Vec::new();
    snapshot.encode(&mut state);
    [entry(MADE, &config.name, &[&created.to_le_bytes(), &json]), entry(STATE, &config.name, &[&state])]
}

impl Slot {
    fn entries(&self) -> [Vec<u8>; 2] {
        whole(&self.config, self.created, &self.consumer.snapshot())
    }
}

impl State {
    /// Stages that a durable consumer was made or configured anew, with its state.
    pub fn note_made(&mut self, slot: &mut Slot) {
        if !slot.durable {
            return;
        }
        // The whole state holds them: replayed behind it they would be done twice.
        slot.consumer.take_changes(&mut self.changes);
        self.changes.clear();
        if let Some(ledger) = &mut self.ledger {
            for entry in slot.entries() {
                ledger.append(&entry);
            }
        }
    }

    /// Stages that a durable consumer was deleted.
    pub fn note_deleted(&mut self, slot: &Slot) {
        if !slot.durable {
            return;
        }
        if let Some(ledger) = &mut self.ledger {
            ledger.append(&entry(DELETED, slot.name(), &[]));
        }
    }

    /// Stages what a consumer's state machine did since the last time.
    pub fn note_changes(&mut self, now: i64, slot: &mut Slot) {
        let Some(ledger) = self.ledger.as_mut().filter(|_| slot.durable) else { return };
        slot.consumer.take_changes(&mut self.changes);
        if self.changes.is_empty() {
            return;
        }
        self.scratch.clear();
        ledger::encode(&self.changes, &mut self.scratch);
        self.changes.clear();
        ledger.append(&entry(CHANGES, slot.name(), &[&self.scratch]));
        self.ledger_due.get_or_insert(now + WRITE_WITHIN);
    }

    /// Stages what the state machines did that clients have spoken to since they were last served.
    pub fn note_changes_of_hot(&mut self) {
        if self.ledger.is_none() {
            return;
        }
        let hot: Vec<Box<str>> = self.hot.iter().cloned().collect();
        for name in hot {
            if let Some(mut slot) = self.consumers.remove(&name) {
                self.note_changes(0, &mut slot);
                self.consumers.insert(name, slot);
            }
        }
    }

    /// Writes the ledger anew when most of it is history.
    pub fn compact_ledger(&mut self, stream: &str) {
        let Some(ledger) = &mut self.ledger else { return };
        if self.committing || ledger.bytes() < COMPACT_BYTES_MIN.max(4 * self.ledger_live_bytes) {
            return;
        }
        let mut entries = Vec::new();
        for slot in self.consumers.values_mut().filter(|slot| slot.durable) {
            slot.consumer.take_changes(&mut self.changes);
            entries.extend(slot.entries());
        }
        self.changes.clear();
        self.ledger_live_bytes = entries.iter().map(|e| e.len() as u64).sum();
        tracing::debug!(stream, bytes = ledger.bytes(), "the consumers' ledger is written anew");
        ledger.rewrite(&entries);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(name: &str) -> ConsumerConfig {
        ConsumerConfig { durable_name: name.to_owned(), name: name.to_owned(), ..ConsumerConfig::default() }
    }

    fn made(name: &str) -> Vec<u8> {
        let json = serde_json::to_vec(&config(name)).unwrap();
        entry(MADE, name, &[&7_i64.to_le_bytes(), &json])
    }

    #[test]
    fn a_state_replaces_the_changes_before_it() {
        let (all, unread) = read(vec![
            made("d"),
            entry(STATE, "d", &[b"s1"]),
            entry(CHANGES, "d", &[b"c1"]),
            entry(STATE, "d", &[b"s2"]),
            entry(CHANGES, "d", &[b"c2"]),
        ]);
        assert_eq!(unread, 0);
        assert_eq!(all["d"].created, 7);
        assert_eq!(all["d"].state.as_deref(), Some(&b"s2"[..]));
        assert_eq!(all["d"].changes, [b"c2".to_vec()]);
    }

    #[test]
    fn a_deleted_consumer_is_gone_and_what_is_not_understood_is_counted() {
        let (all, unread) = read(vec![
            made("d"),
            entry(DELETED, "d", &[]),
            entry(CHANGES, "d", &[b"late"]),
            entry(9, "d", &[]),
            vec![MADE, 200, 0, b'x'],
        ]);
        assert!(all.is_empty());
        assert_eq!(unread, 3);
    }
}
