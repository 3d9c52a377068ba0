//! Where the tests' Postgres and Redis come from: one of each for a process, started by who needs it first.
//!
//! ```text
//!  TEST_DATABASE_URL, TEST_REDIS_URL ─► that server
//!  TEST_SERVERS=docker ─────────────┬─► a container, or a panic
//!  a Docker engine answers ─────────┴─► a container ── does not start ─┐
//!  TEST_SERVERS=local ──────────────┬─► the machine's programs ◄───────┘ said loudly
//!  no engine answers ───────────────┘        └─ not installed ─► a panic that says what to install
//! ```

pub(crate) mod docker;
pub(crate) mod local;
pub(crate) mod process;

use std::env;
use std::io::Write;

use tokio::sync::OnceCell;

use crate::background;

/// Databases of a Redis we start: one for each test of a process.
pub(crate) const REDIS_DATABASES: u64 = 10_000;

/// What a Redis for tests is told. Its data is in memory alone unless more is said.
pub(crate) const REDIS_SETTINGS: [&str; 4] = ["--databases", "10000", "--save", ""];

/// A server that runs until this process ends.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    /// Where it is, without a database's name or number.
    pub url: String,
    /// Whether it was there before us, and will be after us.
    pub given: bool,
}

/// The Postgres of this process.
pub(crate) async fn postgres() -> &'static Server {
    static SERVER: OnceCell<Server> = OnceCell::const_new();
    let start = async || server("Postgres", "TEST_DATABASE_URL", docker::postgres, local::postgres).await;
    SERVER.get_or_init(|| background::run(start)).await
}

/// The Redis of this process.
pub(crate) async fn redis() -> &'static Server {
    static SERVER: OnceCell<Server> = OnceCell::const_new();
    let start = async || server("Redis", "TEST_REDIS_URL", docker::redis, local::redis).await;
    SERVER.get_or_init(|| background::run(start)).await
}

/// How servers are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// In containers, and no other way.
    Docker,
    /// From the machine's programs, and no other way.
    Local,
    /// In containers if that is possible, else from the machine's programs.
    Either,
}

/// What `TEST_SERVERS` asks for.
pub(crate) fn way() -> Way {
    match env::var("TEST_SERVERS").as_deref() {
        Ok("docker") => Way::Docker,
        Ok("local") => Way::Local,
        Ok("") | Err(_) => Way::Either,
        Ok(other) => panic!("TEST_SERVERS is {other:?}; it can be \"docker\" or \"local\""),
    }
}

/// A server just started: where it is, and what it is, for whoever watches.
pub(crate) struct Started {
    pub url: String,
    pub what: String,
}

async fn server(
    name: &'static str,
    variable: &'static str,
    container: impl AsyncFnOnce() -> Result<Started, String>,
    program: impl FnOnce() -> Result<Started, String>,
) -> Server {
    if let Some(url) = env::var(variable).ok().filter(|url| !url.is_empty()) {
        say(&format!("{name} is the one of {variable}"));
        return Server { url, given: true };
    }
    let way = way();
    let mut obstacle = None;
    if way != Way::Local {
        let started = match docker::answers() {
            Ok(()) => container().await,
            Err(why) => Err(why),
        };
        match started {
            Ok(Started { url, what }) => {
                say(&format!("{name} is {what}"));
                return Server { url, given: false };
            }
            Err(why) if way == Way::Docker => panic!("TEST_SERVERS=docker, but there is no {name} in Docker: {why}"),
            Err(why) => obstacle = Some(why),
        }
    }
    match (program(), obstacle) {
        (Ok(Started { url, what }), None) => {
            say(&format!("{name} is {what}"));
            Server { url, given: false }
        }
        (Ok(Started { url, what }), Some(why)) => {
            say(&format!("{why}: {name} IS NOT PRODUCTION'S IMAGE BUT {what}"));
            Server { url, given: false }
        }
        (Err(why), obstacle) => panic!(
            "no {name} for the tests: start Docker, or install {name} on this machine, or set {variable} ({}{why})",
            obstacle.map(|why| format!("{why}; ")).unwrap_or_default()
        ),
    }
}

/// Says why a test ends before it began, to whoever runs the tests.
pub fn skipped(why: &str) {
    say(&format!("SKIPPED: {why}"));
}

/// Tells whoever runs the tests, past the harness that keeps what passing tests print.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "testkit: {line}");
}
