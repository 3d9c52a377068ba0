//! One connection to a NATS server. Dropping any of its futures loses nothing: what was read and not taken, and what
//! waits to be written, stays.

use std::time::Duration;

use bytes::{Buf, BytesMut};
use protocol::client::{self, Connect};
use protocol::headers::Headers;
use protocol::server::{Info, ServerOp, decode_op};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::error::Error;
use super::options::Connection;
use super::tls;
use crate::bench::url::{self, Address};

/// How long a server may take to accept us: longer than one under load, shorter than patience.
const PATIENCE: Duration = Duration::from_secs(5);

trait Stream: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

/// A message that came.
#[derive(Debug)]
pub struct Delivery {
    /// What it was sent to.
    pub subject: String,
    /// Where an answer is awaited.
    pub reply: Option<String>,
    /// What it says.
    pub payload: Vec<u8>,
    /// It is the server's word that nobody listened to what we asked.
    pub nobody: bool,
}

/// See the module.
pub struct Wire {
    stream: Box<dyn Stream>,
    read: BytesMut,
    /// Waits to be written, from `written` on.
    out: Vec<u8>,
    written: usize,
    sids: u64,
    /// Pongs that came.
    pongs: u64,
    /// The longest payload the server takes.
    pub max_payload: usize,
}

impl Wire {
    /// Connects, and returns when the server has accepted who we are.
    pub async fn open(options: &Connection) -> Result<Self, Error> {
        let plain = options.server.strip_prefix("tls://");
        let insists = options.tls || plain.is_some();
        let address =
            url::parse(plain.unwrap_or(&options.server)).map_err(|error| Error::Address(error.to_string()))?;
        let silent = || Error::NotNats { address: address.authority.clone(), why: "it is silent".to_owned() };
        timeout(PATIENCE, Self::greet(options, &address, insists)).await.map_err(|_| silent())?
    }

    async fn greet(options: &Connection, address: &Address, insists: bool) -> Result<Self, Error> {
        let cannot = |source| {
            let (address, cluster) = (address.authority.clone(), options.cluster_id.clone());
            Error::Connect { address, cluster, source }
        };
        let mut stream = TcpStream::connect(&address.authority).await.map_err(cannot)?;
        stream.set_nodelay(true)?;
        let mut read = BytesMut::new();
        let info = info(&mut stream, &mut read, &address.authority).await?;
        if insists && !info.tls_required && !info.tls_available {
            return Err(Error::NoTls { address: address.authority.clone() });
        }
        let stream: Box<dyn Stream> = if info.tls_required || insists {
            Box::new(tls::encrypt(stream, address.host(), options).await?)
        } else {
            Box::new(stream)
        };
        let mut wire =
            Self { stream, read, out: Vec::new(), written: 0, sids: 0, pongs: 0, max_payload: info.max_payload };
        let connect = Connect {
            headers: true,
            no_responders: true,
            protocol: 1,
            lang: Some("rust".to_owned()),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            name: options.client_id.clone(),
            user: options.user.clone().or_else(|| address.user.clone()),
            pass: options.pass.clone().or_else(|| address.pass.clone()),
            auth_token: options.token.clone().or_else(|| address.token.clone()),
            tls_required: insists,
            verbose: false,
            pedantic: false,
            ..Connect::default()
        };
        client::connect(&mut wire.out, &connect);
        client::ping(&mut wire.out);
        wire.flush().await?;
        while wire.pongs == 0 {
            // Nobody was subscribed to anything yet.
            wire.step().await?;
        }
        Ok(wire)
    }

    /// Subscribes to a subject.
    pub fn subscribe(&mut self, subject: &str) {
        self.sids += 1;
        client::subscribe(&mut self.out, subject, None, &self.sids.to_string());
    }

    /// Publishes; sent by the next [`flush`](Self::flush), or while something is awaited.
    pub fn publish(&mut self, subject: &str, reply: Option<&str>, payload: &[u8]) {
        client::publish(&mut self.out, subject, reply, &[], payload);
    }

    /// Sends what waits.
    pub async fn flush(&mut self) -> Result<(), Error> {
        while self.written < self.out.len() {
            match self.stream.write(&self.out[self.written..]).await? {
                0 => return Err(Error::Closed),
                written => self.written += written,
            }
        }
        self.out.clear();
        self.written = 0;
        Ok(self.stream.flush().await?)
    }

    /// The next message. Answers the server's pings meanwhile.
    pub async fn next(&mut self) -> Result<Delivery, Error> {
        loop {
            if let Some(delivery) = self.step().await? {
                return Ok(delivery);
            }
        }
    }

    /// Takes one operation, a message or not.
    async fn step(&mut self) -> Result<Option<Delivery>, Error> {
        self.flush().await?;
        loop {
            let (taken, length) = match decode_op(&self.read) {
                Ok(None) => {
                    if self.stream.read_buf(&mut self.read).await? == 0 {
                        return Err(Error::Closed);
                    }
                    continue;
                }
                Ok(Some((op, length))) => (
                    match op {
                        ServerOp::Msg { subject, reply, headers, payload, .. } => {
                            let status = Headers::parse(headers).status();
                            Some(Delivery {
                                subject: subject.to_owned(),
                                reply: reply.map(str::to_owned),
                                payload: payload.to_vec(),
                                nobody: status.is_some_and(|(code, _)| code == 503),
                            })
                        }
                        ServerOp::Ping => {
                            client::pong(&mut self.out);
                            None
                        }
                        ServerOp::Pong => {
                            self.pongs += 1;
                            None
                        }
                        ServerOp::Err(text) => return Err(Error::Refused(text.to_owned())),
                        ServerOp::Info(_) | ServerOp::Ok => None,
                    },
                    length,
                ),
                Err(_) => {
                    let line = self.read[..].split(|byte| *byte == b'\n').next().unwrap_or_default();
                    let why = format!("it sent {:?}", String::from_utf8_lossy(&line[..line.len().min(80)]));
                    return Err(Error::NotNats { address: "the server".to_owned(), why });
                }
            };
            self.read.advance(length);
            return Ok(taken);
        }
    }
}

/// The server's first word.
async fn info(stream: &mut TcpStream, read: &mut BytesMut, address: &str) -> Result<Info, Error> {
    let not_nats = |why: String| Error::NotNats { address: address.to_owned(), why };
    loop {
        match decode_op(read) {
            Ok(Some((ServerOp::Info(json), length))) => {
                let info = serde_json::from_slice(json).map_err(|error| not_nats(error.to_string()))?;
                read.advance(length);
                return Ok(info);
            }
            Ok(Some((ServerOp::Err(text), _))) => return Err(Error::Refused(text.to_owned())),
            Ok(Some(_)) | Err(_) => return Err(not_nats("it begins with something else than INFO".to_owned())),
            Ok(None) => {}
        }
        if stream.read_buf(read).await? == 0 {
            return Err(not_nats("it closed the connection at once".to_owned()));
        }
    }
}
