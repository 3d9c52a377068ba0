use super::*;
use crate::connection::Outbox;

const SECOND: i64 = 1_000_000_000;
const NOW: i64 = 100 * SECOND;

/// One that has said nothing of itself. It came `id` seconds after 0, was heard of at `heard` s, and got `sent` messages.
fn known(id: u64, heard: i64, sent: u64, user: Option<&str>, ended: Option<(i64, Reason)>) -> Known {
    let outbox = Outbox::new(None, 1 << 20);
    outbox.append_message(sent, 10 * usize::try_from(sent).expect("few"), |_| {});
    let started = i64::try_from(id).expect("few") * SECOND;
    let peer = ([127, 0, 0, 1], 4000).into();
    let connection = Arc::new(Connection::new(id, peer, false, outbox, started));
    connection.heard.store(heard * SECOND, Ordering::Relaxed);
    let identity = Arc::new(Identity { user: user.map(str::to_owned), ..Identity::default() });
    Known { connection, identity, ended: ended.map(|(at, reason)| (at * SECOND, reason)) }
}

fn some() -> Vec<Known> {
    vec![
        known(3, 95, 7, None, Some((97, Reason::Stale))),
        known(1, 90, 7, Some("ann"), Some((91, Reason::ClientClosed))),
        known(4, 40, 9, Some("ann"), Some((70, Reason::Shutdown))),
        known(2, 80, 1, Some("bob"), Some((99, Reason::ClientClosed))),
    ]
}

#[track_caller]
fn told(question: &str) -> Vec<u64> {
    let pairs = question.split('&').filter_map(|pair| pair.split_once('='));
    let parameters = Parameters::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
    let asked = Asked::read(&parameters).expect(question);
    asked.part(some(), NOW).iter().map(|k| k.connection.id).collect()
}

#[test]
fn connections_are_sorted() {
    for (sort, expected) in [
        ("", [1, 2, 3, 4]),
        ("sort=cid", [1, 2, 3, 4]),
        ("sort=start", [1, 2, 3, 4]),
        ("sort=msgs_to", [4, 1, 3, 2]),
        ("sort=bytes_to", [4, 1, 3, 2]),
        ("sort=last", [3, 1, 2, 4]),
        ("sort=idle", [4, 2, 3, 1]),
        ("sort=uptime", [4, 1, 3, 2]),
        ("state=closed&sort=stop", [2, 3, 1, 4]),
        ("state=closed&sort=reason", [1, 2, 4, 3]),
    ] {
        assert_eq!(told(sort), expected, "{sort}");
    }
}

#[test]
fn connections_are_paged_and_picked() {
    for (question, expected) in [
        ("limit=3", &[1, 2, 3][..]),
        ("limit=3&offset=3", &[4]),
        ("offset=4", &[]),
        ("sort=idle&limit=2&offset=1", &[2, 3]),
        ("cid=3", &[3]),
        ("cid=9", &[]),
        ("user=ann", &[1, 4]),
        ("user=ann&cid=2", &[]),
        ("acc=$G&user=bob", &[2]),
        ("acc=other", &[]),
    ] {
        assert_eq!(told(question), expected, "{question}");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    for question in ["sort=stop", "sort=name", "state=gone", "subs=some", "auth=2", "cid=-1", "limit=many"] {
        let (name, value) = question.split_once('=').expect("a pair");
        let parameters = Parameters::new(vec![(name.to_owned(), value.to_owned())]);
        assert!(Asked::read(&parameters).is_err(), "{question}");
    }
}

#[test]
fn no_user_is_told_unasked() {
    let one = known(1, 90, 7, Some("ann"), None);
    let info = |with_user| serde_json::to_value(one.info(NOW, Subscriptions::Count, with_user)).expect("JSON");
    assert_eq!(info(false).get("authorized_user"), None);
    assert_eq!(info(true)["authorized_user"], "ann");
    assert_eq!((&info(false)["uptime"], &info(false)["idle"]), (&"1m39s".into(), &"10s".into()));
}
