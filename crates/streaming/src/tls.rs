//! TLS towards clients, by rustls with ring.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::connection::Socket;
use crate::options::Tls;
use crate::server::Server;

/// Why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A PEM file that cannot be read.
    #[error("cannot read TLS file {path}: {why}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// Files that do not belong together.
    #[error("TLS certificate {path} and its key cannot be used: {source}")]
    Pair {
        /// The certificate.
        path: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
    /// Clients are to be verified, but against nothing.
    #[error("TLS verification of clients needs a ca_file (--tlscacert) that holds certificates: {0}")]
    Authorities(String),
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let fail = |why: String| Error::File { path: path.to_owned(), why };
    let list: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(|e| fail(e.to_string()))?.collect();
    let list = list.map_err(|e| fail(e.to_string()))?;
    if list.is_empty() { Err(fail("it holds no certificate".to_owned())) } else { Ok(list) }
}

/// Reads the files and makes what accepts encrypted clients.
pub fn acceptor(tls: &Tls) -> Result<TlsAcceptor, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let pair = |source| Error::Pair { path: tls.cert_file.clone(), source };
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let builder = builder.map_err(pair)?;
    let builder = if tls.verify {
        let path = tls.ca_file.as_ref().ok_or_else(|| Error::Authorities("none is set".to_owned()))?;
        let mut roots = RootCertStore::empty();
        for certificate in certificates(path)? {
            roots.add(certificate).map_err(|e| Error::Authorities(e.to_string()))?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
        builder.with_client_cert_verifier(verifier.map_err(|e| Error::Authorities(e.to_string()))?)
    } else {
        builder.with_no_client_auth()
    };
    let chain = certificates(&tls.cert_file)?;
    let key = PrivateKeyDer::from_pem_file(&tls.key_file)
        .map_err(|e| Error::File { path: tls.key_file.clone(), why: e.to_string() })?;
    let config = builder.with_single_cert(chain, key).map_err(pair)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Greets a client as the protocol has it: INFO in the clear, then the handshake.
pub(crate) async fn greet(
    server: &Server,
    mut stream: TcpStream,
    acceptor: &TlsAcceptor,
    id: u64,
    peer: SocketAddr,
) -> io::Result<Socket> {
    let mut info = Vec::new();
    protocol::server::info(&mut info, &server.info(id, peer));
    let timeout = server.options.tls.as_ref().map(|t| t.timeout).unwrap_or_default();
    let greeting = async {
        stream.write_all(&info).await?;
        Socket::encrypted(stream, acceptor).await
    };
    tokio::time::timeout(timeout, greeting).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}
