//! Postgres and Redis in containers, the images that production runs.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use testcontainers_modules::testcontainers::core::{IntoContainerPort, Mount};
use testcontainers_modules::testcontainers::runners::AsyncRunner;
use testcontainers_modules::testcontainers::{ContainerAsync, ContainerRequest, Image, ImageExt};
use testcontainers_modules::{postgres::Postgres, redis::Redis};
use uuid::Uuid;

use super::process::Process;
use super::{REDIS_SETTINGS, Started, local};

/// The images of production.
const POSTGRES_TAG: &str = "16-alpine";
const REDIS_TAG: &str = "7-alpine";

/// How long the engine may take to say that it is there: a stopped one refuses at once.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// How long a container may take to be ready, once its image is there.
const START_MAX: Duration = Duration::from_mins(2);

/// Whether an engine runs that we may use, and if not, why.
pub(crate) fn answers() -> Result<(), String> {
    let mut info = Command::new("docker");
    info.args(["info", "--format", "{{.ServerVersion}}"]);
    info.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut info = info.spawn().map_err(|_| "the docker command is not installed".to_owned())?;
    let deadline = Instant::now() + ANSWER_MAX;
    loop {
        match info.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(_)) => return Err("no Docker engine answers".to_owned()),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(10)),
            Ok(None) | Err(_) => {
                let _ = info.kill();
                let _ = info.wait();
                return Err(format!("the Docker engine did not answer within {ANSWER_MAX:?}"));
            }
        }
    }
}

/// Starts a Postgres that runs until this process ends.
pub(crate) async fn postgres() -> Result<Started, String> {
    let settings = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=500"];
    let words = settings.into_iter().flat_map(|setting| ["-c", setting]);
    let image = Postgres::default()
        .with_host_auth()
        .with_tag(POSTGRES_TAG)
        .with_cmd(words)
        .with_mount(Mount::tmpfs_mount("/var/lib/postgresql/data"));
    let container = Container::start(image, "postgres").await?;
    let address = container.address(5432).await?;
    container.keep();
    Ok(Started { url: format!("postgres://postgres@{address}"), what: format!("postgres:{POSTGRES_TAG} in Docker") })
}

/// Starts a Redis that runs until this process ends, with a database for every test.
pub(crate) async fn redis() -> Result<Started, String> {
    let image = Redis::default().with_tag(REDIS_TAG).with_cmd(redis_words(&[]));
    let container = Container::start(image, "redis").await?;
    let address = container.address(6379).await?;
    container.keep();
    Ok(Started { url: format!("redis://{address}"), what: format!("redis:{REDIS_TAG} in Docker") })
}

/// Starts a Redis that can be stopped and started again, on one port all the while, and forgets nothing.
pub(crate) async fn own_redis() -> Result<(Container<Redis>, String), String> {
    // A port that the engine chooses changes with every start.
    let port = local::free_port()?;
    let words = redis_words(&["--appendonly", "yes", "--appendfsync", "always"]);
    let image = Redis::default().with_tag(REDIS_TAG).with_cmd(words).with_mapped_port(port, 6379.tcp());
    let container = Container::start(image, "redis").await?;
    let address = container.address(6379).await?;
    Ok((container, address))
}

fn redis_words(more: &[&'static str]) -> Vec<&'static str> {
    ["redis-server"].iter().chain(&REDIS_SETTINGS).chain(more).copied().collect()
}

/// A container that goes when it is dropped, or when this process ends, however that ends.
pub(crate) struct Container<I: Image> {
    container: Option<ContainerAsync<I>>,
    process: Option<Process>,
}

impl<I: Image> Container<I> {
    async fn start(image: impl Into<ContainerRequest<I>>, what: &str) -> Result<Self, String> {
        let name = format!("testkit-{}-{what}-{}", std::process::id(), Uuid::now_v7().simple());
        // Before the container, so that there is no moment at which we could die and leave it.
        let process = Process::remove_container(&name).map_err(|error| format!("no sh: {error}"))?;
        let image = image.into().with_container_name(name).with_startup_timeout(START_MAX);
        let container = image.start().await.map_err(|error| format!("{what} in Docker: {error}"))?;
        Ok(Self { container: Some(container), process: Some(process) })
    }

    /// `host:port` from here.
    async fn address(&self, port: u16) -> Result<String, String> {
        let host = self.get().get_host().await.map_err(|error| error.to_string())?;
        let port = self.get().get_host_port_ipv4(port).await.map_err(|error| error.to_string())?;
        Ok(format!("{host}:{port}"))
    }

    /// The container itself.
    pub fn get(&self) -> &ContainerAsync<I> {
        self.container.as_ref().expect("there until we are dropped")
    }

    /// Lets it run until this process ends.
    fn keep(mut self) {
        std::mem::forget(self.container.take());
        if let Some(process) = self.process.take() {
            process.keep();
        }
    }
}

impl<I: Image> Drop for Container<I> {
    fn drop(&mut self) {
        // The shell removes it: testcontainers would want to wait for that on a runtime that may be gone.
        std::mem::forget(self.container.take());
        if let Some(process) = self.process.take() {
            std::thread::spawn(move || drop(process));
        }
    }
}
