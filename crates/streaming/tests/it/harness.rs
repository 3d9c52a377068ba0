//! The server under test, as its users meet it: a program that is started, spoken to and killed.
//!
//! The same tests run against our `streaming-server` and, where it has the feature, against a real
//! `nats-server`, which is their oracle:
//!
//! | variable | meaning |
//! |---|---|
//! | `TEST_SERVER` | the program to start, a name or a path; ours if unset |
//! | `TEST_NODE` | `required`: what needs Node and npm fails without them, instead of saying so and passing |
//! | `NATS_URL` | a running server for the tests that do not restart it; they use names of their own |

mod server;

use std::env;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use async_nats::client::Request;
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions};

pub use server::{Server, ours, program as server_program};

/// How long anything may take before a test gives up. It bounds a failure and measures nothing.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Between two looks at a condition.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A connection to the server that the tests of this process share, and names that no other test
/// uses: a test sees its own streams only, as long as it names them by [`World::name`].
pub struct World {
    /// The plain connection.
    pub client: Client,
    /// `JetStream` on that connection.
    pub js: Context,
    url: String,
    id: String,
    // Held so that the shared server lives as long as the last test that uses it.
    _shared: Option<Arc<Server>>,
}

impl World {
    /// Connects to the shared server, which the first test starts and the last one kills.
    pub async fn new() -> Self {
        if let Ok(url) = env::var("NATS_URL") {
            Self::on(url, None).await
        } else {
            let server = shared();
            Self::on(server.url(), Some(server)).await
        }
    }

    /// A world on a server that the test has for itself.
    pub async fn of(server: &Server) -> Self {
        Self::on(server.url(), None).await
    }

    async fn on(url: String, shared: Option<Arc<Server>>) -> Self {
        let client = connect(&url).await;
        let id = client.new_inbox().rsplit('.').next().unwrap_or_default().to_string();
        Self { js: jetstream::new(client.clone()), client, url, id, _shared: shared }
    }

    /// `name`, made this test's own. Fit for a stream, a bucket, or the first token of a subject.
    pub fn name(&self, name: &str) -> String {
        format!("{name}-{}", self.id)
    }

    /// Waits until the server, once restarted, answers for `JetStream` again.
    pub async fn answers(&self) {
        eventually("the server is back", async || {
            // A request that the old connection took with it is not answered; another one is.
            let brief = Request::new().timeout(Some(Duration::from_millis(200)));
            self.client.send_request("$JS.API.INFO", brief).await.ok()
        })
        .await;
    }

    /// A second connection to the same server, as another process would have.
    pub async fn another_client(&self) -> Client {
        connect(&self.url).await
    }
}

async fn connect(url: &str) -> Client {
    ConnectOptions::new()
        .reconnect_delay_callback(|_| Duration::from_millis(50))
        .connect(url)
        .await
        .unwrap_or_else(|error| panic!("cannot connect to {url}: {error}"))
}

fn shared() -> Arc<Server> {
    static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = shared.upgrade() {
        return server;
    }
    let server = Arc::new(Server::start(&[]));
    *shared = Arc::downgrade(&server);
    server
}

/// The version the server claims, major and minor.
pub fn version(client: &Client) -> (u32, u32) {
    let version = client.server_info().version;
    let mut numbers = version.split(['.', '-']).map_while(|number| number.parse().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) => (major, minor),
        _ => panic!("the server's version is no version: {version:?}"),
    }
}

/// Says why a test ends before it began.
#[expect(clippy::print_stderr, reason = "who runs the tests should know what was not tried")]
pub fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// Ends the test early, saying so, on a server older than the feature it is about.
#[macro_export]
macro_rules! needs {
    ($client:expr, $major:literal, $minor:literal, $feature:literal) => {
        let (major, minor) = $crate::harness::version(&$client);
        if (major, minor) < ($major, $minor) {
            $crate::harness::skipped(&format!("{} since {}.{}, and this is {major}.{minor}", $feature, $major, $minor));
            return;
        }
    };
}

/// Runs a test twice: with its streams in files and in memory.
#[macro_export]
macro_rules! on_both_stores {
    ($($test:ident),+ $(,)?) => { $(
        mod $test {
            use async_nats::jetstream::stream::StorageType;

            #[tokio::test]
            async fn in_files() {
                super::$test(StorageType::File).await;
            }

            #[tokio::test]
            async fn in_memory() {
                super::$test(StorageType::Memory).await;
            }
        }
    )+ };
}

/// Looks again and again until `probe` finds something.
pub async fn eventually<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Waits for `future`, but not forever.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited in vain: {what}"))
}

/// Asserts that `future` is still waiting after `quiet`.
pub async fn never<T: std::fmt::Debug>(what: &str, quiet: Duration, future: impl Future<Output = T>) {
    if let Ok(value) = tokio::time::timeout(quiet, future).await {
        panic!("{what}, but: {value:?}");
    }
}
