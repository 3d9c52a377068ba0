//! What the API refuses, and where else it is.

use async_nats::HeaderMap;
use async_nats::client::Request;
use serde_json::{Value, json};

use crate::harness::{Server, World, ours, skipped, soon};
use crate::needs;

async fn ask(world: &World, subject: &str, body: Value) -> Value {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = world.client.request(subject.to_string(), body.into());
    serde_json::from_slice(&soon("an answer", answer).await.unwrap().payload).unwrap()
}

#[tokio::test]
async fn what_this_server_does_not_do_it_refuses_by_name() {
    if !ours() {
        return skipped("a real server does it");
    }
    let world = World::new().await;
    let name = world.name("wishes");
    for (wish, word) in [
        (json!({ "mirror": { "name": "other" } }), "mirrors"),
        (json!({ "sources": [{ "name": "other" }] }), "sources"),
        (json!({ "placement": { "cluster": "east" } }), "placement"),
        (json!({ "allow_msg_counter": true }), "counters"),
        (json!({ "allow_atomic": true }), "atomic"),
        (json!({ "persist_mode": "async" }), "storing"),
    ] {
        let mut config = json!({ "name": name });
        config.as_object_mut().unwrap().extend(wish.as_object().unwrap().clone());
        let refused = ask(&world, &format!("$JS.API.STREAM.CREATE.{name}"), config).await;
        assert_eq!(refused["error"]["err_code"], 10052, "{wish}");
        let text = refused["error"]["description"].as_str().unwrap();
        assert!(text.contains(word) && text.contains("not supported"), "{text}");
    }
    let missing = ask(&world, &format!("$JS.API.STREAM.INFO.{name}"), Value::Null).await;
    assert_eq!(missing["error"]["err_code"], 10059, "nothing was made on the way");
}

#[tokio::test]
async fn what_only_a_cluster_can_do_is_refused() {
    let world = World::new().await;
    for subject in ["STREAM.PEER.REMOVE.S", "STREAM.LEADER.STEPDOWN.S", "CONSUMER.LEADER.STEPDOWN.S.C"] {
        let refused = ask(&world, &format!("$JS.API.{subject}"), Value::Null).await;
        assert_eq!(
            (&refused["error"]["code"], &refused["error"]["err_code"]),
            (&503.into(), &10010.into()),
            "{subject}"
        );
    }
}

#[tokio::test]
async fn a_request_may_insist_on_a_level_of_the_api() {
    let world = World::new().await;
    needs!(world.client, 2, 12, "levels of the API that are insisted on");
    let ask = async |level: &str| -> Value {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Required-Api-Level", level);
        let answer = world.client.send_request("$JS.API.INFO", Request::new().headers(headers));
        serde_json::from_slice(&soon("an answer", answer).await.unwrap().payload).unwrap()
    };
    assert!(ask("1").await.get("error").is_none());
    assert_eq!(ask("1000").await["error"]["err_code"], 10185);
}

#[tokio::test]
async fn a_strict_server_takes_no_misspelled_field() {
    if !ours() {
        return skipped("real servers differ in what they are strict about");
    }
    let server = Server::with_config("jetstream { strict: true }");
    let world = World::of(&server).await;
    let refused = ask(&world, "$JS.API.STREAM.CREATE.S", json!({ "name": "S", "max_mesages": 5 })).await;
    assert_eq!(refused["error"]["err_code"], 10025);
    assert!(refused["error"]["description"].as_str().unwrap().contains("max_mesages"));
    let made = ask(&world, "$JS.API.STREAM.CREATE.S", json!({ "name": "S", "max_msgs": 5 })).await;
    assert_eq!(made["config"]["max_msgs"], 5);
}

#[tokio::test]
async fn a_domain_has_an_api_of_its_own() {
    let server = Server::with_config("jetstream { domain: hub }");
    let world = World::of(&server).await;
    for prefix in ["$JS.API", "$JS.hub.API"] {
        let account = ask(&world, &format!("{prefix}.INFO"), Value::Null).await;
        assert_eq!(account["domain"], "hub");
    }
    let made = ask(&world, "$JS.hub.API.STREAM.CREATE.S", json!({ "name": "S" })).await;
    assert_eq!(made["config"]["name"], "S");
    let there = ask(&world, "$JS.API.STREAM.INFO.S", Value::Null).await;
    assert_eq!(there["config"]["name"], "S");
    let elsewhere = world.client.request("$JS.spoke.API.INFO", "".into()).await;
    assert!(elsewhere.is_err(), "another domain is not here");
}
