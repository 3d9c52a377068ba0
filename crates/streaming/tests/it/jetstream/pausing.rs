//! Pausing a consumer.

use std::time::Duration;

use async_nats::datetime;
use async_nats::jetstream::consumer::pull;
use futures::TryStreamExt;

use super::{at_hand, consumer, durable, payloads, publish, stream, take};
use crate::harness::World;
use crate::needs;

#[tokio::test]
async fn a_paused_consumer_delivers_nothing_until_it_is_resumed() {
    let world = World::new().await;
    needs!(world.client, 2, 11, "pausing a consumer");
    let stream = stream(&world, "orders", |_| ()).await;
    let subject = format!("{}.a", stream.cached_info().config.name);
    let reader = consumer(&stream, durable("reader")).await;
    let until = datetime::now() + Duration::from_hours(1);
    let paused = stream.pause_consumer("reader", until).await.unwrap();
    assert!(paused.paused);
    assert_eq!(paused.pause_until, until);
    assert!(paused.pause_remaining.unwrap() > Duration::from_secs(3500));
    let info = reader.get_info().await.unwrap();
    assert!(info.paused && info.pause_remaining.is_some());

    publish(&world.js, &subject, "held back").await;
    let held = reader.batch().max_messages(1).expires(Duration::from_millis(300)).messages().await.unwrap();
    assert!(held.try_collect::<Vec<_>>().await.unwrap().is_empty());

    let resumed = stream.resume_consumer("reader").await.unwrap();
    assert!(!resumed.paused);
    assert_eq!(payloads(&take(&reader, 1).await), ["held back"]);
    assert!(!reader.get_info().await.unwrap().paused);
}

#[tokio::test]
async fn a_pause_ends_by_itself() {
    let world = World::new().await;
    needs!(world.client, 2, 11, "pausing a consumer");
    let stream = stream(&world, "orders", |_| ()).await;
    publish(&world.js, &format!("{}.a", stream.cached_info().config.name), "held back").await;
    let until = datetime::now() + Duration::from_millis(500);
    let reader = consumer(&stream, pull::Config { pause_until: Some(until), ..durable("reader") }).await;
    assert!(reader.cached_info().paused);
    assert_eq!(payloads(&take(&reader, 1).await), ["held back"]);
    assert!(datetime::now() >= until);

    let past = datetime::now() - Duration::from_secs(1);
    assert!(!stream.pause_consumer("reader", past).await.unwrap().paused);
    assert!(at_hand(&reader).await.is_empty());
}
