//! What operators see and set.

use expiration::Config;
use service::settings;
use testkit::{eventually, own_redis};

use crate::{config, service_at};

#[tokio::test]
async fn readiness_tells_that_redis_is_away_and_that_it_is_back() {
    let mut redis = own_redis().await;
    let config = config("nats://127.0.0.1:9", &redis.url);
    let running = service::start(&config.common, vec![expiration::service(&config).await.unwrap()]).await.unwrap();
    let check = async || running.health.report().await.checks["redis"].clone();
    assert_eq!(check().await, "ok");

    redis.stop().await;
    assert!(check().await.starts_with("it takes no timers"), "{}", check().await);
    redis.restart().await;
    eventually("it is seen to be back", async || check().await == "ok").await;
    running.stop(testkit::PATIENCE).await;
}

#[tokio::test]
async fn a_redis_that_takes_no_writes_is_not_ready() {
    let redis = own_redis().await;
    let timers = service_at(&redis.url).timers;
    timers.probe().await.unwrap();
    let mut admin = redis::Client::open(&*redis.url).unwrap().get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("CONFIG").arg(("SET", "min-replicas-to-write", 1)).query_async(&mut admin).await.unwrap();
    assert!(timers.probe().await.is_err());
}

#[tokio::test]
async fn a_redis_that_may_throw_timers_away_is_told_from_one_that_does_not() {
    let redis = own_redis().await;
    let timers = service_at(&redis.url).timers;
    assert_eq!(timers.evicts().await.unwrap(), None);
    let mut admin = redis::Client::open(&*redis.url).unwrap().get_multiplexed_async_connection().await.unwrap();
    let () =
        redis::cmd("CONFIG").arg(("SET", "maxmemory-policy", "allkeys-lru")).query_async(&mut admin).await.unwrap();
    assert_eq!(timers.evicts().await.unwrap().as_deref(), Some("allkeys-lru"));
}

#[test]
fn settings_that_are_missing_or_wrong_are_named() {
    let refused = settings::read::<Config>(|_| None, []).unwrap_err().to_string();
    assert!(refused.contains("REDIS_HOST is missing") && refused.contains("NATS_URL is missing"), "{refused}");
    let wrong = |name: &str| (name == "REDIS_HOST").then(|| "http://ann:sesame@cache".to_owned());
    let refused = settings::read::<Config>(wrong, []).unwrap_err().to_string();
    assert!(refused.contains("REDIS_HOST is wrong: it must be a host"), "{refused}");
    assert!(!refused.contains("sesame"), "{refused}");
}
