//! Dockerfiles, and the marketplace in containers without Kubernetes.

use std::path::Path;
use std::process::Command;

use super::linters::{Linters, Said, said};
use super::object::{list, text};
use super::tree::{Fault, Tree};
use crate::tools;

const COMPOSE: &str = "docker/compose.yaml";

pub fn check(tree: &Tree, linters: &Linters) -> anyhow::Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for file in tree.files("docker", |name| name.ends_with("Dockerfile")) {
        let said = linters.run("hadolint", &["--no-color", &file], tree.root())?;
        faults.extend(unless_content(&file, &said));
    }
    let schema = ["--builtin-schema", "vendor.compose-spec", "--color", "never", COMPOSE];
    faults.extend(unless_content(COMPOSE, &linters.run("check-jsonschema", &schema, tree.root())?));
    faults.extend(mounts(tree)?);
    // It needs no engine, but the command.
    if tools::find("docker")
        .is_some_and(|docker| said(Command::new(docker).args(["compose", "version"])).is_ok_and(|said| said.content))
    {
        let mut compose = Command::new("docker");
        compose.args(["compose", "--file", COMPOSE, "config", "--quiet"]).current_dir(tree.root());
        faults.extend(unless_content(COMPOSE, &said(&mut compose)?));
    }
    Ok(faults)
}

/// What a linter said of `file`, if that was not nothing.
pub fn unless_content(file: &str, said: &Said) -> Option<Fault> {
    (!said.content).then(|| Fault::new(file, said.text.clone()))
}

/// Files of ours that are mounted or built from, and are not there.
fn mounts(tree: &Tree) -> anyhow::Result<Vec<Fault>> {
    let compose = tree.yaml(COMPOSE)?;
    let folder = Path::new(COMPOSE).parent().unwrap_or(Path::new(""));
    let mut faults = Vec::new();
    for (name, service) in compose["services"].as_object().into_iter().flatten() {
        let sources = list(service, "/volumes").iter().filter_map(|mount| mount.as_str()?.split(':').next());
        let ours = sources.filter(|source| source.starts_with('.')).map(|source| folder.join(source));
        let context = folder.join(text(service, "/build/context"));
        let built = service.pointer("/build/dockerfile").and_then(|file| Some(context.join(file.as_str()?)));
        for path in ours.chain(built).filter(|path| !tree.root().join(path).exists()) {
            faults.push(Fault::new(COMPOSE, format!("{name} needs {}, which is not there", path.display())));
        }
    }
    Ok(faults)
}
