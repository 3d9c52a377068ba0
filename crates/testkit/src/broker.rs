//! A broker for a test: our streaming server in this process, unless the environment names another.

use std::env;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use async_nats::jetstream;
use streaming::options::{Address, Auth, JetStream, Options, Password, Secret, User};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::servers::process::{Process, scratch};
use crate::servers::{local, skipped};
use crate::{background, eventually};

/// A broker that no other test uses while we do.
pub struct Broker {
    /// Where it is, running or not: `nats://127.0.0.1:43522`.
    pub url: String,
    kind: Kind,
}

enum Kind {
    /// Ours, in this process.
    Ours { port: u16, folder: PathBuf, auth: Auth, running: Option<streaming::Handle> },
    /// A `nats-server` for this test.
    Program { path: PathBuf, port: u16, folder: PathBuf, process: Option<Process> },
    /// One that others use too: held for as long as it is our turn.
    Shared { _turn: OwnedMutexGuard<()>, _file: File },
}

/// A broker without streams.
pub async fn broker() -> Broker {
    if let Some(url) = env::var("NATS_URL").ok().filter(|url| !url.is_empty()) {
        return shared(url).await;
    }
    let folder = tempfile::tempdir_in(scratch()).expect("a folder for a broker").keep();
    if let Some(path) = env::var_os("TEST_NATS_SERVER").filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        let started = local::on_a_free_port(|port| local::start_nats(&path, port, &folder));
        let (process, port) = started.unwrap_or_else(|error| panic!("TEST_NATS_SERVER: {error}"));
        let kind = Kind::Program { path, port, folder, process: Some(process) };
        return Broker { url: format!("nats://127.0.0.1:{port}"), kind };
    }
    in_this_process(folder, Auth::None).await
}

/// A broker that lets in nobody but `user` with `password`; its URL names neither. Ours, whatever the environment names.
pub async fn guarded_broker(user: &str, password: &str) -> Broker {
    let password = Password::Plain(Secret::new(password));
    let users = vec![User { name: user.to_owned(), password, permissions: None }];
    let folder = tempfile::tempdir_in(scratch()).expect("a folder for a broker").keep();
    in_this_process(folder, Auth::Users { users, no_auth_user: None }).await
}

async fn in_this_process(folder: PathBuf, auth: Auth) -> Broker {
    let running = ours(&folder, 0, &auth).await.expect("a streaming server");
    let SocketAddr::V4(address) = running.client_address() else { panic!("we asked for an IPv4 address") };
    let kind = Kind::Ours { port: address.port(), folder, auth, running: Some(running) };
    Broker { url: format!("nats://{address}"), kind }
}

/// Our server on `port`, its streams in `folder`.
async fn ours(folder: &Path, port: u16, auth: &Auth) -> Result<streaming::Handle, streaming::StartError> {
    let options = Options {
        client: Address { host: "127.0.0.1".to_owned(), port },
        auth: auth.clone(),
        jetstream: Some(JetStream { store_dir: folder.to_owned(), ..JetStream::default() }),
        ..Options::default()
    };
    background::run(async move || streaming::start(options).await).await
}

/// The broker at `url` when it is our turn, in this process and among all of this user, without our streams.
async fn shared(url: String) -> Broker {
    static TURNS: LazyLock<Arc<Mutex<()>>> = LazyLock::new(Arc::default);
    let turn = TURNS.clone().lock_owned().await;
    let path = env::temp_dir().join(format!("testkit-turns-{}", rustix::process::getuid().as_raw()));
    let file = background::run(async move || {
        let locked = tokio::task::spawn_blocking(move || {
            let file = File::options().create(true).append(true).open(&path)?;
            file.lock()?;
            Ok::<_, std::io::Error>(file)
        });
        locked.await.expect("waiting for a turn").expect("a file to take turns by")
    });
    let file = file.await;
    let client = async_nats::connect(&url).await.unwrap_or_else(|error| panic!("NATS_URL={url}: {error}"));
    let context = jetstream::new(client);
    for stream in events::event::STREAMS {
        // Most often there is none, which is an error too.
        if let Err(error) = context.delete_stream(stream.name).await {
            let left = context.get_stream(stream.name).await.is_ok();
            assert!(!left, "the stream {} of an earlier test can't be deleted: {error}", stream.name);
        }
    }
    Broker { url, kind: Kind::Shared { _turn: turn, _file: file } }
}

impl Broker {
    /// Whether [`Broker::stop`] and [`Broker::restart`] are possible. A test that needs them ends here if not, and
    /// this says so: `if !broker.can_restart() { return; }`
    pub fn can_restart(&self) -> bool {
        let can = !matches!(self.kind, Kind::Shared { .. });
        if !can {
            skipped("a test that restarts the broker, because the one of NATS_URL is not ours to stop");
        }
        can
    }

    /// Stops it. What it acknowledged it keeps; whoever is connected loses the connection.
    pub async fn stop(&mut self) {
        match &mut self.kind {
            Kind::Ours { running, .. } => {
                if let Some(running) = running.take() {
                    background::run(async move || running.shutdown().await).await;
                }
            }
            Kind::Program { process, .. } => drop(process.take()),
            Kind::Shared { .. } => panic!("the broker of NATS_URL is not ours to stop: ask can_restart() first"),
        }
    }

    /// Starts it again at the same address with the same streams, after stopping it if need be.
    pub async fn restart(&mut self) {
        self.stop().await;
        match &mut self.kind {
            Kind::Ours { port, folder, auth, running } => {
                // Meanwhile the port may have been lent to a connection of some other program; it comes back.
                let started = eventually("our broker starts again", async || {
                    ours(folder, *port, auth).await.map_err(|e| e.to_string())
                });
                *running = Some(started.await);
            }
            Kind::Program { path, port, folder, process } => {
                let started = eventually("nats-server starts again", async || local::start_nats(path, *port, folder));
                *process = Some(started.await);
            }
            Kind::Shared { .. } => {}
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        match &mut self.kind {
            Kind::Ours { folder, running, .. } => {
                let (folder, running) = (std::mem::take(folder), running.take());
                background::spawn(async move || {
                    if let Some(running) = running {
                        running.shutdown().await;
                    }
                    let _ = std::fs::remove_dir_all(folder);
                });
            }
            Kind::Program { folder, process, .. } => {
                drop(process.take());
                let _ = std::fs::remove_dir_all(folder);
            }
            Kind::Shared { .. } => {}
        }
    }
}
