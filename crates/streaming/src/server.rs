//! The server: what all its parts share, its start and its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use protocol::server::Info;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::connection::{Connections, Reason, Socket};
use crate::jetstream::JetStream;
use crate::options::{Address, Options, StanStore, ports};
use crate::router::Router;
use crate::stan::{Home, Stan};
use crate::tls;

/// The version of `nats-server` whose features we have: clients compare it to decide what they may use.
pub const VERSION: &str = "2.12.0";

/// Connections the kernel may hold ready for us.
const BACKLOG: i32 = 1024;

/// How often each connection is checked for signs of life and deadlines.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// How long a stopping server waits for its clients' last bytes.
const LAST_FLUSH_MAX: Duration = Duration::from_secs(2);

/// Why a server did not start. Each is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken, or the address is not ours.
    #[error("cannot listen for {what} on {address}: {source}")]
    Listen {
        /// Clients or monitoring.
        what: &'static str,
        /// Where.
        address: Address,
        /// Why not.
        source: std::io::Error,
    },
    /// A certificate or key cannot be used.
    #[error("{0}")]
    Tls(#[from] tls::Error),
    /// The store cannot be used.
    #[error("{0}")]
    Store(#[from] crate::jetstream::StartError),
    /// The NATS Streaming face cannot be shown.
    #[error("{0}")]
    Stan(#[from] crate::stan::StartError),
    /// A file that tells others where we are cannot be written.
    #[error("{0}")]
    File(#[from] std::io::Error),
}

/// What all parts of a running server share.
pub struct Server {
    /// What it was told.
    pub options: Options,
    /// Its time.
    pub clock: Clock,
    /// Who is subscribed to what.
    pub router: Router,
    /// Who is connected.
    pub connections: Connections,
    /// The streams, if it keeps any.
    pub jetstream: Option<JetStream>,
    /// The NATS Streaming face, if it has one.
    pub stan: Option<Stan>,
    /// 56 characters, new at each start.
    pub id: String,
    /// Its name, the id where none was given.
    pub name: String,
    /// When it started, UNIX nanoseconds.
    pub started: i64,
    /// Where it listens for clients.
    pub client_address: SocketAddr,
    lame_duck: AtomicBool,
}

impl Server {
    /// What INFO tells a client.
    pub fn info(&self, client_id: u64, peer: SocketAddr) -> Info {
        Info {
            server_id: self.id.clone(),
            server_name: self.name.clone(),
            version: VERSION.to_owned(),
            proto: 1,
            host: self.options.client.host.clone(),
            port: self.client_address.port(),
            headers: true,
            max_payload: self.options.limits.max_payload,
            jetstream: self.jetstream.is_some(),
            client_id,
            client_ip: peer.ip().to_string(),
            auth_required: self.options.auth.is_required(),
            tls_required: self.options.tls.is_some(),
            tls_verify: self.options.tls.as_ref().is_some_and(|t| t.verify),
            ldm: self.lame_duck.load(Ordering::Relaxed),
            connect_urls: self.options.client_advertise.iter().cloned().collect(),
            ..Info::default()
        }
    }
}

/// A running server. Dropping it does not stop it: [`Handle::shutdown`] does.
pub struct Handle {
    server: Arc<Server>,
    monitor_address: Option<SocketAddr>,
    accepting: watch::Sender<bool>,
    stopped: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    _files: ports::Files,
}

/// Starts a server on the runtime it is called on: binds, recovers its streams, tells where it is, and accepts.
///
/// What may fail comes first, and the store's lock before the files: a second server on the same store must leave the
/// first one's alone.
pub async fn start(options: Options) -> Result<Handle, StartError> {
    let acceptor = options.tls.as_ref().map(tls::acceptor).transpose()?;
    let listener = listen("clients", &options.client).await?;
    let monitor = match &options.monitor {
        Some(address) => Some(listen("monitoring", address).await?),
        None => None,
    };
    let client_address = address_of("clients", &listener, &options.client)?;
    let monitor_address = match (&monitor, &options.monitor) {
        (Some(listener), Some(asked)) => Some(address_of("monitoring", listener, asked)?),
        _ => None,
    };
    let clock = Clock::default();
    let id = crate::name::server_id();
    let jetstream = options.jetstream.as_ref().map(|o| JetStream::open(o, clock.now())).transpose()?;
    if let Some(max) = jetstream.as_ref().and_then(JetStream::database).and_then(sql_store::Database::message_max)
        && max < options.limits.max_payload as u64
    {
        tracing::warn!(
            "the database takes no message above {max} bytes, and max_payload is {}: what is larger is refused, with all \
             that is stored in the same moment. Raise max_allowed_packet there, or lower max_payload here",
            options.limits.max_payload
        );
    }
    let stan = options.stan.as_ref().map(|stan| {
        let home = jetstream.as_ref().filter(|_| stan.store != StanStore::Memory).map(Home::beside);
        Stan::open(stan, home.as_ref(), clock.now())
    });
    let stan = stan.transpose()?;
    let files = ports::write(&options, client_address, monitor_address)?;
    let server = Arc::new(Server {
        name: options.server_name.clone().unwrap_or_else(|| id.clone()),
        id,
        started: clock.now(),
        client_address,
        router: Router::default(),
        connections: Connections::default(),
        jetstream,
        stan,
        clock,
        options,
        lame_duck: AtomicBool::new(false),
    });
    if let Some(jetstream) = &server.jetstream {
        jetstream.start(&server)?;
    }
    if let Some(stan) = &server.stan {
        stan.start(&server);
    }
    let (accepting, _) = watch::channel(true);
    let (stopped, _) = watch::channel(false);
    let mut tasks = vec![
        tokio::spawn(accept(server.clone(), listener, acceptor, accepting.subscribe())),
        tokio::spawn(check(server.clone(), stopped.subscribe())),
    ];
    if server.stan.is_some() {
        tasks.push(tokio::spawn(Stan::run(server.clone(), stopped.subscribe())));
    }
    if let (Some(listener), Some(address)) = (monitor, monitor_address) {
        tasks.push(tokio::spawn(crate::monitor::serve(server.clone(), listener, stopped.subscribe())));
        tracing::info!("Starting http monitor on {address}");
    }
    tracing::info!("Listening for client connections on {client_address}");
    tracing::info!("Server is ready");
    Ok(Handle { server, monitor_address, accepting, stopped, tasks: Mutex::new(tasks), _files: files })
}

async fn listen(what: &'static str, address: &Address) -> Result<TcpListener, StartError> {
    let bind = async || -> std::io::Result<TcpListener> {
        let mut last = std::io::Error::new(std::io::ErrorKind::NotFound, "the name has no address");
        for candidate in tokio::net::lookup_host((address.host.as_str(), address.port)).await? {
            match bind(candidate) {
                Ok(listener) => return Ok(listener),
                Err(error) => last = error,
            }
        }
        Err(last)
    };
    bind().await.map_err(|source| StartError::Listen { what, address: address.clone(), source })
}

fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart may take the port again while old connections still linger in the kernel.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn address_of(what: &'static str, listener: &TcpListener, asked: &Address) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|source| StartError::Listen { what, address: asked.clone(), source })
}

async fn accept(
    server: Arc<Server>,
    listener: TcpListener,
    acceptor: Option<tokio_rustls::TlsAcceptor>,
    mut accepting: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = accepting.wait_for(|on| !on) => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, mostly: those who are here go on, the next waits.
                tracing::error!("cannot accept a client: {error}");
                tokio::time::sleep(CHECK_EVERY).await;
                continue;
            }
        };
        // Answers are small and awaited: they must not wait for one another.
        let _ = stream.set_nodelay(true);
        let server = server.clone();
        let id = server.connections.next_id();
        match acceptor.clone() {
            None => {
                tokio::spawn(Connections::serve(server, Socket::plain(stream), id, peer, false));
            }
            Some(acceptor) => {
                tokio::spawn(async move {
                    match tls::greet(&server, stream, &acceptor, id, peer).await {
                        Ok(socket) => Connections::serve(server, socket, id, peer, true).await,
                        Err(error) => tracing::debug!(cid = id, %peer, "TLS handshake failed: {error}"),
                    }
                });
            }
        }
    }
}

async fn check(server: Arc<Server>, mut stopped: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(CHECK_EVERY);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopped.wait_for(|on| *on) => return,
        }
        server.connections.check(&server, server.clock.now());
        let reserve = server.jetstream.as_ref().map(|jetstream| jetstream.reserve().clone());
        if let Some(reserve) = reserve.filter(|reserve| reserve.is_short()) {
            // It may take as long as the disk takes. That it fails is told where it matters.
            tokio::task::spawn_blocking(move || reserve.set_aside());
        }
    }
}

impl Handle {
    /// What the parts share, for monitoring and tests.
    pub fn server(&self) -> &Arc<Server> {
        &self.server
    }

    /// Where clients connect.
    pub fn client_address(&self) -> SocketAddr {
        self.server.client_address
    }

    /// Where monitoring answers, if it does.
    pub fn monitor_address(&self) -> Option<SocketAddr> {
        self.monitor_address
    }

    /// Stops: accepts nobody more, tells the clients, sends what is pending, commits what is staged, closes.
    pub async fn shutdown(&self) {
        self.announce_lame_duck();
        self.close_streams().await;
        self.close_all().await;
        self.finish().await;
    }

    /// Stops gently: clients are told to go elsewhere, and closed one by one over the configured time.
    pub async fn lame_duck(&self) {
        let lame_duck = &self.server.options.lame_duck;
        tracing::info!("Entering lame duck mode, stop accepting new clients");
        self.announce_lame_duck();
        tokio::time::sleep(lame_duck.grace_period).await;
        let open = self.server.connections.open();
        let share = lame_duck.duration.saturating_sub(lame_duck.grace_period);
        let pause = share.checked_div(u32::try_from(open.len()).unwrap_or(u32::MAX)).unwrap_or_default();
        for connection in open {
            connection.outbox.close(Reason::Shutdown);
            if self.server.connections.count() > 1 {
                tokio::time::sleep(pause).await;
            }
        }
        self.shutdown().await;
    }

    fn announce_lame_duck(&self) {
        self.accepting.send_replace(false);
        if self.server.lame_duck.swap(true, Ordering::Relaxed) {
            return;
        }
        for connection in self.server.connections.open().iter().filter(|c| c.takes_info()) {
            let info = self.server.info(connection.id, connection.peer);
            connection.outbox.append(|out| protocol::server::info(out, &info));
            connection.outbox.flush(self.server.clock.now());
        }
    }

    /// Commits what is staged and sends its receipts; then the streams take no more.
    async fn close_streams(&self) {
        let server = self.server.clone();
        let closing = tokio::task::spawn_blocking(move || {
            if let Some(jetstream) = &server.jetstream {
                jetstream.close(&server);
            }
        });
        if closing.await.is_err() {
            tracing::error!("closing the streams failed");
        }
    }

    async fn close_all(&self) {
        for connection in self.server.connections.open() {
            connection.outbox.close(Reason::Shutdown);
        }
        let deadline = tokio::time::Instant::now() + LAST_FLUSH_MAX;
        while self.server.connections.count() > 0 && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn finish(&self) {
        self.stopped.send_replace(true);
        let tasks = std::mem::take(&mut *self.tasks.lock());
        for task in tasks {
            let _ = task.await;
        }
        tracing::info!("Server Exiting..");
    }
}
