//! The server under test, as its users meet it: a program that is started, spoken to and killed.
//!
//! The same tests run against our `streaming-server` and, where it has the feature, against a real
//! `nats-server`, which is their oracle:
//!
//! | variable | meaning |
//! |---|---|
//! | `TEST_SERVER` | the program to start, a name or a path; ours if unset |
//! | `NATS_URL` | a running server for the tests that do not restart it; they use names of their own |

use std::env;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions};
use tempfile::TempDir;

/// How long anything may take before a test gives up. It bounds a failure and measures nothing.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Between two looks at a condition.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A server of our own, with a store of its own. Dropping it kills it and removes the store.
pub struct Server {
    child: Option<Child>,
    port: u16,
    args: Vec<String>,
    home: TempDir,
}

impl Server {
    /// Starts a server on a free port with JetStream on, and `args` after the usual ones.
    pub fn start(args: &[&str]) -> Self {
        let mut server = Self {
            child: None,
            port: 0,
            args: args.iter().map(ToString::to_string).collect(),
            home: tempfile::tempdir().expect("a directory for the server"),
        };
        server.spawn();
        server
    }

    /// Starts a server that also reads `config`, written in the syntax of NATS.
    pub fn with_config(config: &str) -> Self {
        let mut server = Self {
            child: None,
            port: 0,
            args: Vec::new(),
            home: tempfile::tempdir().expect("a directory for the server"),
        };
        let path = server.home.path().join("server.conf");
        fs::write(&path, config).expect("the server's configuration");
        server.args = vec!["-c".into(), path.display().to_string()];
        server.spawn();
        server
    }

    /// Where to connect to.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// A connection that comes back soon after a restart.
    pub async fn connect(&self) -> Client {
        connect(&self.url()).await
    }

    /// Asks the server to stop, waits until it has, and starts it again: same store, same port.
    pub fn restart(&mut self) {
        self.stop();
        self.spawn();
    }

    /// Starts the server after [`Server::stop`]: same store, same port.
    pub fn start_again(&mut self) {
        self.spawn();
    }

    /// Kills the server as a power cut would, as far as the process is concerned, and starts it
    /// again: same store, same port.
    pub fn kill9(&mut self) {
        self.kill();
        self.spawn();
    }

    /// Asks the server to stop and waits until it has.
    pub fn stop(&mut self) {
        let mut child = self.child.take().expect("the server runs");
        let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        assert!(asked.expect("the kill command").success(), "no process to stop");
        let deadline = Instant::now() + PATIENCE;
        while child.try_wait().expect("the server's state").is_none() {
            if Instant::now() > deadline {
                child.kill().and_then(|()| child.wait()).expect("the server can be killed");
                panic!("the server did not stop when asked to\n{}", self.output());
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have died by itself; then there is nothing left to kill.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn spawn(&mut self) {
        let ports = self.home.path().join("ports");
        // A killed server leaves its file behind, which would be taken for the new one's.
        let _ = fs::remove_dir_all(&ports);
        fs::create_dir(&ports).expect("a directory for the ports file");
        let log = self.log();
        let program = program();
        let port = if self.port == 0 { "-1".into() } else { self.port.to_string() };
        let child = Command::new(&program)
            .args(["-a", "127.0.0.1", "-p", &port, "-js", "-sd"])
            .arg(self.home.path().join("store"))
            .arg("--ports_file_dir")
            .arg(&ports)
            .args(&self.args)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle of the log"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
        let pid = child.id();
        self.child = Some(child);
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(port) = port_in(&ports, pid) {
                self.port = port;
                return;
            }
            let ended = self.child.as_mut().and_then(|child| child.try_wait().expect("its state"));
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "{} {} told no port:\n{}",
                program.display(),
                ended.map_or("is running but".into(), |status| format!("ended with {status} and")),
                self.output()
            );
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    fn log(&self) -> File {
        let path = self.home.path().join("server.log");
        OpenOptions::new().create(true).append(true).open(path).expect("the server's log")
    }

    /// All that the server has said so far.
    pub fn output(&self) -> String {
        fs::read_to_string(self.home.path().join("server.log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn program() -> PathBuf {
    match env::var_os("TEST_SERVER") {
        Some(program) if !program.is_empty() => program.into(),
        _ => env!("CARGO_BIN_EXE_streaming-server").into(),
    }
}

/// Whether the servers that tests start are our own, and so keep the promises only ours makes.
pub fn ours() -> bool {
    program().file_stem().is_some_and(|name| name == "streaming-server")
}

/// Reads `<dir>/<program>_<pid>.ports`; `None` while it is missing or half written.
fn port_in(dir: &Path, pid: u32) -> Option<u16> {
    let suffix = format!("_{pid}.ports");
    let file = fs::read_dir(dir).ok()?.flatten().find(|file| file.file_name().to_string_lossy().ends_with(&suffix))?;
    let ports: serde_json::Value = serde_json::from_slice(&fs::read(file.path()).ok()?).ok()?;
    ports["nats"][0].as_str()?.rsplit(':').next()?.trim_end_matches('/').parse().ok()
}

async fn connect(url: &str) -> Client {
    ConnectOptions::new()
        .reconnect_delay_callback(|_| Duration::from_millis(50))
        .connect(url)
        .await
        .unwrap_or_else(|error| panic!("cannot connect to {url}: {error}"))
}

/// A connection to the server that the tests of this process share, and names that no other test
/// uses: a test sees its own streams only, as long as it names them by [`World::name`].
pub struct World {
    /// The plain connection.
    pub client: Client,
    /// JetStream on that connection.
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

    /// A second connection to the same server, as another process would have.
    pub async fn another_client(&self) -> Client {
        connect(&self.url).await
    }
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

/// Ends the test early, saying so, on a server older than the feature it is about.
#[macro_export]
macro_rules! needs {
    ($client:expr, $major:literal, $minor:literal, $feature:literal) => {
        let (major, minor) = $crate::harness::version(&$client);
        if (major, minor) < ($major, $minor) {
            eprintln!("skipped: {} since {}.{}, and this is {major}.{minor}", $feature, $major, $minor);
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
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited in vain: {what}"),
    }
}

/// Asserts that `future` is still waiting after `quiet`.
pub async fn never<T: std::fmt::Debug>(what: &str, quiet: Duration, future: impl Future<Output = T>) {
    if let Ok(value) = tokio::time::timeout(quiet, future).await {
        panic!("{what}, but: {value:?}");
    }
}
