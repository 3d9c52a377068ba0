//! Requests as clients write them. What is answered is tried by `tests/recorded.rs`.

use proptest::prelude::*;

use super::*;
use crate::jetstream::config::{ConsumerConfig, DeliverPolicy, StreamConfig};

#[test]
fn nothing_and_null_are_the_default() {
    for body in ["", " \r\n", "null", "{}", r#"{"offset":null,"subject":null,"unknown":[1]}"#] {
        assert_eq!(parse::<PageRequest>(body.as_bytes()).unwrap(), PageRequest::default(), "{body}");
    }
}

#[test]
fn nulls_are_absent_at_any_depth() {
    let asked: CreateConsumerRequest = parse(
        br#"{"stream_name":"S","action":null,"config":{"name":null,"deliver_policy":"new","opt_start_time":null,
            "metadata":{"a":"b","c":null},"backoff":null,"priority_policy":null}}"#,
    )
    .unwrap();
    let metadata = [("a".to_owned(), "b".to_owned())].into();
    let config = ConsumerConfig { deliver_policy: DeliverPolicy::New, metadata, ..ConsumerConfig::default() };
    assert_eq!(asked, CreateConsumerRequest { stream_name: "S".into(), config, action: Action::CreateOrUpdate });
}

#[test]
fn what_is_no_json_is_told_so() {
    for body in ["{bad", "x", "[", r#"{"offset":"x"}"#, r#"{"offset":-1}"#] {
        let refusal = parse::<PageRequest>(body.as_bytes()).unwrap_err();
        assert_eq!((refusal.code, refusal.err_code), (400, 10025));
        assert!(refusal.description.starts_with("invalid JSON: "), "{refusal}");
    }
}

#[test]
fn an_empty_object_is_no_body() {
    for (body, empty) in [("", true), ("{}", true), (" { } ", true), ("null", false), ("{bad", false), ("x", false)] {
        assert_eq!(is_empty_or_object(body.as_bytes()), empty, "{body}");
    }
}

#[test]
fn actions_are_words() {
    for (text, action) in [("", Action::CreateOrUpdate), ("create", Action::Create), ("update", Action::Update)] {
        let body = format!(r#"{{"action":"{text}"}}"#);
        assert_eq!(parse::<CreateConsumerRequest>(body.as_bytes()).unwrap().action, action);
    }
    assert!(parse::<CreateConsumerRequest>(br#"{"action":"x"}"#).is_err());
}

#[test]
fn pulls_are_read_as_nats_server_reads_them() {
    let one = PullRequest::default();
    let of = |batch| PullRequest { batch, ..PullRequest::default() };
    for (body, expected) in [
        ("", one.clone()),
        ("{}", one.clone()),
        ("null", one.clone()),
        ("x", one.clone()),
        ("-1", one.clone()),
        ("0", one.clone()),
        ("[]", one.clone()),
        (r#"{"batch":0}"#, one.clone()),
        (r#"{"batch":-2,"group":"","idle_heartbeat":-1}"#, one.clone()),
        (" 3 ", of(3)),
        (r#"{"batch":3,"min_pending":null,"min_ack_pending":null,"group":null,"max_bytes":0,"expires":null}"#, of(3)),
        (
            r#"{"batch":5,"expires":100,"no_wait":true,"max_bytes":7,"idle_heartbeat":8,"min_pending":9,
                "min_ack_pending":10,"group":"g","priority":3,"id":"p"}"#,
            PullRequest {
                batch: 5,
                expires: Some(100),
                no_wait: true,
                max_bytes: 7,
                idle_heartbeat: Some(8),
                min_pending: Some(9),
                min_ack_pending: Some(10),
                group: Some("g".into()),
                priority: 3,
                id: Some("p".into()),
            },
        ),
    ] {
        assert_eq!(PullRequest::parse(body.as_bytes()).unwrap(), expected, "{body}");
    }
    for body in ["{bad", r#"{"batch":"x"}"#, r#"{"no_wait":3}"#] {
        assert!(PullRequest::parse(body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn names_that_need_it_are_escaped() {
    let mut out = Vec::new();
    pub_ack(&mut out, &json_string("a\"b"), u64::MAX, true);
    assert_eq!(out, br#"{"stream":"a\"b","seq":18446744073709551615,"duplicate":true}"#);
}

proptest! {
    #[test]
    fn nothing_panics(body: Vec<u8>, json in r#"[{}":,a-z0-9\[\] -]{0,30}"#) {
        for body in [&body[..], json.as_bytes()] {
            let _ = (PullRequest::parse(body), parse::<StreamConfig>(body), parse::<MsgGetRequest>(body), is_empty_or_object(body));
        }
    }
}
