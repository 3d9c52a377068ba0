//! A channel's subscriptions: who they are, how far each has come, and what it has not acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use protocol::stan::Message as _;
use protocol::stan::stored::{SubState, SubStateDelete, SubStateUpdate};

use super::Reading;
use super::records::Records;
use super::resync::Shape;
use crate::import::error::Error;
use crate::import::notes::Notes;

const FILE: &str = "subs.dat";
const NEW: u8 = 1;
const CHANGED: u8 = 2;
const GONE: u8 = 3;
const ACKNOWLEDGED: u8 = 4;
const SENT: u8 = 5;

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subscription {
    /// What it is.
    pub state: SubState,
    /// The messages it has and did not acknowledge.
    pub pending: BTreeSet<u64>,
    /// Whose it was last. The last to leave a durable queue group takes its name out of the state.
    pub client: String,
}

/// All of a channel's, by their numbers.
pub type Subscriptions = BTreeMap<u64, Subscription>;

/// Reads those of the channel in `folder`. `None`: there is no such file.
pub fn read(reading: &Reading, folder: &Path, notes: &mut Notes) -> Result<Option<Subscriptions>, Error> {
    let path = folder.join(FILE);
    let Some(mut records) = Records::open(reading, &path, Shape::State(SENT), true)? else { return Ok(None) };
    let mut all = Subscriptions::new();
    while let Some(record) = records.next(notes)? {
        let at = record.at;
        match take(&mut all, record.kind, record.content) {
            Ok(true) => {}
            Ok(false) => notes.note(&records.path, at, "what was not sent is acknowledged: passed over"),
            Err(what) => records.damaged(notes, at, what)?,
        }
    }
    Ok(Some(all))
}

/// Does what a record says. False when it does nothing.
fn take(all: &mut Subscriptions, kind: u8, content: &[u8]) -> Result<bool, String> {
    let wrong = |error: protocol::stan::DecodeError| format!("a record of kind {kind} cannot be read: {error}");
    match kind {
        NEW => {
            let state = state(kind, content)?;
            let client = state.client_id.clone();
            all.insert(state.id, Subscription { state, pending: BTreeSet::new(), client });
        }
        CHANGED => {
            let state = state(kind, content)?;
            let subscription = all.entry(state.id).or_default();
            if !state.client_id.is_empty() {
                subscription.client.clone_from(&state.client_id);
            }
            subscription.state = state;
        }
        GONE => {
            let gone = SubStateDelete::decode(content).map_err(wrong)?;
            whole(kind, &gone, content)?;
            all.remove(&gone.id);
        }
        ACKNOWLEDGED => {
            let update = SubStateUpdate::decode(content).map_err(wrong)?;
            whole(kind, &update, content)?;
            // Of one that is gone: the records of a queue's members may come in any order.
            return Ok(all.get_mut(&update.id).is_none_or(|subscription| {
                subscription.pending.remove(&update.sequence) || update.sequence <= subscription.state.last_sent
            }));
        }
        SENT => {
            let update = SubStateUpdate::decode(content).map_err(wrong)?;
            whole(kind, &update, content)?;
            if let Some(subscription) = all.get_mut(&update.id) {
                subscription.state.last_sent = subscription.state.last_sent.max(update.sequence);
                subscription.pending.insert(update.sequence);
            }
        }
        other => return Err(format!("a record of kind {other}, which is not known")),
    }
    Ok(true)
}

fn state(kind: u8, content: &[u8]) -> Result<SubState, String> {
    let state =
        SubState::decode(content).map_err(|error| format!("a record of kind {kind} cannot be read: {error}"))?;
    // Every subscription has one.
    if state.ack_inbox.is_empty() { Err(format!("a record of kind {kind} that is no subscription")) } else { Ok(state) }
}

/// Whether `content` is `message` and no more. No CRC covers a record's kind.
fn whole(kind: u8, message: &impl protocol::stan::Message, content: &[u8]) -> Result<(), String> {
    let is_whole = message.encoded_len() == content.len();
    if is_whole { Ok(()) } else { Err(format!("a record of kind {kind} that says more than such a one does")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(id: u64, sequence: u64) -> Vec<u8> {
        SubStateUpdate { id, sequence }.encode_to_vec()
    }

    #[test]
    fn a_subscription_has_what_was_sent_and_not_acknowledged() {
        let inbox = "_INBOX.ack".to_owned();
        let state = SubState { id: 3, last_sent: 4, ack_inbox: inbox.clone(), ..SubState::default() };
        let changed = SubState { last_sent: 6, client_id: "c".into(), ..state.clone() };
        let left = SubState { client_id: String::new(), ..changed.clone() };
        let mut all = Subscriptions::new();
        for (kind, content) in [
            (NEW, state.encode_to_vec()),
            (SENT, update(3, 5)),
            (SENT, update(3, 6)),
            (SENT, update(3, 5)),
            (ACKNOWLEDGED, update(3, 6)),
            (ACKNOWLEDGED, update(3, 6)),
            (SENT, update(9, 1)),
            (CHANGED, changed.encode_to_vec()),
            (CHANGED, left.encode_to_vec()),
            (NEW, SubState { id: 4, ack_inbox: inbox, ..SubState::default() }.encode_to_vec()),
            (GONE, SubStateDelete { id: 4 }.encode_to_vec()),
        ] {
            take(&mut all, kind, &content).unwrap();
        }
        assert_eq!(all.len(), 1);
        assert_eq!(all[&3], Subscription { state: left, pending: BTreeSet::from([5]), client: "c".into() });
        assert_eq!(take(&mut all, ACKNOWLEDGED, &update(3, 7)), Ok(false), "it was not sent");
        assert!(take(&mut all, 6, b"").unwrap_err().contains("kind 6"));
        assert!(take(&mut all, NEW, b"\xff").is_err());
        assert!(take(&mut all, GONE, &update(3, 5)).is_err(), "of another kind, once");
        assert!(take(&mut all, NEW, &SubStateDelete { id: 3 }.encode_to_vec()).is_err());
    }
}
