//! What `cargo test --workspace` builds, the tests and the programs beside them, to be run again under other circumstances.
//!
//! `--package` would build them again: what a dependency can do depends on all that is built with it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::cargo;

/// One of them.
#[derive(Debug, PartialEq, Eq)]
struct Program {
    /// The crate it tries.
    package: String,
    /// The target of that crate: the library itself, or `it`.
    target: String,
    path: PathBuf,
    /// Where cargo would run it.
    folder: PathBuf,
}

/// Runs the tests of `packages` whose names begin with one of `filters`, or all of them if there are none.
pub fn run(packages: &[&str], filters: &[&str], environment: &[(&str, &str)]) -> anyhow::Result<()> {
    let all = read(&build()?);
    for package in packages {
        let programs: Vec<&Program> = all.iter().filter(|program| program.package == *package).collect();
        if programs.is_empty() {
            bail!("{package} has no test programs");
        }
        for program in programs {
            eprintln!("     Running {package}'s {}", program.target);
            let mut run = Command::new(&program.path);
            run.args(filters).envs(environment.iter().copied()).current_dir(&program.folder);
            let status = run.status().with_context(|| format!("cannot run {}", program.path.display()))?;
            if !status.success() {
                let variables: Vec<String> =
                    environment.iter().map(|(name, value)| format!("{name}={value} ")).collect();
                bail!("`{}{}` failed", variables.concat(), program.path.display());
            }
        }
    }
    Ok(())
}

/// Builds everything, and says what the programs called `names` are, in their order.
pub fn binaries<const N: usize>(names: [&str; N]) -> anyhow::Result<[PathBuf; N]> {
    let told = build()?;
    let mut paths = names.map(|_| PathBuf::new());
    for (path, name) in paths.iter_mut().zip(names) {
        *path = cargo::executable(&told, name)?;
    }
    Ok(paths)
}

/// Builds, and hands over what cargo tells programs.
fn build() -> anyhow::Result<String> {
    let build = ["test", "--workspace", "--no-run", "--message-format", "json-render-diagnostics"];
    let told =
        cargo::command(&build, &[]).stderr(std::process::Stdio::inherit()).output().context("cannot run cargo")?;
    if !told.status.success() {
        bail!("`cargo test --workspace --no-run` failed");
    }
    Ok(String::from_utf8_lossy(&told.stdout).into_owned())
}

/// Finds the test programs in what cargo tells.
fn read(messages: &str) -> Vec<Program> {
    let mut programs: Vec<Program> = messages.lines().filter_map(program).collect();
    programs.sort_by(|one, other| (&one.package, &one.target).cmp(&(&other.package, &other.target)));
    programs
}

fn program(message: &str) -> Option<Program> {
    let message: Value = serde_json::from_str(message).ok()?;
    (message["profile"]["test"] == true).then_some(())?;
    let folder = Path::new(message["manifest_path"].as_str()?).parent()?;
    Some(Program {
        package: folder.file_name()?.to_str()?.to_owned(),
        target: message["target"]["name"].as_str()?.to_owned(),
        path: message["executable"].as_str()?.into(),
        folder: folder.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_programs_are_told_from_all_else_that_is_built() {
        let messages = r#"{"manifest_path":"/r/crates/auth/Cargo.toml","profile":{"test":true},"target":{"name":"it"},"executable":"/t/it-1"}
{"manifest_path":"/r/crates/auth/Cargo.toml","profile":{"test":true},"target":{"name":"auth"},"executable":"/t/auth-1"}
{"manifest_path":"/r/crates/auth/Cargo.toml","profile":{"test":false},"target":{"name":"auth"},"executable":"/t/auth"}
{"manifest_path":"/r/crates/auth/Cargo.toml","profile":{"test":true},"target":{"name":"auth"},"executable":null}
{"reason":"build-finished","success":true}"#;
        let it = |target: &str, path: &str| Program {
            package: "auth".into(),
            target: target.into(),
            path: path.into(),
            folder: "/r/crates/auth".into(),
        };
        assert_eq!(read(messages), [it("auth", "/t/auth-1"), it("it", "/t/it-1")]);
    }
}
