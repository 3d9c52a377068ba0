//! Why a store cannot be taken over, each in one line for the person who asked for it.

use std::io;
use std::path::PathBuf;

use super::source::Damage;

/// What ends an import.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line, or the configuration, is wrong.
    #[error("{0}")]
    Options(#[from] crate::options::Error),
    /// Nothing says where to put it all.
    #[error("say where the channels go: --dir DIR, as the server will be given it")]
    NoTarget,
    /// The directory is none of NATS Streaming's.
    #[error("{path} holds no store of NATS Streaming: {why}", path = path.display())]
    NoStore {
        /// Which.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// A file of the source cannot be read.
    #[error("{path}, byte {at}: {source}", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Where.
        at: u64,
        /// Why not.
        source: io::Error,
    },
    /// A file of the source is damaged.
    #[error(
        "{path}, byte {at}: {what}. With --skip-damaged what cannot be read is passed over, and told",
        path = .0.path.display(), at = .0.at, what = .0.what
    )]
    Damaged(Damage),
    /// A message is encrypted.
    #[error(
        "{path}, byte {at}: message {sequence} is encrypted, and the key was the original server's. Have that server \
         store the channel without --encrypt first; or, if this message only looks encrypted, give --take-encrypted",
        path = path.display()
    )]
    Encrypted {
        /// Its file.
        path: PathBuf,
        /// Where.
        at: u64,
        /// Which.
        sequence: u64,
    },
    /// A channel cannot be one of ours.
    #[error("{path} is no channel this server takes: {why}", path = path.display())]
    Channel {
        /// Its folder.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The store is of another cluster than was said.
    #[error("the store is of cluster \"{found}\", not \"{said}\": give --cluster_id {found}")]
    Cluster {
        /// As the store has it.
        found: String,
        /// As was said.
        said: String,
    },
    /// The target cannot be used.
    #[error("{0}")]
    Target(#[from] crate::jetstream::StartError),
    /// The target is another cluster's, or its list of clients cannot be used.
    #[error("{0}")]
    Clients(#[from] crate::stan::StartError),
    /// The target has something else under that name.
    #[error("channel \"{channel}\" cannot go into {path}: {why}", path = path.display())]
    Taken {
        /// The channel.
        channel: String,
        /// The target.
        path: PathBuf,
        /// What is there, and what to do.
        why: String,
    },
    /// A channel cannot be written.
    #[error("cannot write channel \"{channel}\": {why}")]
    Write {
        /// Which.
        channel: String,
        /// Why not.
        why: String,
    },
    /// The source is not what it was a moment ago.
    #[error(
        "channel \"{0}\" changed while it was read: stop the original server, and run this again. The channels that \
         were finished stay"
    )]
    Changed(String),
    /// What is found cannot be told.
    #[error(transparent)]
    Output(#[from] io::Error),
}
