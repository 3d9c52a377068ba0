//! What a server may be told before it starts, and what it assumes where nobody says.
//!
//! [`Options`] is the result: plain values, checked, ready for use. Where they come from, the later overruling the
//! earlier: the defaults below, the file named by `-c`, the environment (`STREAMING_<NAME>`), the command line.

mod access;
mod auth;
mod command_line;
mod config;
mod draft;
mod error;
mod help;
mod permissions;
pub mod ports;
mod reload;
mod settings;
mod signal;
mod stan;
#[cfg(test)]
mod tests;
mod units;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use auth::{Auth, Password, Secret, User};
pub use error::{Error, Origin, Position};
pub use permissions::{ChannelRights, Permissions, Responses, Rule, Rules};
pub use signal::{Command, Signal};
pub use stan::{ChannelLimits, ChannelOverrides, Stan, StanStore};

use draft::{Asked, Draft};
use settings::Setting;

/// What the program was called for.
#[derive(Debug)]
pub enum Parsed {
    /// Serve.
    Run(Box<Options>),
    /// Print this on standard output: `--help`, `--version`.
    Print(String),
    /// `-t`: all is well, and this says so.
    Valid(String),
    /// `--signal`: send it to this process.
    Signal(Signal, i32),
    /// `admin`: ask a running server to delete things; the words that follow say which.
    Admin(Vec<String>),
    /// `bench`: measure a server; the words that follow are for the bench.
    Bench(Vec<String>),
    /// `pub`: publish an event; the words that follow are for the publisher.
    Publish(Vec<String>),
    /// `sub`: listen to a channel; the words that follow are for the listener.
    Listen(Vec<String>),
    /// `import`: take over the store of NATS Streaming; the words that follow are for the import.
    Import(Vec<String>),
}

/// The world the options come from, so that a test can hold it.
pub struct World<'a> {
    /// A variable of the environment.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// A file's text.
    pub read: &'a dyn Fn(&Path) -> io::Result<String>,
}

/// Everything that can be set. [`Options::default`] is what `nats-server` does without options, except that the file
/// store acknowledges a message only after it is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The name in INFO and in monitoring; the server's generated id where `None`.
    pub server_name: Option<String>,
    /// Where clients connect.
    pub client: Address,
    /// `host:port` told to clients in INFO's `connect_urls` instead of the address we listen on.
    pub client_advertise: Option<String>,
    /// Where monitoring answers HTTP; nowhere where `None`.
    pub monitor: Option<Address>,
    /// Who may connect.
    pub auth: Auth,
    /// How long a client may take from INFO to an acceptable CONNECT (2 s; more under TLS, see [`Tls::timeout`]).
    pub auth_timeout: Duration,
    /// TLS towards clients; plain TCP where `None`.
    pub tls: Option<Tls>,
    /// What one client, and all of them, may ask of us.
    pub limits: Limits,
    /// How a server says good-bye.
    pub lame_duck: LameDuck,
    /// Streams; a plain NATS server where `None`.
    pub jetstream: Option<JetStream>,
    /// The NATS Streaming face on those streams; none where `None`.
    pub stan: Option<Stan>,
    /// What is logged, where and how.
    pub log: Log,
    /// Written with our process id after the sockets are bound.
    pub pid_file: Option<PathBuf>,
    /// Folder for `nats-server_<pid>.ports`, which tells test tools where we listen.
    pub ports_file_dir: Option<PathBuf>,
    /// Threads that serve sockets; one for two cores where `None`.
    pub worker_threads: Option<usize>,
}

/// A host and a port to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// A name or an IP address, an IPv6 address without brackets.
    pub host: String,
    /// 0 = any free port.
    pub port: u16,
}

/// The certificates of TLS towards clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The server's certificate chain, PEM.
    pub cert_file: PathBuf,
    /// Its private key, PEM.
    pub key_file: PathBuf,
    /// Whose signatures on clients' certificates count, PEM; there if `verify`.
    pub ca_file: Option<PathBuf>,
    /// Whether clients must present one.
    pub verify: bool,
    /// How long the handshake may take (2 s).
    pub timeout: Duration,
}

/// The bounds of a connection. Defaults are `nats-server`'s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time (65 536).
    pub max_connections: usize,
    /// Subscriptions of one connection; 0 = unlimited.
    pub max_subscriptions: usize,
    /// Bytes of one protocol line (4 096).
    pub max_control_line: usize,
    /// Bytes of one message, headers included (1 MiB).
    pub max_payload: usize,
    /// Bytes waiting for a slow client before it is cut off (64 MiB).
    pub max_pending: usize,
    /// Pause between two PINGs to a quiet client (2 min).
    pub ping_interval: Duration,
    /// Unanswered PINGs until the connection is stale (2).
    pub ping_max: u32,
    /// How long one write to a client may take (10 s).
    pub write_deadline: Duration,
}

/// A server told to go asks its clients to leave one by one rather than all at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LameDuck {
    /// Over which time the clients are disconnected (2 min).
    pub duration: Duration,
    /// How long we wait before the first (10 s).
    pub grace_period: Duration,
}

/// Streams and where they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JetStream {
    /// The root; streams live in its folder `jetstream`, as `nats-server` has it. `<temporary folder>/nats` where unset.
    pub store_dir: PathBuf,
    /// There is no root: streams are kept in memory only.
    pub in_memory: bool,
    /// Streams that are not in memory are in this database rather than under the root.
    pub database: Option<sql_store::Options>,
    /// When a message in a file store counts as stored.
    pub sync: Sync,
    /// Bytes all memory streams may hold together; three quarters of the machine's memory where `None`.
    pub max_memory: Option<u64>,
    /// Bytes all file streams may hold together; as much as the disk takes where `None`.
    pub max_file: Option<u64>,
    /// Streams at a time; unlimited where `None`.
    pub max_streams: Option<usize>,
    /// Consumers of one stream; unlimited where `None`.
    pub max_consumers: Option<usize>,
    /// The most a consumer may ask for as `max_ack_pending`; unlimited where `None`.
    pub max_ack_pending: Option<u64>,
    /// The most a consumer may ask for as `max_batch`; unlimited where `None`.
    pub max_request_batch: Option<u64>,
    /// The longest a stream may ask for as `duplicate_window`; unlimited where `None`.
    pub duplicate_window: Option<Duration>,
    /// A second prefix of the API, `$JS.<domain>.API`.
    pub domain: Option<String>,
    /// Whether an unknown field of an API request is an error.
    pub strict: bool,
}

/// When the file store asks the disk to keep what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sync {
    /// Before each acknowledgement, for all messages that wait together. An acknowledged message survives a power cut.
    #[default]
    Always,
    /// Every so often. A power cut takes up to this much of what was acknowledged.
    Every(Duration),
    /// When the operating system likes to.
    Never,
}

/// What is logged, where and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Standard error where `None`.
    pub file: Option<PathBuf>,
    /// Bytes after which the file is set aside under a dated name and begun anew; never where `None`.
    pub size_limit: Option<u64>,
    /// How a line looks.
    pub format: LogFormat,
    /// Whether a text line bears the time.
    pub time: bool,
    /// Connections and decisions too.
    pub debug: bool,
    /// Every protocol line too.
    pub trace: bool,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// `[pid] 2026/11/21 01:02:03.123456 [INF] text`, as tools made for `nats-server` read it.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Options {
    /// What `words`, the command line without the program's name, ask for. Reads nothing but through `world`.
    pub fn parse(words: &[String], world: &World<'_>) -> Result<Parsed, Error> {
        if let Some((first, rest)) = words.split_first() {
            match first.as_str() {
                "admin" => return Ok(Parsed::Admin(rest.to_vec())),
                "bench" => return Ok(Parsed::Bench(rest.to_vec())),
                "pub" => return Ok(Parsed::Publish(rest.to_vec())),
                "sub" => return Ok(Parsed::Listen(rest.to_vec())),
                "import" => return Ok(Parsed::Import(rest.to_vec())),
                _ => {}
            }
        }
        let typed = command_line::scan(words)?;
        let mut said = Draft::default(); // A first look, for what decides whether and which file is read.
        typed.iter().try_for_each(|typed| typed.apply(&mut said))?;
        match said.asked {
            Asked::Help => return Ok(Parsed::Print(help::help())),
            Asked::Version => {
                let version = env!("CARGO_PKG_VERSION");
                return Ok(Parsed::Print(format!("streaming-server: v{version}\n")));
            }
            Asked::Test | Asked::Serve => {}
        }
        let mut draft = Draft::default();
        let variable =
            |setting: &Setting| setting.variable().and_then(|name| Some((name.clone(), (world.env)(&name)?)));
        let file = |said: Option<PathBuf>, name| {
            said.or_else(|| settings::by_name(name).and_then(variable).map(|(_, path)| PathBuf::from(path)))
        };
        let mut files: Vec<_> =
            [file(said.config, "config"), file(said.stan_config, "stan_config")].into_iter().flatten().collect();
        files.dedup(); // One may serve as both.
        draft.next_source();
        for path in &files {
            config::apply(&mut draft, &config::parse(path, world)?, "")?;
        }
        draft.next_source();
        for setting in settings::all() {
            if let Some((name, text)) = variable(setting).filter(|(_, text)| !is_of_kubernetes(text)) {
                command_line::set(&mut draft, setting, &text, || Origin::Environment(name.clone()))?;
            }
        }
        typed.iter().try_for_each(|typed| typed.apply(&mut draft))?;
        let (asked, signal) = (draft.asked, draft.signal.clone());
        let options = draft.finish()?;
        if let Some(signal) = signal {
            let process = signal.process(options.pid_file.as_deref(), world)?;
            return Ok(Parsed::Signal(signal, process));
        }
        if asked == Asked::Test {
            let names: Vec<_> = files.iter().map(|path| path.display().to_string()).collect();
            let what = match &names[..] {
                [] => "configuration".to_owned(),
                _ => format!("configuration file {}", names.join(" with ")),
            };
            return Ok(Parsed::Valid(format!("streaming-server: {what} is valid\n")));
        }
        Ok(Parsed::Run(Box::new(options)))
    }
}

/// Beside a Service called `streaming`, Kubernetes sets `STREAMING_PORT` to `tcp://10.0.0.1:4222`, which is not for us.
fn is_of_kubernetes(text: &str) -> bool {
    text.starts_with("tcp://") || text.starts_with("udp://")
}

impl Default for Options {
    fn default() -> Self {
        Self {
            server_name: None,
            client: Address { host: Address::ANY_HOST.to_owned(), port: 4222 },
            client_advertise: None,
            monitor: None,
            auth: Auth::None,
            auth_timeout: Duration::from_secs(2),
            tls: None,
            limits: Limits::default(),
            lame_duck: LameDuck::default(),
            jetstream: None,
            stan: None,
            log: Log::default(),
            pid_file: None,
            ports_file_dir: None,
            worker_threads: None,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 64 * 1024,
            max_subscriptions: 0,
            max_control_line: 4096,
            max_payload: 1024 * 1024,
            max_pending: 64 * 1024 * 1024,
            ping_interval: Duration::from_mins(2),
            ping_max: 2,
            write_deadline: Duration::from_secs(10),
        }
    }
}

impl Default for LameDuck {
    fn default() -> Self {
        Self { duration: Duration::from_mins(2), grace_period: Duration::from_secs(10) }
    }
}

impl Default for JetStream {
    fn default() -> Self {
        Self {
            store_dir: std::env::temp_dir().join("nats"),
            in_memory: false,
            database: None,
            sync: Sync::default(),
            max_memory: None,
            max_file: None,
            max_streams: None,
            max_consumers: None,
            max_ack_pending: None,
            max_request_batch: None,
            duplicate_window: None,
            domain: None,
            strict: false,
        }
    }
}

impl JetStream {
    /// The folder the streams are in.
    pub fn directory(&self) -> PathBuf {
        self.store_dir.join("jetstream")
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { file: None, size_limit: None, format: LogFormat::Text, time: true, debug: false, trace: false }
    }
}

impl Address {
    /// All interfaces.
    pub const ANY_HOST: &'static str = "0.0.0.0";
}

impl std::fmt::Display for Address {
    /// `host:port` as one writes it in a URL, an IPv6 address in brackets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.host.parse() {
            Ok(ip) => SocketAddr::new(ip, self.port).fmt(f),
            Err(_) => write!(f, "{}:{}", self.host, self.port),
        }
    }
}
