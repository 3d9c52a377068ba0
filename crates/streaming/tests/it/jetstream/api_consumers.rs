//! The consumer API's own words; see [`super::api_raw`].

use async_nats::Message;
use futures::StreamExt;
use serde_json::{Value, json};

use super::api_raw::with_messages;
use super::golden::{api, error, with};
use crate::harness::{World, soon, version};
use crate::needs;

const CREATE_D: &str = r#"{"stream_name": "S", "config": {"durable_name": "D", "name": "D", "deliver_policy": "all",
    "ack_policy": "explicit", "replay_policy": "instant", "ack_wait": 1000000000, "max_deliver": 3}, "action": ""}"#;

fn config_d() -> Value {
    json!({
        "durable_name": "D",
        "name": "D",
        "deliver_policy": "all",
        "ack_policy": "explicit",
        "ack_wait": 1_000_000_000,
        "max_deliver": 3,
        "replay_policy": "instant",
        "max_waiting": 512,
        "max_ack_pending": 1000,
        "num_replicas": 0,
    })
}

/// What the server tells of a consumer that has yet to deliver anything.
fn fresh(name: &str, config: &Value) -> Value {
    json!({
        "stream_name": "S",
        "name": name,
        "created": "<time>",
        "config": config,
        "delivered": { "consumer_seq": 0, "stream_seq": 0 },
        "ack_floor": { "consumer_seq": 0, "stream_seq": 0 },
        "num_ack_pending": 0,
        "num_redelivered": 0,
        "num_waiting": 0,
        "num_pending": 3,
        "ts@2.10": "<time>",
    })
}

fn typed(kind: &str, value: Value) -> Value {
    with(value, json!({ "type": format!("io.nats.jetstream.api.v1.{kind}_response") }))
}

async fn create_d(world: &World) {
    api(world, "CONSUMER.CREATE.S.D", CREATE_D, typed("consumer_create", fresh("D", &config_d()))).await;
}

#[tokio::test]
async fn consumers_are_created_and_refused() {
    let (_server, world) = with_messages().await;
    create_d(&world).await;
    let again = CREATE_D.replace(r#""action": """#, r#""action": "create""#);
    api(&world, "CONSUMER.CREATE.S.D", &again, typed("consumer_create", fresh("D", &config_d()))).await;

    let old_way =
        CREATE_D.replace(r#""D""#, r#""OLD""#).replace(r#""name": "OLD", "#, "").replace(r#", "action": """#, "");
    let mut config = with(config_d(), json!({ "durable_name": "OLD", "name?": "OLD" }));
    config.as_object_mut().unwrap().remove("name");
    let created = typed("consumer_create", fresh("OLD", &config));
    api(&world, "CONSUMER.DURABLE.CREATE.S.OLD", &old_way, created).await;

    let no_filter = r#"{"stream_name": "S", "config": {"deliver_subject": "_INBOX.push",
        "deliver_policy": "last_per_subject", "ack_policy": "none", "replay_policy": "instant"}, "action": ""}"#;
    let refused = "consumer delivery policy is deliver last per subject, but optional filter subject is not set";
    api(&world, "CONSUMER.CREATE.S", no_filter, error("consumer_create", 400, 10094, refused)).await;

    let named = CREATE_D.replace(r#""D""#, r#""E""#);
    let filtered = named.replace(r#""max_deliver": 3"#, r#""filter_subject": "s.b""#);
    let refused = error(
        "consumer_create",
        400,
        10131,
        "Consumer create request did not match filtered subject from create subject",
    );
    api(&world, "CONSUMER.CREATE.S.E.s.a", &filtered, refused).await;
    api(
        &world,
        "CONSUMER.CREATE.NOPE.E",
        &named.replace(r#""S""#, r#""NOPE""#),
        error("consumer_create", 404, 10059, "stream not found"),
    )
    .await;

    needs!(world.client, 2, 10, "creating strictly");
    let update = named.replace(r#""action": """#, r#""action": "update""#);
    api(&world, "CONSUMER.CREATE.S.E", &update, error("consumer_create", 400, 10149, "consumer does not exist")).await;
    let other = again.replace("1000000000", "2000000000");
    api(&world, "CONSUMER.CREATE.S.D", &other, error("consumer_create", 400, 10148, "consumer already exists")).await;
}

#[tokio::test]
async fn a_filter_is_part_of_the_subject() {
    let (_server, world) = with_messages().await;
    let create = CREATE_D.replace(r#""max_deliver": 3"#, r#""max_deliver": 3, "filter_subject": "s.a""#);
    let config = with(config_d(), json!({ "filter_subject": "s.a" }));
    let created = typed("consumer_create", with(fresh("D", &config), json!({ "num_pending": 2 })));
    api(&world, "CONSUMER.CREATE.S.D.s.a", &create, created).await;
}

#[tokio::test]
async fn consumers_are_told_listed_and_deleted() {
    let (_server, world) = with_messages().await;
    create_d(&world).await;
    for body in ["", "{}"] {
        api(&world, "CONSUMER.INFO.S.D", body, typed("consumer_info", fresh("D", &config_d()))).await;
    }
    let missing = error("consumer_info", 404, 10014, "consumer not found");
    api(&world, "CONSUMER.INFO.S.NOPE", "", missing).await;
    let names = json!({ "total": 1, "offset": 0, "limit": 1024, "consumers": ["D"] });
    api(&world, "CONSUMER.NAMES.S", r#"{"offset": 0}"#, typed("consumer_names", names)).await;
    let list = json!({ "total": 1, "offset": 0, "limit": 256, "consumers": [fresh("D", &config_d())] });
    api(&world, "CONSUMER.LIST.S", "", typed("consumer_list", list)).await;
    api(&world, "CONSUMER.DELETE.S.D", "", typed("consumer_delete", json!({ "success": true }))).await;
    api(&world, "CONSUMER.DELETE.S.D", "", error("consumer_delete", 404, 10014, "consumer not found")).await;
}

/// The next message of the consumer above.
async fn pulled(world: &World) -> Message {
    // It comes on its own subject, so it cannot be told from others by that of a request.
    let inbox = world.client.new_inbox();
    let mut messages = world.client.subscribe(inbox.clone()).await.unwrap();
    let next = "$JS.API.CONSUMER.MSG.NEXT.S.D";
    world.client.publish_with_reply(next, inbox, r#"{"batch": 1, "expires": 1000000000}"#.into()).await.unwrap();
    soon("a message", messages.next()).await.unwrap()
}

#[tokio::test]
async fn an_acknowledgement_is_confirmed_by_an_empty_message() {
    let (_server, world) = with_messages().await;
    create_d(&world).await;
    let message = pulled(&world).await;
    let ack_subject = message.reply.unwrap();
    let tokens: Vec<_> = ack_subject.split('.').collect();
    assert_eq!(tokens.len(), 9);
    assert_eq!(tokens[..7], ["$JS", "ACK", "S", "D", "1", "1", "1"]);
    assert!(tokens[7].parse::<u64>().unwrap() > 1_700_000_000_000_000_000, "nanoseconds since 1970");
    assert_eq!(tokens[8], "2", "still to come");
    let confirmed = soon("a confirmation", world.client.request(ack_subject, "+ACK".into())).await.unwrap();
    assert!(confirmed.payload.is_empty() && confirmed.headers.is_none() && confirmed.status.is_none());

    let active = json!({ "consumer_seq": 1, "stream_seq": 1, "last_active": "<time>" });
    let after = json!({ "delivered": active, "ack_floor": active, "num_pending": 2 });
    let info = typed("consumer_info", with(fresh("D", &config_d()), after));
    api(&world, "CONSUMER.INFO.S.D", "", info).await;
}

#[tokio::test]
async fn consumers_are_paused_and_reset() {
    let (_server, world) = with_messages().await;
    needs!(world.client, 2, 11, "pausing a consumer");
    create_d(&world).await;
    let paused = json!({ "paused": true, "pause_until": "2030-01-01T00:00:00Z", "pause_remaining": "<number>" });
    let until = r#"{"pause_until": "2030-01-01T00:00:00Z"}"#;
    api(&world, "CONSUMER.PAUSE.S.D", until, typed("consumer_pause", paused)).await;
    let resumed = json!({ "paused": false, "pause_until": "0001-01-01T00:00:00Z" });
    api(&world, "CONSUMER.PAUSE.S.D", "{}", typed("consumer_pause", resumed)).await;

    if version(&world.client) >= (2, 14) {
        pulled(&world).await;
        let reset = typed("consumer_reset", with(fresh("D", &config_d()), json!({ "reset_seq": 1 })));
        api(&world, "CONSUMER.RESET.S.D", r#"{"seq": 1}"#, reset).await;
    }
}
