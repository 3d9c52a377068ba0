//! Blocks as clients write them, as nobody should, and at random.

use proptest::prelude::*;

use super::*;

const BLOCK: &[u8] = b"NATS/1.0\r\nNats-Msg-Id: 1\r\nnats-msg-id:   2 \r\nX:\r\nNats-Msg-Id:3\r\n\r\n";

#[test]
fn names_are_compared_with_their_case_and_values_keep_what_follows_them() {
    let headers = Headers::parse(BLOCK);
    assert_eq!(headers.get(MSG_ID), Some(&b"1"[..]));
    assert_eq!(headers.get_str("nats-msg-id"), Some("2 "));
    assert_eq!(headers.get("X"), Some(&b""[..]));
    assert_eq!(headers.get("Y"), None);
    assert_eq!(headers.get_all(MSG_ID).collect::<Vec<_>>(), [b"1", b"3"]);
    assert!(headers.is_well_formed() && headers.status().is_none());
}

#[test]
fn what_nats_server_overlooks_is_overlooked() {
    // Each of these was a duplicate of `1` to nats-server 2.9.10, or was not, as said here.
    for (block, id) in [
        (&b"NATS/1.0\r\nNats-Msg-Id: 1"[..], Some("1")),
        (b"garbage\r\nNats-Msg-Id: 1\r\n\r\n", Some("1")),
        (b"NATS/1.0\r\nNats-Msg-Id: 1 \r\n\r\n", Some("1 ")),
        (b"NATS/1.0\r\nX: a\r\nNats-Msg-Id:\t1\r\n\r\n", Some("\t1")),
        (b"Nats-Msg-Id: 1\r\n\r\n", None),
        (b"NATS/1.0\r\nNats-Msg-Id : 1\r\n\r\n", None),
        (b"NATS/1.0\r\n Nats-Msg-Id: 1\r\n\r\n", None),
        (b"", None),
    ] {
        assert_eq!(Headers::parse(block).get_str(MSG_ID), id, "{}", String::from_utf8_lossy(block));
    }
}

#[test]
fn a_status_has_a_code_and_perhaps_a_description() {
    for (block, status) in [
        (&b"NATS/1.0 503\r\n\r\n"[..], Some((503, ""))),
        (b"NATS/1.0 404 No Messages\r\n\r\n", Some((404, "No Messages"))),
        (b"NATS/1.0   100   Idle Heartbeat\r\nA: b\r\n\r\n", Some((100, "Idle Heartbeat"))),
        (b"NATS/1.0\r\n\r\n", None),
        (b"NATS/1.0 x\r\n\r\n", None),
        (b"HTTP/1.0 404\r\n\r\n", None),
        (b"", None),
    ] {
        assert_eq!(Headers::parse(block).status(), status);
    }
}

#[test]
fn blocks_are_written_as_recorded() {
    let mut out = Vec::new();
    write_status(&mut out, 408, "Request Timeout", &[(PENDING_MESSAGES, "7"), (PENDING_BYTES, "0")]);
    assert_eq!(out, b"NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 7\r\nNats-Pending-Bytes: 0\r\n\r\n");
    out.clear();
    write_status(&mut out, 503, "", &[]);
    assert_eq!(out, crate::server::NO_RESPONDERS);
    out.clear();
    append(&mut out, b"", &[(STREAM, "S"), (SUBJECT, "s.a")]);
    assert_eq!(out, b"NATS/1.0\r\nNats-Stream: S\r\nNats-Subject: s.a\r\n\r\n");
}

#[test]
fn a_schedule_loses_its_own_fields_and_keeps_the_users() {
    let schedule = b"NATS/1.0\r\nNats-Schedule: @every 1s\r\nX-My: v\r\nno field\r\nNats-Schedule-Target: t\r\n\r\n";
    let mut out = Vec::new();
    remove(&mut out, schedule, |name| name.starts_with(SCHEDULE_PREFIX));
    assert_eq!(out, b"NATS/1.0\r\nX-My: v\r\nno field\r\n\r\n");
    out.clear();
    remove(&mut out, b"NATS/1.0\r\nNats-Schedule: @every 1s\r\n\r\n", |name| name.starts_with(SCHEDULE_PREFIX));
    assert_eq!(out, b"", "a block of no fields is no block");
}

#[test]
fn a_line_end_in_a_value_begins_no_field() {
    let mut out = Vec::new();
    append(&mut out, b"", &[("A", "x\r\nNats-Rollup: all")]);
    assert_eq!(Headers::parse(&out).get(ROLLUP), None);
    assert_eq!(Headers::parse(&out).get_str("A"), Some("x  Nats-Rollup: all"));
}

proptest! {
    #[test]
    fn what_is_written_is_read(fields in prop::collection::vec(("[A-Za-z-]{1,9}", "[!-~][ -~]{0,9}"), 0..6)) {
        let mut out = Vec::new();
        let pairs: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        append(&mut out, b"", &pairs);
        let read: Vec<_> =
            Headers::parse(&out).iter().map(|(name, value)| (name, std::str::from_utf8(value).unwrap())).collect();
        prop_assert_eq!(read, pairs);
        prop_assert!(Headers::parse(&out).is_well_formed());
    }

    #[test]
    fn random_blocks_are_read_and_copied_without_loss(block in "(NATS/1.0)?([ a:]|\r\n|\r|\n|ä){0,24}") {
        let headers = Headers::parse(block.as_bytes());
        let _ = (headers.status(), headers.get("a"), headers.is_well_formed());
        let mut copy = Vec::new();
        append(&mut copy, block.as_bytes(), &[("Z", "z")]);
        let fields: Vec<_> = headers.iter().chain([("Z", &b"z"[..])]).collect();
        prop_assert_eq!(Headers::parse(&copy).iter().collect::<Vec<_>>(), fields);
    }
}
