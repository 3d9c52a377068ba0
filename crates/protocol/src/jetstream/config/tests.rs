//! Defaults and refusals. Unless a line says otherwise, so answered `nats-server` 2.9.10 wherever it could be asked.

use serde_json::{Value, json};

use super::*;
use crate::jetstream::api;

#[allow(clippy::needless_pass_by_value)] // So that a case is written as `stream(json!(…))`.
fn stream(fields: Value) -> Result<StreamConfig, ApiError> {
    let mut asked = json!({ "name": "T", "subjects": ["t.>"] });
    asked.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    api::parse::<StreamConfig>(asked.to_string().as_bytes())?.normalized()
}

fn consumer_of(fields: &Value, stream: &StreamConfig) -> Result<ConsumerConfig, ApiError> {
    api::parse::<ConsumerConfig>(fields.to_string().as_bytes())?.normalized(stream)
}

/// Of a stream that has the subjects `s.>`, under the durable name `D`.
fn consumer(mut fields: Value) -> Result<ConsumerConfig, ApiError> {
    fields["durable_name"] = "D".into();
    consumer_of(&fields, &stream(json!({ "subjects": ["s.>"] })).unwrap())
}

#[test]
fn streams_get_their_defaults() {
    let plain = stream(json!({})).unwrap();
    assert_eq!((plain.num_replicas, plain.max_age, plain.duplicate_window), (1, 0, DUPLICATE_WINDOW));
    for limit in [plain.max_consumers, plain.max_msgs, plain.max_bytes, plain.max_msgs_per_subject, plain.max_msg_size]
    {
        assert_eq!(limit, -1);
    }
    assert_eq!((plain.retention, plain.discard, plain.storage), (Retention::Limits, Discard::Old, Storage::File));
    assert_eq!(stream(json!({ "subjects": null })).unwrap().subjects, ["T"]);
    assert_eq!(stream(json!({ "max_age": SECOND })).unwrap().duplicate_window, SECOND);
    assert_eq!(stream(json!({ "max_age": 300 * SECOND })).unwrap().duplicate_window, DUPLICATE_WINDOW);
    let mirror = stream(json!({ "subjects": null, "mirror": { "name": "x" } })).unwrap();
    assert_eq!((mirror.subjects.len(), mirror.duplicate_window), (0, 0));
    assert_eq!(stream(json!({ "subjects": null, "sources": [{ "name": "y" }] })).unwrap().subjects.len(), 0);
    assert_eq!(stream(json!({ "republish": { "dest": "z.>" } })).unwrap().republish.unwrap().src, ">");
    // Not on 2.9: it has neither.
    let scheduling = stream(json!({ "allow_msg_schedules": true, "deny_purge": true })).unwrap();
    assert!(scheduling.allow_rollup_hdrs && !scheduling.deny_purge);
    let marking = stream(json!({ "subject_delete_marker_ttl": SECOND, "deny_purge": true })).unwrap();
    assert!(marking.allow_rollup_hdrs && marking.allow_msg_ttl && !marking.deny_purge);
}

#[test]
fn streams_that_cannot_be_are_refused() {
    for (fields, err_code, text) in [
        (json!({ "name": "" }), 10052, "stream name is required and can not contain '.', '*', '>'"),
        (json!({ "name": "a b" }), 10052, "stream name is required"),
        (json!({ "name": "a.b" }), 10052, "stream name is required"),
        (json!({ "name": "a".repeat(256) }), 10052, "stream name is too long, maximum allowed is 255"),
        (json!({ "name": "a/b" }), 10128, "Stream name can not contain path separators"),
        (json!({ "description": "x".repeat(4097) }), 10052, "stream description is too long, maximum allowed is 4096"),
        (json!({ "num_replicas": -1 }), 10133, "replicas count cannot be negative"),
        (json!({ "num_replicas": 3 }), 10074, "replicas > 1 not supported in non-clustered mode"),
        (json!({ "num_replicas": 7 }), 10052, "maximum replicas is 5"),
        (json!({ "retention": "x" }), 10025, "invalid JSON"),
        (json!({ "storage": 5 }), 10025, "invalid JSON"),
        (json!({ "max_age": 1 }), 10052, "max age needs to be >= 100ms"),
        (json!({ "max_age": -5 }), 10052, "duplicates window can not be negative"),
        (json!({ "duplicate_window": -1 }), 10052, "duplicates window can not be negative"),
        (json!({ "duplicate_window": 1 }), 10052, "duplicates window needs to be >= 100ms"),
        (
            json!({ "max_age": SECOND, "duplicate_window": 2 * SECOND }),
            10052,
            "duplicates window can not be larger then max age",
        ),
        (json!({ "subjects": ["a..b"] }), 10052, "invalid subject"),
        (json!({ "subjects": [""] }), 10052, "invalid subject"),
        (json!({ "subjects": ["a", "a"] }), 10052, "duplicate subjects detected"),
        (json!({ "subjects": ["a.*", "a.b"] }), 10052, "subject \"a.*\" overlaps with \"a.b\""),
        (json!({ "deny_purge": true, "allow_rollup_hdrs": true }), 10052, "roll-ups require the purge permission"),
        (
            json!({ "discard_new_per_subject": true }),
            10052,
            "discard new per subject requires discard new policy to be set",
        ),
        (
            json!({ "discard_new_per_subject": true, "discard": "new" }),
            10052,
            "discard new per subject requires max msgs per subject > 0",
        ),
        (json!({ "mirror": { "name": "x" } }), 10034, "stream mirrors can not contain subjects"),
        (
            json!({ "subjects": null, "mirror": { "name": "x" }, "sources": [{ "name": "y" }] }),
            10031,
            "stream mirrors can not also contain other sources",
        ),
        (json!({ "republish": { "dest": "t.x" } }), 10052, "republish destination forms a cycle"),
        // Not on 2.9: these are later rules.
        (json!({ "subjects": [">"] }), 10052, "capturing all subjects requires no-ack to be true"),
        (json!({ "subjects": ["$JS.API.x"] }), 10052, "subjects that overlap with jetstream api"),
        (json!({ "subjects": ["$SYS.x"] }), 10052, "subjects that overlap with system api"),
        (json!({ "subjects": null, "mirror": { "name": "" } }), 10142, "mirrored stream name is invalid"),
        (json!({ "sources": [{ "name": "" }] }), 10141, "sourced stream name is invalid"),
        (json!({ "sources": [{ "name": "y" }, { "name": "y" }] }), 10140, "duplicate source configuration detected"),
        (
            json!({ "subjects": null, "mirror": { "name": "x" }, "allow_msg_schedules": true }),
            10186,
            "stream mirrors can not also schedule messages",
        ),
        (
            json!({ "sources": [{ "name": "x" }], "allow_msg_schedules": true }),
            10187,
            "stream source can not also schedule messages",
        ),
        (json!({ "republish": { "src": "t.*", "dest": "b.$9" } }), 10052, "from 't.*' to 'b.$9' not valid"),
        (
            json!({ "subject_transform": { "src": "a..b", "dest": "c" } }),
            10155,
            "stream transform source: invalid subject",
        ),
        (json!({ "subject_transform": { "src": "t.*", "dest": "$2" } }), 10156, "stream transform: invalid mapping"),
        (
            json!({ "sources": [{ "name": "x", "subject_transforms": [{ "src": "a" }, { "src": "a" }] }] }),
            10147,
            "source filters can not overlap",
        ),
        (json!({ "subject_delete_marker_ttl": 5 }), 10052, "subject delete marker TTL must be at least 1 second"),
        (
            json!({ "metadata": { "k": "v".repeat(128 * 1024) } }),
            10052,
            "stream metadata exceeds maximum size of 128KB",
        ),
    ] {
        let refusal = stream(fields.clone()).expect_err(&fields.to_string());
        assert_eq!(refusal.err_code, err_code, "{fields} {refusal}");
        assert!(refusal.description.contains(text), "{fields} {refusal}");
    }
}

#[test]
fn what_captures_the_api_must_not_be_acknowledged() {
    for subjects in [json!([">"]), json!(["$JS.API.x"])] {
        assert!(stream(json!({ "subjects": subjects, "no_ack": true })).is_ok());
    }
    assert!(stream(json!({ "subjects": ["$JS.EVENT.ADVISORY.>", "$SYS.ACCOUNT.*.CONNECT"] })).is_ok());
}

#[test]
fn consumers_get_their_defaults() {
    let durable = consumer(json!({})).unwrap();
    assert_eq!((durable.ack_policy, durable.ack_wait, durable.max_ack_pending), (AckPolicy::None, 0, 0));
    assert_eq!((durable.max_deliver, durable.max_waiting, durable.inactive_threshold), (-1, 512, 0));
    for policy in ["explicit", "all"] {
        let acking = consumer(json!({ "ack_policy": policy })).unwrap();
        assert_eq!((acking.ack_wait, acking.max_ack_pending), (ACK_WAIT, MAX_ACK_PENDING));
    }
    let push = consumer(json!({ "deliver_subject": "d" })).unwrap();
    assert_eq!((push.max_waiting, push.inactive_threshold), (0, 0));
    let plain = stream(json!({})).unwrap();
    assert_eq!(consumer_of(&json!({ "name": "e" }), &plain).unwrap().inactive_threshold, INACTIVE_THRESHOLD);
    let backoff =
        consumer(json!({ "ack_policy": "explicit", "ack_wait": 5, "backoff": [7, 8], "max_deliver": 3 })).unwrap();
    assert_eq!(backoff.ack_wait, 7);
    // Not on 2.9: these are later rules.
    let limits = stream(json!({ "consumer_limits": { "max_ack_pending": 7, "inactive_threshold": SECOND } })).unwrap();
    let limited = consumer_of(&json!({ "ack_policy": "explicit" }), &limits).unwrap();
    assert_eq!((limited.max_ack_pending, limited.inactive_threshold), (7, SECOND));
    let negative = json!({ "max_waiting": -3, "max_ack_pending": -9, "max_deliver": -4, "ack_policy": "explicit" });
    let corrected = consumer(negative).unwrap();
    assert_eq!((corrected.max_waiting, corrected.max_ack_pending, corrected.max_deliver), (512, -1, -1));
    let pinned = json!({ "priority_policy": "pinned_client", "priority_groups": ["g"] });
    assert_eq!(consumer(pinned).unwrap().priority_timeout, 120 * SECOND);
    let flow = json!({ "ack_policy": "flow_control", "deliver_subject": "d", "max_ack_pending": 9 });
    let flow = consumer(flow).unwrap();
    assert_eq!((flow.flow_control, flow.idle_heartbeat, flow.ack_wait), (true, SECOND, 0));
}

#[test]
fn consumers_that_cannot_be_are_refused() {
    let time = "2020-01-01T00:00:00Z";
    for (fields, err_code, text) in [
        (json!({ "name": "x" }), 10132, "Durable and Name have to be equal"),
        (json!({ "name": "a.b" }), 10103, "durable name can not contain '.', '*', '>'"),
        (json!({ "name": "x/y" }), 10127, "Consumer name can not contain path separators"),
        (json!({ "name": "x".repeat(256) }), 10102, "consumer name is too long, maximum allowed is 255"),
        (
            json!({ "description": "x".repeat(4097) }),
            10107,
            "consumer description is too long, maximum allowed is 4096",
        ),
        (json!({ "deliver_subject": "d.*" }), 10079, "consumer deliver subject has wildcards"),
        (json!({ "deliver_subject": "d..x" }), 10112, "invalid push consumer deliver subject"),
        (json!({ "deliver_subject": "s.x" }), 10081, "consumer deliver subject forms a cycle"),
        (json!({ "deliver_subject": "d", "max_waiting": 3 }), 10080, "can not set max waiting"),
        (json!({ "deliver_subject": "d", "max_ack_pending": 5 }), 10082, "requires ack policy for max ack pending"),
        (json!({ "deliver_subject": "d", "flow_control": true }), 10108, "flow control also needs heartbeats"),
        (json!({ "deliver_subject": "d", "idle_heartbeat": MILLISECOND }), 10083, "needs to be >= 100ms"),
        (json!({ "idle_heartbeat": SECOND }), 10088, "idle heartbeat requires a push based consumer"),
        (json!({ "flow_control": true }), 10089, "flow control requires a push based consumer"),
        (json!({ "rate_limit_bps": 5 }), 10086, "can not have rate limit set"),
        (json!({ "max_expires": 10 }), 10115, "needs to be >= 1ms"),
        (json!({ "backoff": [1, 2, 3], "max_deliver": 2 }), 10116, "length of backoff values"),
        (json!({ "filter_subject": "x" }), 10093, "is not a valid subset of the interest subjects"),
        (json!({ "filter_subject": "*.a" }), 10093, "is not a valid subset"),
        (
            json!({ "deliver_policy": "last_per_subject" }),
            10094,
            "last per subject, but optional filter subject is not set",
        ),
        (json!({ "opt_start_seq": 3 }), 10094, "deliver all, but optional start sequence is also set"),
        (json!({ "opt_start_time": time }), 10094, "deliver all, but optional start time is also set"),
        (
            json!({ "deliver_policy": "by_start_sequence" }),
            10094,
            "by start sequence, but optional start sequence is not",
        ),
        (json!({ "deliver_policy": "by_start_time" }), 10094, "by start time, but optional start time is not set"),
        (
            json!({ "deliver_policy": "by_start_sequence", "opt_start_seq": 2, "opt_start_time": time }),
            10094,
            "by start sequence, but optional start time is also set",
        ),
        (
            json!({ "deliver_policy": "by_start_time", "opt_start_seq": 2, "opt_start_time": time }),
            10094,
            "by start time, but optional start start sequence is also set",
        ),
        (json!({ "sample_freq": "x" }), 10095, "parsing \"x\": invalid syntax"),
        (json!({ "num_replicas": -1 }), 10133, "replicas count cannot be negative"),
        (json!({ "ack_policy": "x" }), 10025, "invalid JSON"),
        // Not on 2.9: these are later rules, or it has another number.
        (json!({ "num_replicas": 3 }), 10126, "replica count exceeds parent stream"),
        (json!({ "ack_wait": -1 }), 10183, "ack wait needs to be positive"),
        (json!({ "backoff": [-1], "max_deliver": 3 }), 10184, "backoff needs to be positive"),
        (json!({ "filter_subject": "s..a" }), 10052, "invalid subject"),
        (
            json!({ "filter_subject": "s.a", "filter_subjects": ["s.b"] }),
            10136,
            "both FilterSubject and FilterSubjects",
        ),
        (json!({ "filter_subjects": ["s.a", "s.*"] }), 10138, "subject filters cannot overlap"),
        (json!({ "filter_subjects": ["s.a", ""] }), 10139, "cannot be empty"),
        (json!({ "priority_policy": "overflow" }), 10159, "at least one PriorityGroup"),
        (json!({ "priority_policy": "overflow", "priority_groups": [""] }), 10161, "cannot be an empty string"),
        (json!({ "priority_policy": "overflow", "priority_groups": ["a b"] }), 10162, "priority group name"),
        (
            json!({ "deliver_subject": "d", "priority_policy": "overflow", "priority_groups": ["a"] }),
            10178,
            "can not be used with push consumers",
        ),
        (json!({ "priority_groups": ["a"] }), 10196, "when policy is none"),
        (json!({ "ack_policy": "flow_control" }), 10218, "requires a push based consumer"),
        (json!({ "metadata": { "k": "v".repeat(128 * 1024) } }), 10135, "maximum size of 128KB"),
    ] {
        let refusal = consumer(fields.clone()).map(|_| ()).expect_err(&fields.to_string());
        // Heartbeats of pull consumers are refused before flow control is filled in, and so on: the order matters.
        assert_eq!(refusal.err_code, err_code, "{fields} {refusal}");
        assert!(refusal.description.contains(text), "{fields} {refusal}");
    }
}

#[test]
fn filters_may_be_wider_or_narrower_than_the_streams_subjects() {
    let narrow = stream(json!({ "subjects": ["l.a", "l.b.*"] })).unwrap();
    for (filter, accepted) in [(">", true), ("l.*", true), ("l.b.x", true), ("l.b.>", true), ("l.*.x", false)] {
        let asked = json!({ "filter_subject": filter });
        assert_eq!(consumer_of(&asked, &narrow).is_ok(), accepted, "{filter}");
    }
    // What a source brings is not known here.
    let sourcing = stream(json!({ "sources": [{ "name": "x" }] })).unwrap();
    assert!(consumer_of(&json!({ "filter_subject": "elsewhere" }), &sourcing).is_ok());
}

#[test]
fn work_queues_want_explicit_acknowledgements_of_everything() {
    let queue = stream(json!({ "retention": "workqueue" })).unwrap();
    for (asked, err_code) in [
        (json!({}), Some(10084)),
        (json!({ "ack_policy": "all" }), Some(10098)),
        (json!({ "deliver_subject": "d" }), Some(10098)),
        (json!({ "ack_policy": "explicit", "deliver_policy": "new" }), Some(10101)),
        (json!({ "ack_policy": "explicit" }), None),
    ] {
        assert_eq!(consumer_of(&asked, &queue).err().map(|refusal| refusal.err_code), err_code, "{asked}");
    }
}

#[test]
fn every_switch_is_written_as_it_was_read() {
    // One of each that the recordings leave out, in the order nats-server 2.14 writes them.
    let text = concat!(
        r#"{"name":"S","description":"d","retention":"workqueue","max_consumers":1,"max_msgs":2,"max_bytes":3,"#,
        r#""max_age":4,"max_msgs_per_subject":5,"max_msg_size":6,"discard":"new","storage":"memory","num_replicas":1,"#,
        r#""no_ack":true,"template_owner":"t","placement":{"cluster":"c","tags":["x"]},"#,
        r#""sources":[{"name":"o","opt_start_seq":7,"opt_start_time":"2020-01-01T00:00:00Z","filter_subject":"f","#,
        r#""subject_transforms":[{"src":"a","dest":"b"}],"external":{"api":"$JS.x.API","deliver":"d"}}],"#,
        r#""compression":"s2","first_seq":8,"subject_transform":{"src":"a","dest":"b"},"#,
        r#""republish":{"src":"a","dest":"b","headers_only":true},"allow_direct":true,"mirror_direct":true,"#,
        r#""discard_new_per_subject":true,"sealed":true,"deny_delete":true,"deny_purge":true,"allow_rollup_hdrs":true,"#,
        r#""consumer_limits":{"inactive_threshold":9,"max_ack_pending":10},"allow_msg_ttl":true,"#,
        r#""subject_delete_marker_ttl":11,"allow_msg_counter":true,"allow_atomic":true,"allow_msg_schedules":true,"#,
        r#""persist_mode":"async","allow_batched":true,"metadata":{"k":"v"}}"#
    );
    let read: StreamConfig = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
    let text = concat!(
        r#"{"durable_name":"D","name":"D","description":"d","deliver_policy":"by_start_time","opt_start_seq":1,"#,
        r#""opt_start_time":"2020-01-01T00:00:00Z","ack_policy":"flow_control","ack_wait":2,"max_deliver":3,"#,
        r#""backoff":[4],"filter_subject":"f","filter_subjects":["g"],"replay_policy":"original","rate_limit_bps":5,"#,
        r#""sample_freq":"30%","max_waiting":6,"max_ack_pending":7,"flow_control":true,"headers_only":true,"#,
        r#""max_batch":8,"max_expires":9,"max_bytes":10,"deliver_subject":"d","deliver_group":"g","idle_heartbeat":11,"#,
        r#""inactive_threshold":12,"num_replicas":1,"mem_storage":true,"metadata":{"k":"v"},"#,
        r#""pause_until":"2020-01-01T00:00:00Z","priority_groups":["p"],"priority_policy":"pinned_client","#,
        r#""priority_timeout":13}"#
    );
    let read: ConsumerConfig = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
}
