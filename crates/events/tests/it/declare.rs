//! Streams and durables are made once, and what an operator widened stays so.

use async_nats::jetstream::stream::DiscardPolicy;
use events::Bus;
use events::event::STREAMS;
use testkit::broker;

use crate::world::jetstream;

#[tokio::test]
async fn every_stream_is_there_with_every_subject_and_keeps_everything() {
    let broker = broker().await;
    Bus::connect(&broker.url, "service").await.unwrap().ready().await;
    let jetstream = jetstream(&broker).await;
    for declared in STREAMS {
        let config = jetstream.get_stream(declared.name).await.unwrap().cached_info().config.clone();
        assert_eq!(config.subjects, declared.subjects, "{}", declared.name);
        assert_eq!((config.max_messages, config.max_bytes, config.max_age.as_nanos()), (-1, -1, 0));
        assert_eq!(config.discard, DiscardPolicy::New);
    }
}

#[tokio::test]
async fn services_that_start_at_once_declare_the_same() {
    let broker = broker().await;
    let start = async || Bus::connect(&broker.url, "service").await.unwrap().ready().await;
    futures::future::join_all((0..5).map(|_| start())).await;
    assert!(jetstream(&broker).await.get_stream("ORDERS").await.is_ok());
}

#[tokio::test]
async fn what_an_operator_widened_stays_and_what_is_missing_is_added() {
    let broker = broker().await;
    Bus::connect(&broker.url, "service").await.unwrap().ready().await;
    let jetstream = jetstream(&broker).await;
    let mut config = jetstream.get_stream("TICKETS").await.unwrap().cached_info().config.clone();
    config.subjects = vec!["ticket:created".into(), "ticket:audited".into()];
    config.max_bytes = 1 << 30;
    config.description = Some("the operator's".into());
    jetstream.update_stream(&config).await.unwrap();

    Bus::connect(&broker.url, "service").await.unwrap().ready().await;
    let after = jetstream.get_stream("TICKETS").await.unwrap().cached_info().config.clone();
    assert_eq!(after.subjects, ["ticket:created", "ticket:audited", "ticket:updated"]);
    assert_eq!(after.max_bytes, 1 << 30);
    assert_eq!(after.description.as_deref(), Some("the operator's"));
}

#[tokio::test]
async fn a_url_that_makes_no_sense_is_an_error_that_names_the_setting() {
    let error = Bus::connect("nats://:::", "service").await.err().unwrap();
    assert!(error.to_string().starts_with("NATS_URL is no URL of a broker"), "{error}");
}
