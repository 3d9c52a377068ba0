//! What others wrote: its licences, where it comes from, what we never link (`deny.toml`), and its known faults.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::processes::LOOK_INTERVAL;
use crate::test::Outcome;
use crate::{cargo, tools};

/// The one that reads our lock file. A newer one may find more: taken on purpose, not by the day it is installed.
const VERSION: &str = "0.20.2";

/// A network that lets nothing through need not say so.
const FETCH_MAX: Duration = Duration::from_mins(1);

/// Always checks what can be without a network, and the known faults where their database can be had.
pub fn check() -> anyhow::Result<Outcome> {
    let deny = ensure()?;
    // Two versions of one crate are worth knowing, and who wants which is told by `cargo tree -i`.
    run(&deny, &["check", "--hide-inclusion-graph", "bans", "licenses", "sources"])?;
    if !fetch(&deny)? {
        let why = "the known faults of dependencies: their database could not be fetched from github.com";
        return Ok(Outcome::Incomplete(why.into()));
    }
    run(&deny, &["check", "advisories"])?;
    Ok(Outcome::Passed)
}

/// Where cargo-deny is, installing it into `.dev/tools` if need be: half a minute.
fn ensure() -> anyhow::Result<PathBuf> {
    let folder = cargo::root().join(".dev/tools");
    let ours = folder.join("bin/cargo-deny");
    for deny in [Some(ours.clone()), tools::find("cargo-deny")].into_iter().flatten() {
        if is_right(&deny) {
            return Ok(deny);
        }
    }
    let folder = folder.to_str().context("the project's path is not UTF-8")?;
    // What it does takes two seconds without optimisation, which would take minutes.
    let arguments = ["install", "--locked", "--debug", "--force", "--root", folder, "--version", VERSION, "cargo-deny"];
    cargo::run(&arguments, &[("CARGO_PROFILE_DEV_DEBUG", "0")])?;
    Ok(ours)
}

fn is_right(deny: &PathBuf) -> bool {
    let told = Command::new(deny).arg("--version").output();
    told.is_ok_and(|told| String::from_utf8_lossy(&told.stdout).trim() == format!("cargo-deny {VERSION}"))
}

fn run(deny: &PathBuf, arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new(deny).args(arguments).current_dir(cargo::root()).status()?;
    if !status.success() {
        bail!("`cargo deny {}` failed", arguments.join(" "));
    }
    Ok(())
}

/// Whether the database of known faults could be fetched in time.
fn fetch(deny: &PathBuf) -> anyhow::Result<bool> {
    let mut fetch = Command::new(deny);
    fetch.args(["--log-level", "off", "fetch", "db"]).current_dir(cargo::root());
    let mut fetch = fetch.stdin(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let begun = Instant::now();
    loop {
        if let Some(status) = fetch.try_wait()? {
            return Ok(status.success());
        }
        if begun.elapsed() > FETCH_MAX {
            fetch.kill()?;
            fetch.wait()?;
            return Ok(false);
        }
        std::thread::sleep(LOOK_INTERVAL);
    }
}
