//! A broker for every test, without streams, that may be stopped.

use async_nats::jetstream;
use events::tickets::TICKETS;
use testkit::{broker, eventually};

async fn streams(url: &str) -> jetstream::Context {
    jetstream::new(async_nats::connect(url).await.unwrap())
}

async fn declare(context: &jetstream::Context) {
    let subjects = TICKETS.subjects.iter().map(|subject| (*subject).to_owned()).collect();
    let config = jetstream::stream::Config { name: TICKETS.name.to_owned(), subjects, ..Default::default() };
    context.create_stream(config).await.unwrap();
}

async fn messages(context: &jetstream::Context) -> Option<u64> {
    Some(context.get_stream(TICKETS.name).await.ok()?.cached_info().state.messages)
}

#[tokio::test]
async fn it_has_no_streams_at_first_and_one_test_s_are_not_another_s() {
    for _ in 0..2 {
        let broker = broker().await;
        let context = streams(&broker.url).await;
        assert_eq!(messages(&context).await, None);
        declare(&context).await;
    }
}

#[tokio::test]
async fn it_keeps_what_it_acknowledged_over_a_restart_at_the_same_address() {
    let mut broker = broker().await;
    if !broker.can_restart() {
        return;
    }
    let context = streams(&broker.url).await;
    declare(&context).await;
    context.publish("ticket:created", "{}".into()).await.unwrap().await.unwrap();
    broker.stop().await;
    assert!(async_nats::connect(&broker.url).await.is_err());
    broker.restart().await;
    let again = eventually("the broker accepts", async || async_nats::connect(&broker.url).await).await;
    let again = jetstream::new(again);
    assert_eq!(messages(&again).await, Some(1));
}
