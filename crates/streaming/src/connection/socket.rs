//! The two kinds of socket a client may come by.

use std::io;
use std::sync::Arc;

use tokio::io::{ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub(super) type TlsReader = ReadHalf<TlsStream<TcpStream>>;
pub(super) type TlsWriter = WriteHalf<TlsStream<TcpStream>>;

/// A client's socket, in the halves its connection needs.
pub(crate) enum Socket {
    /// Unencrypted: whoever delivers writes to it.
    Plain(OwnedReadHalf, Arc<OwnedWriteHalf>),
    /// Encrypted: only its own task writes to it.
    Tls(TlsReader, TlsWriter),
}

impl Socket {
    /// A socket as it came.
    pub fn plain(stream: TcpStream) -> Self {
        let (reader, writer) = stream.into_split();
        Self::Plain(reader, Arc::new(writer))
    }

    /// Shakes hands over `stream`.
    pub async fn encrypted(stream: TcpStream, acceptor: &TlsAcceptor) -> io::Result<Self> {
        let (reader, writer) = tokio::io::split(acceptor.accept(stream).await?);
        Ok(Self::Tls(reader, writer))
    }

    /// The half an outbox may write to by itself.
    pub fn direct(&self) -> Option<Arc<OwnedWriteHalf>> {
        match self {
            Self::Plain(_, writer) => Some(writer.clone()),
            Self::Tls(..) => None,
        }
    }
}
