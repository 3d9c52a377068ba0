//! Who gets in, and what those who are in may do, as async-nats' users meet it.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use async_nats::jetstream::{self, stream};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, RequestErrorKind, ServerError};
use futures::StreamExt;

use crate::harness::{PATIENCE, Server, never, soon};

/// Long enough for what must not come to come.
const A_WHILE: Duration = Duration::from_millis(300);

/// The cheapest hash there is: a test has nothing to hide.
const BCRYPT_COST: u32 = 4;

fn user(name: &str, password: &str) -> ConnectOptions {
    ConnectOptions::with_user_and_password(name.into(), password.into())
}

/// Connects, and hands out what the server refuses later on.
async fn connect(server: &Server, options: ConnectOptions) -> (Client, Receiver<String>) {
    let (refused, refusals) = channel();
    let options = options.event_callback(move |event| {
        let refused = refused.clone();
        async move {
            if let Event::ServerError(ServerError::Other(text)) = event {
                // Nobody may be left to hear it.
                let _ = refused.send(text.to_lowercase());
            }
        }
    });
    (options.connect(server.url()).await.expect("a connection"), refusals)
}

/// The next thing the server refused.
async fn refusal(refusals: Receiver<String>) -> (String, Receiver<String>) {
    let next = tokio::task::spawn_blocking(move || (refusals.recv_timeout(PATIENCE), refusals));
    let (text, refusals) = next.await.unwrap();
    (text.expect("a refusal"), refusals)
}

async fn is_refused(server: &Server, options: ConnectOptions, who: &str) {
    let error = soon("an answer", options.connect(server.url())).await.expect_err(who);
    assert_eq!(error.kind(), ConnectErrorKind::AuthorizationViolation, "{who}: {error}");
}

#[tokio::test]
async fn a_user_gets_in_by_name_and_password() {
    let hash = bcrypt::hash("hashed", BCRYPT_COST).unwrap();
    let server = Server::with_config(&format!(
        "authorization: {{ users: [ {{ user: ann, password: plain }}, {{ user: bob, password: {hash:?} }} ] }}"
    ));
    for (name, password) in [("ann", "plain"), ("bob", "hashed")] {
        let client = user(name, password).connect(server.url()).await.expect(name);
        client.flush().await.unwrap();
    }
    for (name, password) in [("ann", "hashed"), ("ann", ""), ("bob", &hash), ("cleo", "plain"), ("", "")] {
        is_refused(&server, user(name, password), &format!("{name}:{password}")).await;
    }
    is_refused(&server, ConnectOptions::new(), "nobody").await;
    is_refused(&server, ConnectOptions::with_token("plain".into()), "a token").await;
}

#[tokio::test]
async fn a_token_lets_in_whoever_has_it() {
    let server = Server::start(&["--auth", "s3cr3t"]);
    let client = ConnectOptions::with_token("s3cr3t".into()).connect(server.url()).await.expect("the token");
    client.flush().await.unwrap();
    is_refused(&server, ConnectOptions::with_token("s3cr3".into()), "most of it").await;
    is_refused(&server, ConnectOptions::new(), "nobody").await;
    is_refused(&server, user("s3cr3t", ""), "a user").await;
}

#[tokio::test]
async fn a_user_does_what_its_permissions_say_and_nothing_else() {
    let server = Server::with_config(
        r#"authorization: { users: [
            { user: ann, password: a }
            { user: bob, password: b, permissions: {
                publish: { allow: ["news.>", "s"], deny: "news.secret" }
                subscribe: { allow: ["news.>", "_INBOX.>"], deny: "news.secret" }
            } }
        ] }"#,
    );
    let (ann, _) = connect(&server, user("ann", "a")).await;
    let (bob, refusals) = connect(&server, user("bob", "b")).await;
    let mut to_ann = ann.subscribe(">").await.unwrap();
    ann.publish("ready", "".into()).await.unwrap();
    assert_eq!(soon("her own", to_ann.next()).await.unwrap().subject.as_str(), "ready");

    for subject in ["news.secret", "olds", "$JS.API.INFO"] {
        bob.publish(subject, "x".into()).await.unwrap();
    }
    bob.publish("news.today", "x".into()).await.unwrap();
    assert_eq!(soon("what ann may hear", to_ann.next()).await.unwrap().subject.as_str(), "news.today");
    let mut refusals = refusals;
    for subject in ["news.secret", "olds", "$js.api.info"] {
        let text;
        (text, refusals) = refusal(refusals).await;
        assert!(text.contains(&format!("permissions violation for publish to \"{subject}\"")), "{text}");
    }

    let mut to_bob = bob.subscribe("news.>").await.unwrap();
    let mut denied = bob.subscribe("olds").await.unwrap();
    let (text, _refusals) = refusal(refusals).await;
    assert!(text.contains("permissions violation for subscription to \"olds\""), "{text}");
    for subject in ["olds", "news.secret", "news.today"] {
        ann.publish(subject, "x".into()).await.unwrap();
    }
    let heard = soon("what is allowed", to_bob.next()).await.unwrap();
    assert_eq!(heard.subject.as_str(), "news.today", "a wildcard opens nothing that is denied");
    never("nothing is heard where nothing may be", A_WHILE, denied.next()).await;

    // A stream takes what its publisher may publish, and answers where it may listen; only others manage it.
    let config = stream::Config { name: "S".into(), subjects: vec!["s".into()], ..stream::Config::default() };
    let mut brief = jetstream::new(bob.clone());
    brief.set_timeout(A_WHILE);
    assert!(brief.create_stream(config.clone()).await.is_err(), "bob may not ask for it");
    jetstream::new(ann).create_stream(config).await.unwrap();
    let ack = jetstream::new(bob).publish("s", "x".into()).await.unwrap();
    assert_eq!(soon("an ack", ack.into_future()).await.unwrap().sequence, 1);
}

#[tokio::test]
async fn who_may_only_answer_answers_once() {
    let server = Server::with_config(
        r#"authorization: { users: [
            { user: ann, password: a }
            { user: bob, password: b, permissions: { subscribe: "service", publish: { deny: ">" }, allow_responses: true } }
        ] }"#,
    );
    let (ann, _) = connect(&server, user("ann", "a")).await;
    let (bob, refusals) = connect(&server, user("bob", "b")).await;
    let mut requests = bob.subscribe("service").await.unwrap();
    bob.publish("elsewhere", "unasked".into()).await.unwrap();
    let (text, refusals) = refusal(refusals).await;
    assert!(text.contains("permissions violation for publish to \"elsewhere\""), "{text}");

    let answer = async {
        let request = requests.next().await.unwrap();
        bob.publish(request.reply.clone().unwrap(), "answer".into()).await.unwrap();
        request.reply.unwrap()
    };
    let (answered, reply) = soon("an answer", async { tokio::join!(ann.request("service", "?".into()), answer) }).await;
    assert_eq!(answered.unwrap().payload, "answer");
    bob.publish(reply.clone(), "again".into()).await.unwrap();
    let (text, _refusals) = refusal(refusals).await;
    assert!(text.contains(&format!("permissions violation for publish to \"{}\"", reply.to_lowercase())), "{text}");

    let nobody = ann.request("nowhere", "?".into()).await.expect_err("nobody listens");
    assert_eq!(nobody.kind(), RequestErrorKind::NoResponders);
}
