//! Cargo builds what is started, in sight; what it has built is then asked for.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::cargo;
use crate::processes::{Chain, Program, StopBy};

/// Cargo ends what it is at.
const STOP_MAX: Duration = Duration::from_secs(10);

/// The programs.
pub struct Built {
    /// Every service in one.
    pub marketplace: PathBuf,
    /// Stripe's stand-in, if it is wanted.
    pub sandbox: Option<PathBuf>,
}

/// Builds in `chain`, so that it ends with us; what cargo tells programs goes through the file `told`.
pub fn build(chain: &mut Chain, told: &Path, release: bool, sandbox: bool) -> anyhow::Result<Built> {
    let mut arguments = vec!["build", "--package", "marketplace"];
    if sandbox {
        arguments.extend(["--package", "stripe-sandbox"]);
    }
    if release {
        arguments.push("--release");
    }
    let in_words = format!("cargo {}", arguments.join(" "));
    arguments.extend(["--message-format", "json-render-diagnostics"]);
    let command = cargo::command(&arguments, &[]);
    let mut program = Program::new("cargo", std::iter::once(command.get_program()).chain(command.get_args()));
    (program.stop, program.grace, program.folder) = (StopBy::Int, STOP_MAX, cargo::root());
    program.output = Some(told.to_owned());
    chain.start(program)?;
    if !chain.wait_for_last()?.success() {
        bail!("`{in_words}` failed: mend what it says above, then run this again");
    }
    let told = fs::read_to_string(told).context("cannot read what cargo has built")?;
    let sandbox = if sandbox { Some(cargo::executable(&told, "stripe-sandbox")?) } else { None };
    Ok(Built { marketplace: cargo::executable(&told, "marketplace")?, sandbox })
}

/// What was built before, into `folder`.
pub fn found_in(folder: &Path, sandbox: bool) -> Built {
    Built { marketplace: folder.join("marketplace"), sandbox: sandbox.then(|| folder.join("stripe-sandbox")) }
}
