//! Why a benchmark could not be run to its end, each in one line for the person who started it.

use std::path::PathBuf;
use std::time::Duration;

/// What ends a run. Nothing here is retried: a number measured around a failure is no number.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{url:?} is no address of a server: {why}")]
    Url { url: String, why: &'static str },
    #[error("cannot connect to {address}: {source}")]
    Connect { address: String, source: std::io::Error },
    #[error("{address} does not answer like a NATS server: {why}")]
    NotNats { address: String, why: String },
    #[error("{address} asks for TLS, which this benchmark does not speak")]
    Tls { address: String },
    #[error("the server closed the connection")]
    Closed,
    #[error("the server answered: {0}")]
    Server(String),
    #[error("the server sent what is no NATS operation: {0:?}")]
    Garbage(String),
    #[error("a message came without a subject to answer to")]
    NoReply,
    #[error("a message came without the number it was sent with")]
    NoNumber,
    #[error("the server has no JetStream (start nats-server with -js), or this user may not use it")]
    NoJetStream,
    #[error("{subject}: {description} ({code})")]
    Api { subject: String, description: String, code: u64 },
    #[error("{subject}: not the answer the JetStream API gives: {answer}")]
    ApiAnswer { subject: String, answer: String },
    #[error(
        "nobody is the NATS Streaming cluster {cluster:?} there: start the server with -cid {cluster}, or name its own by --cluster"
    )]
    NoStan { cluster: String },
    #[error("NATS Streaming refuses: {0}")]
    Stan(String),
    #[error("{subject}: not the answer NATS Streaming gives: {why}")]
    StanAnswer { subject: String, why: protocol::stan::DecodeError },
    #[error("a publish was refused: {0}")]
    PublishRefused(String),
    #[error("a pull was refused: {0}")]
    PullRefused(String),
    #[error("{missing} of {expected} {what} did not come within {waited:?}")]
    Missing { what: &'static str, missing: u64, expected: u64, waited: Duration },
    #[error("{what} came twice or out of their order: expected {expected}, got {got}")]
    Disorder { what: &'static str, expected: u64, got: u64 },
    #[error("both servers are called {0:?}: give one another label")]
    SameLabel(String),
    #[error("no process {pid} to measure: {source}")]
    Process { pid: u32, source: std::io::Error },
    #[error("cannot write {path}: {source}", path = path.display())]
    Output { path: PathBuf, source: std::io::Error },
    #[error("{source} (during {what})")]
    During { what: String, source: Box<Error> },
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Error {
    /// The same failure, telling what was being measured.
    pub fn during(self, what: String) -> Self {
        Self::During { what, source: Box::new(self) }
    }
}
