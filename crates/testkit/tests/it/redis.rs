//! A Redis database for every test, and a whole server for those that stop it.

use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use testkit::{own_redis, redis};

async fn connect(url: &str) -> redis::RedisResult<MultiplexedConnection> {
    redis::Client::open(url)?.get_multiplexed_async_connection().await
}

async fn keys(connection: &mut MultiplexedConnection) -> u64 {
    redis::cmd("DBSIZE").query_async(connection).await.unwrap()
}

#[tokio::test]
async fn each_test_has_a_database_of_its_own() {
    let (ann, bob) = (redis().await, redis().await);
    let (mut ann, mut bob) = (connect(&ann).await.unwrap(), connect(&bob).await.unwrap());
    let () = ann.set("seat", "A1").await.unwrap();
    assert_eq!(bob.get::<_, Option<String>>("seat").await.unwrap(), None);
    assert_eq!(keys(&mut ann).await, 1);
}

#[tokio::test]
async fn a_server_of_its_own_stops_and_starts_and_forgets_nothing() {
    let mut server = own_redis().await;
    let () = connect(&server.url).await.unwrap().set("seat", "A1").await.unwrap();
    server.stop().await;
    assert!(connect(&server.url).await.is_err());
    server.restart().await;
    let kept: Option<String> = connect(&server.url).await.unwrap().get("seat").await.unwrap();
    assert_eq!(kept.as_deref(), Some("A1"));
}

#[tokio::test]
async fn a_server_of_its_own_may_lose_everything() {
    let mut server = own_redis().await;
    let () = connect(&server.url).await.unwrap().set("seat", "A1").await.unwrap();
    server.restart_empty().await;
    assert_eq!(keys(&mut connect(&server.url).await.unwrap()).await, 0);
}
