//! TLS towards the server, by rustls with ring.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::error::Error;
use super::options::Connection;

/// Encrypts `stream`, to a server that is called `host`.
pub async fn encrypt(stream: TcpStream, host: &str, options: &Connection) -> Result<TlsStream<TcpStream>, Error> {
    let Some(authority) = &options.tlscacert else { return Err(Error::WantsTls { address: options.server.clone() }) };
    let name = ServerName::try_from(host.to_owned()).map_err(|error| Error::Tls(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates(authority)? {
        roots.add(certificate).map_err(|error| file(authority, &error))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| Error::Tls(error.to_string()))?.with_root_certificates(roots);
    let config = match (&options.tlscert, &options.tlskey) {
        (Some(certificate), Some(key)) => {
            let read = PrivateKeyDer::from_pem_file(key).map_err(|error| file(key, &error))?;
            builder
                .with_client_auth_cert(certificates(certificate)?, read)
                .map_err(|error| file(certificate, &error))?
        }
        _ => builder.with_no_client_auth(),
    };
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(|error| Error::Tls(error.to_string()))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let list: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(|error| file(path, &error))?.collect();
    let list = list.map_err(|error| file(path, &error))?;
    if list.is_empty() { Err(file(path, &"it holds no certificate")) } else { Ok(list) }
}

fn file(path: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::TlsFile { path: path.to_owned(), why: why.to_string() }
}
