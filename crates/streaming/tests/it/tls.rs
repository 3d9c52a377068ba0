//! Clients that come by TLS: who gets in, that large messages get through both ways, and what a slow reader costs.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

use async_nats::jetstream::{self, stream};
use async_nats::{Client, ConnectOptions};
use futures::StreamExt;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use crate::harness::{PATIENCE, Server, ours, soon};

const MIB: usize = 1024 * 1024;

/// A certificate authority, and what it certified.
pub struct Certificates(TempDir);

impl Certificates {
    /// New ones.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        for (name, usage) in
            [("server", ExtendedKeyUsagePurpose::ServerAuth), ("client", ExtendedKeyUsagePurpose::ClientAuth)]
        {
            let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
            params.extended_key_usages = vec![usage];
            let key = KeyPair::generate().unwrap();
            let certificate = params.signed_by(&key, &authority).unwrap();
            std::fs::write(folder.path().join(format!("{name}.pem")), certificate.pem()).unwrap();
            std::fs::write(folder.path().join(format!("{name}.key")), key.serialize_pem()).unwrap();
        }
        Self(folder)
    }

    /// `ca.pem`, and for `server` and `client` each a `.pem` and a `.key`.
    pub fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    /// A server that takes encrypted clients, with `args` besides.
    pub fn server(&self, args: &[&str]) -> Server {
        let (certificate, key) = (self.path("server.pem"), self.path("server.key"));
        let tls = ["--tls", "--tlscert", certificate.to_str().unwrap(), "--tlskey", key.to_str().unwrap()];
        Server::start(&[&tls[..], args].concat())
    }

    /// A server that takes only those encrypted clients that show a certificate.
    fn strict_server(&self) -> Server {
        self.server(&["--tlsverify", "--tlscacert", self.path("ca.pem").to_str().unwrap()])
    }

    /// What a client needs to trust the server.
    fn trusting(&self) -> ConnectOptions {
        ConnectOptions::new().require_tls(true).add_root_certificates(self.path("ca.pem"))
    }

    /// … and to be trusted.
    fn trusted(&self) -> ConnectOptions {
        self.trusting().add_client_certificate(self.path("client.pem"), self.path("client.key"))
    }

    /// A connection without a client library, greeted and encrypted.
    fn peer(&self, server: &Server) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.path("ca.pem")).unwrap()).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from(server.address().0).unwrap();
        let tls = ClientConnection::new(Arc::new(config), name).unwrap();
        let (socket, _) = greeted(server);
        StreamOwned::new(tls, socket)
    }
}

/// A plain socket and the INFO that came by it.
fn greeted(server: &Server) -> (TcpStream, String) {
    let mut socket = TcpStream::connect(server.address()).expect("a connection");
    socket.set_read_timeout(Some(PATIENCE)).expect("an option");
    socket.set_write_timeout(Some(PATIENCE)).expect("an option");
    let (mut info, mut byte) = (Vec::new(), [0]);
    // Byte by byte: what follows the line belongs to TLS.
    while !info.ends_with(b"\r\n") {
        socket.read_exact(&mut byte).expect("a greeting");
        info.push(byte[0]);
    }
    (socket, String::from_utf8(info).expect("text"))
}

/// A payload that no other number's can be taken for.
fn payload(number: usize) -> Vec<u8> {
    (0..MIB).map(|at| (at / 251 + at + number).to_le_bytes()[0]).collect()
}

/// Messages of 1 MiB from one to the other and back, all at once.
async fn talk_at_length(one: &Client, other: &Client) {
    const MESSAGES: usize = 24;
    let mut there = other.subscribe("there").await.unwrap();
    let mut back = one.subscribe("back").await.unwrap();
    // Heard by itself, it is heard by others.
    other.publish("there", "ready".into()).await.unwrap();
    assert_eq!(soon("its own message", there.next()).await.unwrap().payload, "ready");
    let echo = async {
        for _ in 0..MESSAGES {
            let message = there.next().await.unwrap();
            other.publish("back", message.payload).await.unwrap();
        }
    };
    let say = async {
        for number in 0..MESSAGES {
            one.publish("there", payload(number).into()).await.unwrap();
        }
    };
    let hear = async {
        for number in 0..MESSAGES {
            assert!(back.next().await.unwrap().payload == payload(number), "the {number}. message came back changed");
        }
    };
    soon("all messages", async { tokio::join!(echo, say, hear) }).await;
}

#[tokio::test]
async fn large_messages_go_both_ways() {
    let certificates = Certificates::new();
    let server = certificates.server(&[]);
    let one = certificates.trusting().connect(server.url()).await.unwrap();
    let other = certificates.trusting().connect(server.url()).await.unwrap();
    assert!(one.server_info().tls_required);
    talk_at_length(&one, &other).await;
    talk_at_length(&one, &one).await;
}

#[tokio::test]
async fn a_stream_that_is_slower_than_its_publisher_stores_all() {
    const MESSAGES: usize = 96;
    let certificates = Certificates::new();
    let server = certificates.server(&[]);
    let client = certificates.trusting().connect(server.url()).await.unwrap();
    let js = jetstream::new(client);
    let stream = stream::Config { name: "S".into(), subjects: vec!["s".into()], ..stream::Config::default() };
    js.create_stream(stream).await.unwrap();
    let mut acks = Vec::new();
    for number in 0..MESSAGES {
        acks.push(js.publish("s", payload(number).into()).await.unwrap());
    }
    for (number, ack) in acks.into_iter().enumerate() {
        assert_eq!(soon("an ack", ack.into_future()).await.unwrap().sequence, number as u64 + 1);
    }
}

#[tokio::test]
async fn only_who_shows_a_certificate_is_let_in_where_one_is_asked_for() {
    let certificates = Certificates::new();
    let server = certificates.strict_server();
    let client = certificates.trusted().connect(server.url()).await.expect("it shows one");
    talk_at_length(&client, &client).await;

    let refused = soon("an answer", certificates.trusting().connect(server.url())).await;
    assert!(refused.is_err(), "it shows none");

    let others = Certificates::new();
    let stranger = certificates.trusting().add_client_certificate(others.path("client.pem"), others.path("client.key"));
    let refused = soon("an answer", stranger.connect(server.url())).await;
    assert!(refused.is_err(), "nobody here knows who certified it");
    talk_at_length(&client, &client).await;
}

#[test]
fn who_speaks_in_the_clear_is_not_heard() {
    let certificates = Certificates::new();
    let server = certificates.server(&[]);
    let (mut socket, info) = greeted(&server);
    assert!(info.contains(r#""tls_required":true"#), "{info}");
    socket.write_all(b"CONNECT {\"verbose\":true}\r\nPING\r\n").unwrap();
    let mut answer = Vec::new();
    match socket.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "the connection lives"),
    }
    let said = String::from_utf8_lossy(&answer);
    assert!(!said.contains("+OK") && !said.contains("PONG"), "{said}");
}

#[tokio::test]
async fn a_reader_that_stands_still_is_cut_off_and_costs_little() {
    const MESSAGES: usize = 96;
    let certificates = Certificates::new();
    let server = Server::with_config(&format!(
        "max_pending: 4MB\nwrite_deadline: \"1s\"\ntls {{ cert_file: {:?}, key_file: {:?} }}\n",
        certificates.path("server.pem"),
        certificates.path("server.key"),
    ));
    let publisher = certificates.trusting().connect(server.url()).await.unwrap();
    let mut witness = publisher.subscribe("flood").await.unwrap();

    let mut glutton = BufReader::new(certificates.peer(&server));
    glutton.get_mut().write_all(b"CONNECT {\"verbose\":false}\r\nSUB flood 1\r\nPING\r\n").unwrap();
    let mut line = String::new();
    glutton.read_line(&mut line).unwrap();
    assert_eq!(line, "PONG\r\n");

    let before = server.resident_bytes();
    let mut peak = 0;
    for number in 0..MESSAGES {
        publisher.publish("flood", payload(number).into()).await.unwrap();
        let heard = soon("the message", witness.next()).await.unwrap();
        assert!(heard.payload == payload(number), "who reads gets all of it");
        peak = peak.max(server.resident_bytes().saturating_sub(before));
    }
    if ours() {
        // What may be pending, times what growing buffers and the allocator take: far from all that was sent.
        assert!(peak < 64 * MIB as u64, "it cost {peak} bytes");
    }
    let ended = soon(
        "the end",
        tokio::task::spawn_blocking(move || {
            let mut rest = Vec::new();
            glutton.read_to_end(&mut rest).map(|_| rest.len())
        }),
    )
    .await
    .unwrap();
    // The end of a connection that is cut off is not announced, and may come as a reset.
    match ended {
        Ok(read) => assert!(read < MESSAGES * MIB, "it got everything"),
        Err(error) => {
            let cut = [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
            assert!(cut.contains(&error.kind()), "{error}");
        }
    }
}
