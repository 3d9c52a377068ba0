//! Why a publisher or listener could not go on, each in one line that says what to do.

use std::path::PathBuf;

use protocol::stan::error;

/// What ends one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("--server: {0}")]
    Address(String),
    #[error(
        "cannot connect to {address}: {source}. Is the server running? Start one with streaming-server -cid {cluster}"
    )]
    Connect { address: String, cluster: String, source: std::io::Error },
    #[error("{address} does not answer like a NATS server: {why}")]
    NotNats { address: String, why: String },
    #[error("{address} wants TLS: give --tlscacert FILE, the certificate of who vouches for it")]
    WantsTls { address: String },
    #[error("{address} does not speak TLS: leave --tls away, or start it with --tls")]
    NoTls { address: String },
    #[error("TLS: {path}: {why}", path = path.display())]
    TlsFile { path: PathBuf, why: String },
    #[error("TLS: {0}")]
    Tls(String),
    #[error("the server refuses: {0}{hint}", hint = hint(.0))]
    Refused(String),
    #[error("the server closed the connection")]
    Closed,
    #[error(
        "stan: connect request timeout (possibly wrong cluster ID?): at {address} nobody serves cluster \"{cluster}\". \
         --cluster-id has to be what the server was given as -cid"
    )]
    Cluster { address: String, cluster: String },
    #[error("{CLIENT_ID_TAKEN}: \"{0}\" is connected, and lives. Choose another --client-id, or leave it to chance")]
    Taken(String),
    #[error("{0}")]
    Stan(String),
    #[error("stan: {0} request timeout")]
    Timeout(&'static str),
    #[error("stan: publish ack timeout: whether the event is stored is not known")]
    AckTimeout,
    #[error("stan: connection lost due to PING failure")]
    PingFailure,
    #[error("the event has {bytes} bytes, and the server takes {max} with what is around it (its max_payload)")]
    TooLong { bytes: usize, max: usize },
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

const CLIENT_ID_TAKEN: &str = error::CLIENT_ID_TAKEN;

fn hint(refusal: &str) -> &'static str {
    let refusal = refusal.to_ascii_lowercase();
    if refusal.contains("authorization violation") {
        ". Give --user and --pass, or --token"
    } else if refusal.contains("permissions violation") {
        ". The user may not do that"
    } else {
        ""
    }
}

impl Error {
    /// The connection is gone, not what we asked of it wrong.
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Closed | Self::Io(_))
    }

    /// What the server answered by STAN instead of doing it.
    pub fn answered(text: String, client: &str) -> Self {
        if text == error::CLIENT_ID_TAKEN { Self::Taken(client.to_owned()) } else { Self::Stan(text) }
    }
}
