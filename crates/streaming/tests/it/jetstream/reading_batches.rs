//! Reading several messages with one direct request (ADR-31): in a row, or the last of each subject.

use async_nats::header::HeaderMap;
use async_nats::jetstream::stream::{Config, Stream};
use async_nats::{Message, StatusCode};
use futures::StreamExt;
use serde_json::{Value, json};

use super::{publish, stream};
use crate::harness::{World, soon};
use crate::needs;

/// Messages 1 to 6 on `a`, `b`, `a`, `c`, `b`, `a`, of which the second is deleted.
async fn letters(world: &World) -> Stream {
    let stream = stream(world, "letters", |config: &mut Config| config.allow_direct = true).await;
    for token in ["a", "b", "a", "c", "b", "a"] {
        publish(&world.js, &subject(&stream, token), token).await;
    }
    stream.delete_message(2).await.unwrap();
    stream
}

fn subject(stream: &Stream, token: &str) -> String {
    format!("{}.{token}", stream.cached_info().config.name)
}

/// What is answered, up to the first status.
async fn ask(world: &World, stream: &Stream, request: Value) -> (Vec<Message>, Message) {
    let inbox = world.client.new_inbox();
    let mut answers = world.client.subscribe(inbox.clone()).await.unwrap();
    let to = format!("$JS.API.DIRECT.GET.{}", stream.cached_info().config.name);
    world.client.publish_with_reply(to, inbox, request.to_string().into()).await.unwrap();
    let mut messages = Vec::new();
    loop {
        let message = soon("an answer or its end", answers.next()).await.unwrap();
        if message.status.is_some() {
            return (messages, message);
        }
        messages.push(message);
    }
}

fn number(headers: Option<&HeaderMap>, name: &str) -> u64 {
    headers.and_then(|headers| headers.get(name)).and_then(|value| value.as_str().parse().ok()).expect(name)
}

/// Sequence, how many are pending, and the sequence before, of each message.
fn brief(messages: &[Message]) -> Vec<(u64, u64, u64)> {
    let brief = |message: &Message| {
        let number = |name| number(message.headers.as_ref(), name);
        (number("Nats-Sequence"), number("Nats-Num-Pending"), number("Nats-Last-Sequence"))
    };
    messages.iter().map(brief).collect()
}

/// How many are left at the end, and where it was.
fn end(end: &Message) -> (u64, u64) {
    assert_eq!(end.status, Some(StatusCode::from_u16(204).unwrap()));
    assert_eq!(end.description.as_deref(), Some("EOB"));
    (number(end.headers.as_ref(), "Nats-Num-Pending"), number(end.headers.as_ref(), "Nats-Last-Sequence"))
}

#[tokio::test]
async fn messages_are_read_in_a_row() {
    let world = World::new().await;
    needs!(world.client, 2, 11, "reading several messages directly");
    let stream = letters(&world).await;
    let (messages, last) = ask(&world, &stream, json!({ "seq": 1, "batch": 3 })).await;
    assert_eq!(brief(&messages), [(1, 5, 0), (3, 4, 1), (4, 3, 3)]);
    assert_eq!(end(&last), (2, 4));
    let (messages, last) = ask(&world, &stream, json!({ "seq": 5, "batch": 100 })).await;
    assert_eq!(brief(&messages), [(5, 2, 0), (6, 1, 5)]);
    assert_eq!(end(&last), (0, 6));

    let filtered = json!({ "seq": 2, "next_by_subj": subject(&stream, "a"), "batch": 1 });
    let (messages, last) = ask(&world, &stream, filtered).await;
    assert_eq!(brief(&messages), [(3, 2, 0)]);
    assert_eq!(end(&last), (1, 3));

    let get = format!("$JS.API.STREAM.MSG.GET.{}", stream.cached_info().config.name);
    let third = world.client.request(get, r#"{"seq":3}"#.into()).await.unwrap();
    let third: Value = serde_json::from_slice(&third.payload).unwrap();
    let since = &third["message"]["time"];
    let (messages, _) = ask(&world, &stream, json!({ "start_time": since, "batch": 2 })).await;
    assert_eq!(brief(&messages).iter().map(|brief| brief.0).collect::<Vec<_>>(), [3, 4]);
}

#[tokio::test]
async fn an_answer_ends_where_its_bytes_do() {
    let world = World::new().await;
    needs!(world.client, 2, 11, "reading several messages directly");
    let stream = letters(&world).await;
    let (messages, last) = ask(&world, &stream, json!({ "seq": 1, "batch": 10, "max_bytes": 1 })).await;
    assert_eq!(brief(&messages).len(), 1, "one at least");
    assert_eq!(end(&last), (4, 1));
}

#[tokio::test]
async fn the_last_of_each_subject_is_read() {
    let world = World::new().await;
    needs!(world.client, 2, 11, "reading several messages directly");
    let stream = letters(&world).await;
    let name = &stream.cached_info().config.name;
    let all = json!({ "multi_last": [format!("{name}.*")] });
    let (messages, last) = ask(&world, &stream, all).await;
    assert_eq!(brief(&messages), [(4, 2, 0), (5, 1, 4), (6, 0, 5)]);
    assert_eq!(end(&last), (0, 6));
    assert_eq!(number(last.headers.as_ref(), "Nats-UpTo-Sequence"), 6);

    let earlier = json!({ "multi_last": [subject(&stream, "a"), subject(&stream, "c")], "up_to_seq": 4 });
    let (messages, last) = ask(&world, &stream, earlier).await;
    assert_eq!(brief(&messages).iter().map(|brief| brief.0).collect::<Vec<_>>(), [3, 4], "as it was then");
    assert_eq!(number(last.headers.as_ref(), "Nats-UpTo-Sequence"), 4);

    let (messages, none) = ask(&world, &stream, json!({ "multi_last": [subject(&stream, "none")] })).await;
    assert!(messages.is_empty());
    assert_eq!((none.status.unwrap().as_u16(), none.description.as_deref()), (404, Some("No Results")));
}

#[tokio::test]
async fn a_request_that_contradicts_itself_is_refused() {
    let world = World::new().await;
    needs!(world.client, 2, 11, "reading several messages directly");
    let stream = letters(&world).await;
    let a = subject(&stream, "a");
    for (request, refusal) in [
        (json!({}), "Empty Request"),
        (json!({ "batch": 5 }), "Empty Request"),
        (json!({ "seq": "one" }), "Malformed Request"),
        (json!({ "seq": 1, "last_by_subj": a }), "Bad Request"),
        (json!({ "last_by_subj": a, "batch": 5 }), "Bad Request"),
        (json!({ "multi_last": [a], "next_by_subj": a }), "Bad Request"),
    ] {
        let (_, refused) = ask(&world, &stream, request.clone()).await;
        assert_eq!(refused.status.unwrap().as_u16(), 408, "{request}");
        assert_eq!(refused.description.as_deref(), Some(refusal), "{request}");
    }
    let (_, missing) = ask(&world, &stream, json!({ "seq": 2, "batch": 5 })).await;
    assert_eq!((missing.status.unwrap().as_u16(), missing.description.as_deref()), (404, Some("Message Not Found")));
}
