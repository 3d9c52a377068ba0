//! Redis for a test: an empty database, or a whole server to stop and start.

use std::path::PathBuf;
use std::time::Duration;

use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use crate::servers::process::{Process, scratch};
use crate::servers::{self, Server, Way, docker, local};
use crate::{background, eventually};

/// How long a test keeps its database on a server that others use too. Who needs longer has hung.
const CLAIM_SECONDS: u64 = 120;

/// The URL of an empty Redis database that no other test uses: `redis://127.0.0.1:43521/17`.
pub async fn redis() -> String {
    let server = servers::redis().await;
    let number = if server.given { claim(server).await } else { next() };
    format!("{}/{number}", server.url.trim_end_matches('/'))
}

/// Of our own server every test gets the next database, used by nobody before.
fn next() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    assert!(number < servers::REDIS_DATABASES, "one process asked for more Redis databases than a server has");
    number
}

/// On a server that others use too, a database is claimed by a key in database 0, emptied, and given back.
async fn claim(server: &'static Server) -> u64 {
    let mut connection = connect(&server.url).await;
    let databases: (String, u64) =
        redis::cmd("CONFIG").arg("GET").arg("databases").query_async(&mut connection).await.expect("CONFIG GET");
    let claimed = async || {
        for number in 1..databases.1 {
            let key = format!("testkit:database:{number}");
            let taken: Option<String> = redis::cmd("SET")
                .arg((&key, std::process::id(), "NX", "EX", CLAIM_SECONDS))
                .query_async(&mut connection.clone())
                .await
                .expect("SET");
            if taken.is_some() {
                return Some((number, key));
            }
        }
        None
    };
    let (number, key) = eventually("a Redis database that no other test uses", claimed).await;
    let pipe = redis::pipe().cmd("SELECT").arg(number).cmd("FLUSHDB").cmd("SELECT").arg(0).clone();
    let () = pipe.query_async(&mut connection).await.expect("FLUSHDB");
    background::at_the_end_of_the_test(async move || {
        let _: Result<(), _> = connect(&server.url).await.del(key).await;
    });
    number
}

async fn connect(url: &str) -> MultiplexedConnection {
    let client = redis::Client::open(url).unwrap_or_else(|error| panic!("{url} is no URL of a Redis: {error}"));
    client
        .get_multiplexed_async_connection()
        .await
        .unwrap_or_else(|error| panic!("cannot connect to Redis at {url}: {error}"))
}

/// A Redis that a test has for itself, to stop it and start it again. It keeps what it confirmed.
pub struct Redis {
    /// Where it is, running or not: `redis://127.0.0.1:43521`.
    pub url: String,
    kind: Kind,
}

enum Kind {
    Program { path: PathBuf, port: u16, folder: PathBuf, process: Option<Process> },
    Container(std::sync::Arc<docker::Container<testcontainers_modules::redis::Redis>>),
}

/// A Redis of the test's own, empty.
///
/// From the machine's `redis-server` where there is one, since that takes 20 ms; in a container if there is none or if
/// `TEST_SERVERS` says `docker`.
pub async fn own_redis() -> Redis {
    let path =
        if servers::way() == Way::Docker { Err("TEST_SERVERS=docker".to_owned()) } else { local::redis_program() };
    match path {
        Ok(path) => background::run(async move || Redis::program(path)).await,
        Err(why) => {
            let container = background::run(async || {
                docker::answers()?;
                docker::own_redis().await
            });
            let (container, address) =
                container.await.unwrap_or_else(|error| panic!("no Redis for this test: {why}, and {error}"));
            Redis { url: format!("redis://{address}"), kind: Kind::Container(container.into()) }
        }
    }
}

impl Redis {
    fn program(path: PathBuf) -> Self {
        let folder = tempfile::tempdir_in(scratch()).expect("a folder for Redis").keep();
        let started = local::on_a_free_port(|port| local::start_redis(&path, port, &folder, Some(&folder)));
        let (process, port) = started.unwrap_or_else(|error| panic!("no Redis for this test: {error}"));
        Self {
            url: format!("redis://127.0.0.1:{port}"),
            kind: Kind::Program { path, port, folder, process: Some(process) },
        }
    }

    /// Ends it at once, as `kill -9` does. Whoever is connected loses the connection; who connects is refused.
    pub async fn stop(&mut self) {
        match &mut self.kind {
            Kind::Program { process, .. } => drop(process.take()),
            Kind::Container(container) => {
                let container = container.clone();
                let stopped = background::run(async move || container.get().stop_with_timeout(Some(0)).await);
                stopped.await.expect("stopping a container");
            }
        }
    }

    /// Starts it again after [`Redis::stop`], at the same address, with what it had confirmed.
    pub async fn restart(&mut self) {
        match &mut self.kind {
            Kind::Program { path, port, folder, process } => {
                drop(process.take());
                let started = local::start_redis(path, *port, folder, Some(folder));
                *process = Some(started.unwrap_or_else(|error| panic!("Redis did not start again: {error}")));
            }
            Kind::Container(container) => {
                let container = container.clone();
                background::run(async move || container.get().start().await).await.expect("starting a container");
            }
        }
        self.answers().await;
    }

    /// Starts it again, empty: as if it had lost its disk.
    pub async fn restart_empty(&mut self) {
        self.restart().await;
        let _: () = redis::cmd("FLUSHALL").query_async(&mut connect(&self.url).await).await.expect("FLUSHALL");
    }

    async fn answers(&self) {
        let client = redis::Client::open(self.url.as_str()).expect("our own URL");
        eventually("Redis answers again", async || {
            let connected = tokio::time::timeout(Duration::from_secs(1), client.get_multiplexed_async_connection());
            let mut connection =
                connected.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
            connection.ping::<String>().await.map_err(|error| error.to_string())
        })
        .await;
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        if let Kind::Program { folder, process, .. } = &mut self.kind {
            drop(process.take());
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
