//! Who we are to a broker that does not let in everybody.

use std::time::Duration;

use events::Bus;
use testkit::{eventually, guarded_broker};
use tokio::time::timeout;

/// What the broker wants to hear: with signs that a URL must write by their numbers.
const PASSWORD: &str = "p@ss:w/rd";
/// How long somebody stays outside before we believe it: a hundred times what being let in takes.
const OUTSIDE: Duration = Duration::from_secs(1);

#[tokio::test]
async fn user_and_password_of_the_url_are_told_to_the_broker() {
    let mut broker = guarded_broker("services", PASSWORD).await;
    let host = broker.url.trim_start_matches("nats://").to_owned();
    let url = format!("nats://services:p%40ss%3Aw%2Frd@{host}");
    let bus = Bus::connect(&url, "service").await.unwrap();
    bus.ready().await;
    // The next connection needs them as well.
    broker.restart().await;
    eventually("it is let in again", async || bus.is_connected().then_some(()).ok_or("not connected")).await;
}

#[tokio::test]
async fn who_says_the_wrong_password_or_none_stays_outside() {
    let broker = guarded_broker("services", PASSWORD).await;
    let host = broker.url.trim_start_matches("nats://").to_owned();
    for url in [format!("nats://services:guessed@{host}"), format!("nats://{host}")] {
        let bus = Bus::connect(&url, "service").await.unwrap();
        assert!(timeout(OUTSIDE, bus.ready()).await.is_err(), "{url} was let in");
    }
}

#[tokio::test]
async fn a_url_that_is_badly_written_is_refused_and_its_secret_not_told() {
    let refused = Bus::connect("nats://services:pass%zzword@broker", "service").await.err().unwrap().to_string();
    assert!(refused.starts_with("NATS_URL is no URL of a broker") && !refused.contains("zz"), "{refused}");
}
