//! What becomes of subscriptions: of durables and queue groups, of those who were there and those who were not.

use super::writer::{Sub, Writer, sub};
use super::{look, strictly};
use crate::import::durables::Resumed;
use protocol::stan::stored::SubState;

/// What 20 messages' subscriptions become, where `ann` is connected.
fn resumed(subs: &[Sub]) -> (Vec<Resumed>, Vec<String>) {
    let home = tempfile::tempdir().unwrap();
    let store = Writer::new(home.path());
    store.clients(&["ann", "bob"], &["bob"]);
    store.plain_slice("c", 1, 11, 20);
    store.subs("c", subs);
    let (mut found, notes) = look(&strictly(), home.path()).unwrap();
    (found.channels.remove(0).resumed, notes)
}

/// Name, who is there, who was last, the last sent, what is pending.
fn told(resumed: &Resumed) -> (&str, Vec<&str>, Option<&str>, u64, Vec<u64>) {
    (
        &resumed.name,
        resumed.members.iter().map(|member| member.client.as_str()).collect(),
        resumed.last.as_ref().map(|last| last.client.as_str()),
        resumed.last_sent,
        resumed.pending.iter().copied().collect(),
    )
}

fn at(state: SubState, last_sent: u64) -> SubState {
    SubState { last_sent, ..state }
}

#[test]
fn a_durable_is_offline_when_its_client_went_or_closed_it() {
    let closed = SubState { is_closed: true, ..sub(3, "ann", "closed", "") };
    let old = SubState { is_durable: false, ..sub(4, "bob", "old", "") };
    let (resumed, notes) = resumed(&[
        Sub::New(sub(1, "ann", "on", "")),
        Sub::New(sub(2, "bob", "off", "")),
        Sub::New(sub(3, "ann", "closed", "")),
        Sub::Changed(closed),
        Sub::New(old),
        Sub::Sent(2, 12),
        Sub::Sent(2, 13),
        Sub::Acknowledged(2, 12),
    ]);
    assert_eq!(notes, [""; 0]);
    assert_eq!(
        resumed.iter().map(told).collect::<Vec<_>>(),
        [
            ("stan:d:c:ann:closed", vec![], Some("ann"), 0, vec![]),
            ("stan:d:c:ann:on", vec!["ann"], None, 0, vec![]),
            ("stan:d:c:bob:off", vec![], Some("bob"), 13, vec![13]),
            ("stan:d:c:bob:old", vec![], Some("bob"), 0, vec![]),
        ]
    );
}

#[test]
fn what_is_not_durable_stays_with_its_client_and_goes_with_it() {
    let (resumed, _) = resumed(&[
        Sub::New(at(sub(1, "ann", "", ""), 14)),
        Sub::New(sub(2, "bob", "", "")),
        Sub::New(at(sub(3, "ann", "", "g"), 12)),
        Sub::New(at(sub(4, "ann", "", "g"), 15)),
        Sub::New(sub(5, "bob", "", "g")),
        Sub::New(sub(6, "bob", "", "gone")),
        Sub::New(sub(7, "ann", "", "deleted")),
        Sub::Gone(7),
        Sub::Sent(3, 13),
        Sub::Sent(4, 16),
    ]);
    assert_eq!(
        resumed.iter().map(told).collect::<Vec<_>>(),
        [("stan:g:c:g", vec!["ann", "ann"], None, 16, vec![13, 16]), ("stan:s:ack1", vec!["ann"], None, 14, vec![]),]
    );
}

#[test]
fn a_durable_queue_group_is_one_with_all_its_members_had() {
    let shadow = SubState { client_id: String::new(), last_sent: 17, ..sub(3, "", "", "d:empty") };
    let (resumed, notes) = resumed(&[
        Sub::New(sub(1, "ann", "", "d:a.b")),
        Sub::New(sub(2, "bob", "", "d:a.b")),
        Sub::New(sub(3, "bob", "", "d:empty")),
        Sub::Sent(1, 12),
        Sub::Sent(2, 14),
        Sub::Sent(2, 16),
        Sub::Acknowledged(2, 14),
        Sub::Sent(3, 5),
        Sub::Sent(3, 17),
        Sub::Changed(shadow),
    ]);
    assert_eq!(notes, [""; 0]);
    assert_eq!(
        resumed.iter().map(told).collect::<Vec<_>>(),
        [
            ("stan:q:c:d:a%2Eb", vec!["ann"], None, 16, vec![12, 16]),
            ("stan:q:c:d:empty", vec![], Some("bob"), 17, vec![17]),
        ],
        "message 5 is not there any more"
    );
    assert_eq!(resumed[0].charter.queue, "d:a.b", "as monitoring shows it");
}

#[test]
fn what_was_sent_beyond_the_last_message_is_to_come_again() {
    let nobodys = SubState { client_id: String::new(), ..sub(2, "", "d", "") };
    let (resumed, notes) =
        resumed(&[Sub::New(at(sub(1, "bob", "d", ""), 18)), Sub::Sent(1, 19), Sub::Sent(1, 23), Sub::New(nobodys)]);
    assert_eq!(told(&resumed[0]), ("stan:d:c:bob:d", vec![], Some("bob"), 20, vec![19]));
    assert_eq!(resumed.len(), 1);
    let home = tempfile::tempdir().unwrap();
    let store = Writer::new(home.path());
    store.subs("never.published", &[Sub::New(sub(1, "bob", "d", "")), Sub::Sent(1, 0), Sub::Sent(1, 7)]);
    let (found, _) = look(&strictly(), home.path()).unwrap();
    assert_eq!(told(&found.channels[0].resumed[0]).3, 0);
    assert!(found.channels[0].resumed[0].pending.is_empty());
    assert!(notes[0].contains("subscription 2 is nobody's"), "{notes:?}");
    assert!(notes[1].contains("sent messages up to 23, and the last there is is 20"), "{notes:?}");
}
