//! The API's own words: requests as text, answers compared key by key.

use std::time::Duration;

use async_nats::StatusCode;
use async_nats::datetime;
use futures::StreamExt;
use serde_json::{Value, json};

use super::golden::{api, error, published, with};
use crate::harness::{Server, World, never, soon};
use crate::needs;

const A_WHILE: Duration = Duration::from_millis(300);

fn refused(err_code: u64, description: &str) -> Value {
    json!({ "error": { "code": 400, "err_code": err_code, "description": description }, "stream": "S", "seq": 0 })
}

const CREATE_S: &str = r#"{"name": "S", "subjects": ["s.>"], "discard": "old", "retention": "limits",
    "max_consumers": -1, "max_msgs": -1, "max_bytes": -1, "max_age": 0, "storage": "file", "num_replicas": 1,
    "duplicate_window": 120000000000, "allow_direct": true, "allow_rollup_hdrs": true}"#;

/// The configuration that the server tells of the stream above.
fn config_s() -> Value {
    json!({
        "name": "S",
        "subjects": ["s.>"],
        "retention": "limits",
        "max_consumers": -1,
        "max_msgs": -1,
        "max_bytes": -1,
        "max_age": 0,
        "max_msgs_per_subject": -1,
        "max_msg_size": -1,
        "discard": "old",
        "storage": "file",
        "num_replicas": 1,
        "duplicate_window": 120_000_000_000_u64,
        "compression@2.10": "none",
        "allow_direct": true,
        "mirror_direct": false,
        "sealed": false,
        "deny_delete": false,
        "deny_purge": false,
        "allow_rollup_hdrs": true,
        "consumer_limits@2.10": {},
        "allow_msg_ttl@2.11": false,
    })
}

fn empty_state() -> Value {
    json!({
        "messages": 0,
        "bytes": 0,
        "first_seq": 0,
        "first_ts": "0001-01-01T00:00:00Z",
        "last_seq": 0,
        "last_ts": "0001-01-01T00:00:00Z",
        "consumer_count": 0,
    })
}

/// What the server tells of the stream above when it holds messages 1, 2 and 3 on two subjects.
fn full_state() -> Value {
    json!({
        "messages": 3,
        "bytes": "<number>",
        "first_seq": 1,
        "first_ts": "<time>",
        "last_seq": 3,
        "last_ts": "<time>",
        "num_subjects": 2,
        "consumer_count": 0,
    })
}

fn stream_info(kind: &str, config: &Value, state: &Value) -> Value {
    json!({
        "type": format!("io.nats.jetstream.api.v1.{kind}_response"),
        "config": config,
        "created": "<time>",
        "state": state,
        "ts@2.10": "<time>",
    })
}

/// A server with the stream above, and messages on `s.a`, `s.a`, `s.b`.
pub(super) async fn with_messages() -> (Server, World) {
    let server = Server::start(&[]);
    let world = World::of(&server).await;
    let created = with(stream_info("stream_create", &config_s(), &empty_state()), json!({ "did_create": true }));
    api(&world, "STREAM.CREATE.S", CREATE_S, created).await;
    published(&world, "s.a", &[], "one", json!({ "stream": "S", "seq": 1 })).await;
    published(&world, "s.a", &[("Nats-Msg-Id", "1")], "two", json!({ "stream": "S", "seq": 2 })).await;
    published(&world, "s.b", &[], "x", json!({ "stream": "S", "seq": 3 })).await;
    (server, world)
}

#[tokio::test]
async fn the_account_is_told() {
    let server = Server::start(&[]);
    let world = World::of(&server).await;
    for body in ["", "[]", "{}", "null"] {
        let account = json!({
            "type": "io.nats.jetstream.api.v1.account_info_response",
            "memory": 0,
            "storage": 0,
            "reserved_memory@2.10": 0,
            "reserved_storage@2.10": 0,
            "streams": 0,
            "consumers": 0,
            "limits": {
                "max_memory": -1,
                "max_storage": -1,
                "max_streams": -1,
                "max_consumers": -1,
                "max_ack_pending": -1,
                "memory_max_stream_bytes": -1,
                "storage_max_stream_bytes": -1,
                "max_bytes_required": false,
            },
            "api": { "level@2.11": "<number>", "total": "<number>", "errors": 0 },
        });
        api(&world, "INFO", body, account).await;
    }
}

#[tokio::test]
async fn streams_are_created_and_refused() {
    let (_server, world) = with_messages().await;
    let same = with(stream_info("stream_create", &config_s(), &full_state()), json!({ "did_create": true }));
    api(&world, "STREAM.CREATE.S", CREATE_S, same).await;
    let in_use = error("stream_create", 400, 10058, "stream name already in use with a different configuration");
    api(&world, "STREAM.CREATE.S", r#"{"name": "S", "subjects": ["zzz"], "storage": "file"}"#, in_use).await;
    let overlap = error("stream_create", 400, 10065, "subjects overlap with an existing stream");
    api(&world, "STREAM.CREATE.T", r#"{"name": "T", "subjects": ["s.a"], "storage": "file"}"#, overlap).await;
    let mismatch = error("stream_create", 400, 10056, "stream name in subject does not match request");
    api(&world, "STREAM.CREATE.T", r#"{"name": "U", "subjects": ["u"], "storage": "file"}"#, mismatch).await;
    api(&world, "STREAM.CREATE.X", "{bad", error("stream_create", 400, 10025, "<text>")).await;

    let brief = r#"{"name": "BRIEF"}"#;
    let config = with(
        config_s(),
        json!({ "name": "BRIEF", "subjects": ["BRIEF"], "allow_direct": false, "allow_rollup_hdrs": false }),
    );
    let created = with(stream_info("stream_create", &config, &empty_state()), json!({ "did_create": true }));
    api(&world, "STREAM.CREATE.BRIEF", brief, created).await;
}

#[tokio::test]
async fn streams_are_told_and_listed() {
    let (_server, world) = with_messages().await;
    let page = json!({ "total": 0, "offset": 0, "limit": 0 });
    for body in ["", "{}", "null"] {
        let info = with(stream_info("stream_info", &config_s(), &full_state()), page.clone());
        api(&world, "STREAM.INFO.S", body, info).await;
    }
    let details = with(full_state(), json!({ "subjects": { "s.a": 2, "s.b": 1 } }));
    let page_of_two = json!({ "total": 2, "offset": 0, "limit": 100_000 });
    let info = with(stream_info("stream_info", &config_s(), &details), page_of_two);
    api(&world, "STREAM.INFO.S", r#"{"offset": 0, "deleted_details": true, "subjects_filter": ">"}"#, info).await;
    let missing = with(error("stream_info", 404, 10059, "stream not found"), page);
    api(&world, "STREAM.INFO.NOPE", "", missing).await;

    let names = |streams: Value, total: u64| {
        let kind = "io.nats.jetstream.api.v1.stream_names_response";
        json!({ "type": kind, "total": total, "offset": 0, "limit": 1024, "streams": streams })
    };
    api(&world, "STREAM.NAMES", "", names(json!(["S"]), 1)).await;
    api(&world, "STREAM.NAMES", r#"{"offset": 0, "subject": null}"#, names(json!(["S"]), 1)).await;
    api(&world, "STREAM.NAMES", r#"{"offset": 0, "subject": "s.a"}"#, names(json!(["S"]), 1)).await;
    let listed = json!({
        "config": config_s(),
        "created": "<time>",
        "state": full_state(),
        "ts@2.10": "<time>",
    });
    let list = json!({
        "type": "io.nats.jetstream.api.v1.stream_list_response",
        "total": 1,
        "offset": 0,
        "limit": 256,
        "streams": [listed],
    });
    api(&world, "STREAM.LIST", r#"{"offset": 0}"#, list).await;
}

#[tokio::test]
async fn streams_are_changed_and_deleted() {
    let (_server, world) = with_messages().await;
    let more = CREATE_S.replace(r#"["s.>"]"#, r#"["s.>", "u.>"]"#);
    let config = with(config_s(), json!({ "subjects": ["s.>", "u.>"] }));
    api(&world, "STREAM.UPDATE.S", &more, stream_info("stream_update", &config, &full_state())).await;
    let nope = more.replace(r#""S""#, r#""NOPE""#);
    api(&world, "STREAM.UPDATE.NOPE", &nope, error("stream_update", 404, 10059, "stream not found")).await;

    let done = |kind: &str, more: Value| {
        with(json!({ "type": format!("io.nats.jetstream.api.v1.{kind}_response"), "success": true }), more)
    };
    api(&world, "STREAM.MSG.DELETE.S", r#"{"seq": 1}"#, done("stream_msg_delete", json!({}))).await;
    let twice = error("stream_msg_delete", 500, 10057, "no message found");
    api(&world, "STREAM.MSG.DELETE.S", r#"{"seq": 1, "no_erase": true}"#, twice).await;
    api(&world, "STREAM.PURGE.S", r#"{"filter": "s.a"}"#, done("stream_purge", json!({ "purged": 1 }))).await;
    api(&world, "STREAM.PURGE.S", "", done("stream_purge", json!({ "purged": 1 }))).await;
    api(&world, "STREAM.DELETE.S", "", done("stream_delete", json!({}))).await;
    api(&world, "STREAM.DELETE.S", "{}", error("stream_delete", 404, 10059, "stream not found")).await;
    let missing = with(error("stream_purge", 404, 10059, "stream not found"), json!({ "purged": 0 }));
    api(&world, "STREAM.PURGE.S", "", missing).await;
}

#[tokio::test]
async fn nobody_answers_for_an_api_that_does_not_exist() {
    let world = World::new().await;
    let inbox = world.client.new_inbox();
    let mut answers = world.client.subscribe(inbox.clone()).await.unwrap();
    world.client.publish_with_reply("$JS.API.NOSUCH.API", inbox, "".into()).await.unwrap();
    never("no answer comes, not even that nobody is there", A_WHILE, answers.next()).await;
}

#[tokio::test]
async fn publishers_are_answered() {
    let (_server, world) = with_messages().await;
    let repeat = json!({ "stream": "S", "seq": 2, "duplicate": true });
    published(&world, "s.a", &[("Nats-Msg-Id", "1")], "two", repeat).await;
    let refusals = [
        ("Nats-Expected-Last-Sequence", "99", refused(10071, "wrong last sequence: 3")),
        ("Nats-Expected-Last-Subject-Sequence", "99", refused(10071, "wrong last sequence: 3")),
        ("Nats-Expected-Stream", "Z", refused(10060, "expected stream does not match")),
    ];
    for (header, value, expected) in refusals {
        published(&world, "s.b", &[(header, value)], "x", expected).await;
    }
    published(&world, "s.b", &[("Nats-Rollup", "sub")], "x", json!({ "stream": "S", "seq": 4 })).await;
    published(&world, "s.c", &[("Nats-Msg-Id", "2")], "x", json!({ "stream": "S", "seq": 5 })).await;
    let last = refused(10070, "wrong last msg ID: 2");
    published(&world, "s.b", &[("Nats-Expected-Last-Msg-Id", "q")], "x", last).await;

    needs!(world.client, 2, 12, "schedules and a time to live for each message");
    let mortal = CREATE_S.replace("\"name\"", r#""allow_msg_ttl": true, "allow_msg_schedules": true, "name""#);
    let config = with(config_s(), json!({ "allow_msg_ttl@2.11": true, "allow_msg_schedules": true }));
    let state = json!({ "messages": 4, "last_seq": 5, "num_subjects": 3, "num_deleted": 1 });
    let updated = stream_info("stream_update", &config, &with(full_state(), state));
    api(&world, "STREAM.UPDATE.S", &mortal, updated).await;
    published(&world, "s.b", &[("Nats-TTL", "0")], "x", refused(10165, "invalid per-message TTL")).await;
    let refusals = [
        ("@every 500ms", "s.tgt", refused(10189, "message schedules pattern is invalid")),
        ("garbage", "s.tgt", refused(10189, "message schedules pattern is invalid")),
        ("@at 2030-01-01T00:00:00Z", "other", refused(10190, "message schedules target is invalid")),
    ];
    for (schedule, target, expected) in refusals {
        let headers = [("Nats-Schedule", schedule), ("Nats-Schedule-Target", target)];
        published(&world, "s.sch", &headers, "x", expected).await;
    }
}

#[tokio::test]
async fn messages_are_given() {
    let (_server, world) = with_messages().await;
    let kind = "io.nats.jetstream.api.v1.stream_msg_get_response";
    let two = json!({
        "type": kind,
        "message": {
            "subject": "s.a",
            "seq": 2,
            "hdrs": "TkFUUy8xLjANCk5hdHMtTXNnLUlkOiAxDQoNCg==",
            "data": "dHdv",
            "time": "<time>",
        },
    });
    let one = json!({
        "type": kind,
        "message": { "subject": "s.a", "seq": 1, "data": "b25l", "time": "<time>" },
    });
    api(&world, "STREAM.MSG.GET.S", r#"{"seq": 2}"#, two.clone()).await;
    api(&world, "STREAM.MSG.GET.S", r#"{"last_by_subj": "s.a"}"#, two).await;
    api(&world, "STREAM.MSG.GET.S", r#"{"next_by_subj": "s.a", "seq": 1}"#, one).await;
    let missing = error("stream_msg_get", 404, 10037, "no message found");
    api(&world, "STREAM.MSG.GET.S", r#"{"seq": 9999}"#, missing).await;
    api(&world, "STREAM.MSG.GET.S", "", error("stream_msg_get", 400, 10003, "bad request")).await;
    api(&world, "STREAM.MSG.GET.S", "{}", error("stream_msg_get", 400, 10003, "bad request")).await;
    api(&world, "STREAM.MSG.GET.NOPE", r#"{"seq": 1}"#, error("stream_msg_get", 404, 10059, "stream not found")).await;
}

#[tokio::test]
async fn messages_are_given_directly() {
    let (_server, world) = with_messages().await;
    // (request, body, status, headers, payload)
    let stored =
        |sequence: &'static str, subject: &'static str| vec![("Nats-Sequence", sequence), ("Nats-Subject", subject)];
    let cases = [
        ("S", r#"{"seq": 1}"#, None, stored("1", "s.a"), "one"),
        ("S", r#"{"last_by_subj": "s.a"}"#, None, [stored("2", "s.a"), vec![("Nats-Msg-Id", "1")]].concat(), "two"),
        ("S", r#"{"next_by_subj": "s.b", "seq": 1}"#, None, stored("3", "s.b"), "x"),
        ("S.s.a", "", None, stored("2", "s.a"), "two"),
        ("S", r#"{"seq": 9999}"#, Some((404, "Message Not Found")), vec![], ""),
        ("S.s.none", "", Some((404, "Message Not Found")), vec![], ""),
        ("S", "", Some((408, "Empty Request")), vec![], ""),
    ];
    for (request, body, status, headers, payload) in cases {
        let answer = world.client.request(format!("$JS.API.DIRECT.GET.{request}"), body.into());
        let answer = soon("an answer", answer).await.unwrap();
        assert_eq!(answer.payload, payload, "{request} {body}");
        if let Some((code, description)) = status {
            assert_eq!(answer.status, Some(StatusCode::from_u16(code).unwrap()), "{request} {body}");
            assert_eq!(answer.description.as_deref(), Some(description), "{request} {body}");
        } else {
            let given = answer.headers.unwrap();
            let header = |name: &str| given.get(name).map(async_nats::HeaderValue::as_str);
            for (name, value) in headers.into_iter().chain([("Nats-Stream", "S")]) {
                assert_eq!(header(name), Some(value), "{request} {body}");
            }
            assert!(datetime::parse_rfc3339(header("Nats-Time-Stamp").unwrap()).is_ok());
        }
    }
}
