//! `cargo xtask test`: every check and test of the repository, in the order in which they fail fastest.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, bail};

use crate::{layers, tools};

/// What to run.
#[derive(clap::Args)]
pub struct Arguments {
    /// Installs what is missing without asking.
    #[arg(long)]
    yes: bool,
}

/// Runs all of it; the first failure ends it.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let nats_server = tools::NATS_SERVER.ensure(arguments.yes)?;
    let nats_server = nats_server.to_str().context("the path of nats-server is not UTF-8")?;
    step("formatting", || cargo(&["fmt", "--all", "--check"], &[]))?;
    step("layers", layers::check)?;
    step("lints", || cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[]))?;
    step("fuzz targets", fuzz_targets)?;
    step("tests", || cargo(&["test", "--workspace"], &[]))?;
    step("the conformance tests on nats-server", || {
        let server = [("TEST_SERVER", nats_server)];
        cargo(
            &[
                "test",
                "--package",
                "streaming",
                "--test",
                "it",
                "--",
                "jetstream::",
                "wire::",
                "abuse::",
                "auth::",
                "tls::",
            ],
            &server,
        )
    })
}

fn fuzz_targets() -> anyhow::Result<()> {
    for krate in ["protocol", "journal"] {
        let manifest = format!("crates/{krate}/fuzz/Cargo.toml");
        cargo(&["check", "--quiet", "--manifest-path", &manifest], &[("CARGO_TARGET_DIR", "target/fuzz")])?;
    }
    Ok(())
}

fn step(name: &str, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    eprintln!("== {name}");
    let started = Instant::now();
    work().with_context(|| format!("{name} failed"))?;
    eprintln!("== {name}: passed in {} s", started.elapsed().as_secs());
    Ok(())
}

fn cargo(arguments: &[&str], environment: &[(&str, &str)]) -> anyhow::Result<()> {
    let status = Command::new("cargo").args(arguments).envs(environment.iter().copied()).status()?;
    if !status.success() {
        bail!("`cargo {}` failed", arguments.join(" "));
    }
    Ok(())
}
