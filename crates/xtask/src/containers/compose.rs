//! `docker/compose.yaml`, run apart from whatever else runs here: its own project, ports and tags.

use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::interrupt::Interrupt;
use crate::processes::LOOK_INTERVAL;
use crate::{cargo, servers};

/// What our images are tagged with, so that nobody's own are replaced.
pub const TAG: &str = "test";
/// The profile of Cargo.toml they are built with.
const PROFILE: &str = "images";
/// How long all of it may take to be well, once it is built.
const WELL_MAX: Duration = Duration::from_mins(5);

/// The marketplace in containers. Dropping it removes them, with their data.
pub struct Compose {
    project: String,
    environment: Vec<(String, String)>,
    interrupt: Interrupt,
    /// Where its front answers on this machine.
    pub port: u16,
}

/// One container of it.
#[derive(Debug)]
pub struct Container {
    pub service: String,
    /// What `docker inspect` tells.
    pub told: Value,
}

/// Whether there is an engine, with compose and buildx. If not, what is lacking.
pub fn lacking() -> Option<String> {
    let works = |words: &[&str]| {
        let mut docker = Command::new("docker");
        docker.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        docker.status().is_ok_and(|status| status.success())
    };
    let needed: [(&[&str], &str); 3] = [
        (&["info"], "no Docker engine answers"),
        (&["compose", "version"], "docker compose is not installed"),
        (&["buildx", "version"], "docker buildx is not installed"),
    ];
    needed.into_iter().find(|(words, _)| !works(words)).map(|(_, lacking)| lacking.to_owned())
}

impl Compose {
    /// Not started yet. `environment` is what compose.yaml lets one set. From here on an interrupt ends what runs, and not
    /// us, who have to remove it.
    pub fn new(environment: &[(&str, &str)]) -> anyhow::Result<Self> {
        let (port, sandbox) = (servers::port(0)?, servers::port(0)?);
        let ours = [("TAG", TAG), ("PROFILE", PROFILE), ("DOCKER_BUILDKIT", "1")];
        let mut all: Vec<(String, String)> =
            ours.iter().chain(environment).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        all.push(("PORT".to_owned(), port.to_string()));
        all.push(("SANDBOX_PORT".to_owned(), sandbox.to_string()));
        let project = format!("ticketing-test-{}", std::process::id());
        Ok(Self { project, environment: all, interrupt: Interrupt::hear()?, port })
    }

    /// Builds every image as its Dockerfile stands.
    pub fn build(&self) -> anyhow::Result<()> {
        self.run(&["build"])
    }

    /// Starts all of it, and waits until each container is well or, if it is to end, has ended well.
    pub fn up(&self) -> anyhow::Result<()> {
        let bound = WELL_MAX.as_secs().to_string();
        let up = self.run(&["up", "--detach", "--wait", "--wait-timeout", &bound]);
        if up.is_err() && !self.interrupt.is_heard() {
            let _ = self.command(&["ps", "--all"]).status();
            let _ = self.command(&["logs", "--tail", "20"]).status();
        }
        up
    }

    /// Every container of it.
    pub fn containers(&self) -> anyhow::Result<Vec<Container>> {
        let ids = output(&mut self.command(&["ps", "--all", "--quiet"]))?;
        let mut inspect = Command::new("docker");
        let told: Value = serde_json::from_str(&output(inspect.arg("inspect").args(ids.split_whitespace()))?)?;
        let container = |told: &Value| {
            let service = told["Config"]["Labels"]["com.docker.compose.service"].as_str().unwrap_or_default();
            Container { service: service.to_owned(), told: told.clone() }
        };
        Ok(told.as_array().into_iter().flatten().map(container).collect())
    }

    /// The network its containers are in.
    pub fn network(&self) -> String {
        format!("{}_default", self.project)
    }

    /// A name for something that belongs to it.
    pub fn name(&self, of: &str) -> String {
        format!("{}-{of}", self.project)
    }

    /// Has compose do it; told to end, it ends too.
    fn run(&self, words: &[&str]) -> anyhow::Result<()> {
        let mut command = self.command(words);
        let mut child = command.spawn().context("cannot run docker")?;
        let mut told = false;
        loop {
            if let Some(status) = child.try_wait()? {
                self.interrupt.check()?;
                ensure!(status.success(), "`{}` failed", in_words(&command));
                return Ok(());
            }
            if self.interrupt.is_heard() && !told {
                told = true;
                // It has not been waited for, so its number is still its own.
                let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("a process number")?;
                kill_process(pid, Signal::TERM)?;
            }
            thread::sleep(LOOK_INTERVAL);
        }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut docker = Command::new("docker");
        docker.args(["compose", "--file", "docker/compose.yaml", "--progress", "quiet", "--project-name"]);
        docker.arg(&self.project).args(words).current_dir(cargo::root()).stdin(Stdio::null());
        // What a person set for their own is not for us.
        for name in ["JWT_KEY", "STRIPE_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_URL"] {
            docker.env_remove(name);
        }
        docker.envs(self.environment.iter().map(|(name, value)| (name, value)));
        docker
    }
}

impl Drop for Compose {
    fn drop(&mut self) {
        let mut down = self.command(&["down", "--volumes", "--remove-orphans", "--timeout", "5"]);
        let down = down.stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !down.is_ok_and(|status| status.success()) {
            eprintln!("The containers of {0} are left: docker compose --project-name {0} down --volumes", self.project);
        }
    }
}

/// Runs it; fails if it does.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot run `{}`", in_words(command)))?;
    ensure!(status.success(), "`{}` failed", in_words(command));
    Ok(())
}

/// What it prints; fails if it does.
pub fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot run `{}`", in_words(command)))?;
    ensure!(output.status.success(), "`{}` failed", in_words(command));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The program and its arguments.
fn in_words(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
