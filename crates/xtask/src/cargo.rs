//! Cargo, run in the root of the repository.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::Value;

/// The root of the repository. Cargo names our manifest when it runs us; the keepers it does not run.
pub fn root() -> PathBuf {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let manifest = PathBuf::from(manifest);
    manifest.parent().and_then(Path::parent).unwrap_or(&manifest).to_owned()
}

/// This program. While it runs cargo may have built it anew, with other features of its dependencies: then Linux calls the
/// one that runs deleted, and the new one in its place does the same.
pub fn this_program() -> anyhow::Result<PathBuf> {
    let path = env::current_exe().context("where is this program?")?;
    let anew = path.to_str().and_then(|path| path.strip_suffix(" (deleted)")).map(PathBuf::from);
    Ok(anew.filter(|_| !path.exists()).unwrap_or(path))
}

/// Cargo with these arguments and variables, in the root.
pub fn command(arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    forget_our_crate(&mut cargo);
    cargo.args(arguments).envs(environment.iter().copied()).current_dir(root());
    cargo
}

/// Cargo tells a program it runs what crate that is of. Cargo that we run in turn must not hear of it: build scripts look at
/// that (ring's does), and whatever stands on them would be built again and again, by us and by whoever calls us.
pub fn forget_our_crate(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_of_a_crate) {
            command.env_remove(name);
        }
    }
}

fn is_of_a_crate(name: &str) -> bool {
    const NAMES: [&str; 3] = ["CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"];
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || NAMES.contains(&name)
}

/// Runs it; fails if it does.
pub fn run(arguments: &[&str], environment: &[(&str, &str)]) -> anyhow::Result<()> {
    let status = command(arguments, environment).status().context("cannot run cargo")?;
    if !status.success() {
        bail!("`cargo {}` failed", arguments.join(" "));
    }
    Ok(())
}

/// What `cargo metadata` tells of our own crates.
pub fn packages() -> anyhow::Result<Vec<Value>> {
    let output =
        command(&["metadata", "--format-version", "1", "--no-deps"], &[]).output().context("cannot run cargo")?;
    let mut metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata gave no JSON")?;
    match metadata["packages"].take() {
        Value::Array(packages) => Ok(packages),
        _ => bail!("cargo metadata lists no packages"),
    }
}

/// The program called `name` among the messages cargo writes for programs.
pub fn executable(messages: &str, name: &str) -> anyhow::Result<PathBuf> {
    let found = messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_it = message["target"]["name"] == name && message["reason"] == "compiler-artifact";
        let is_it = is_it && message["profile"]["test"] != true;
        is_it.then(|| message["executable"].as_str().map(PathBuf::from)).flatten()
    });
    found.with_context(|| format!("cargo has built no program called {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_tells_of_a_crate_is_forgotten_and_what_it_is_told_is_not() {
        for name in ["CARGO_PKG_VERSION_MAJOR", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_LINKS", "CARGO_CRATE_NAME"] {
            assert!(is_of_a_crate(name), "{name}");
        }
        for name in ["CARGO", "CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_INCREMENTAL", "PATH"] {
            assert!(!is_of_a_crate(name), "{name}");
        }
    }

    #[test]
    fn a_program_is_told_from_the_library_and_the_tests_of_the_same_name() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"marketplace"},"executable":null}
not json
{"reason":"compiler-artifact","target":{"name":"marketplace"},"profile":{"test":true},"executable":"/t/debug/deps/marketplace-1"}
{"reason":"compiler-artifact","target":{"name":"marketplace"},"profile":{"test":false},"executable":"/t/debug/marketplace"}"#;
        assert_eq!(executable(messages, "marketplace").unwrap(), PathBuf::from("/t/debug/marketplace"));
        assert!(executable(messages, "stripe-sandbox").is_err());
    }
}
