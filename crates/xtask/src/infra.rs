//! `cargo xtask check-infra`: what runs the marketplace elsewhere, checked as far as it can be without a cluster.
//!
//! - `tree.rs` the files, and what is wrong with one · `linters.rs` programs that others wrote, in versions of our choice
//! - `manifests.rs` both overlays rendered, against the schemas of Kubernetes · `sources.rs` their files
//! - `object.rs` one object · `selector.rs` which labels it means
//! - `pods.rs` `references.rs` `contract.rs` `traffic.rs` `policies.rs` what schemas cannot know: whether names meet
//! - `settings.rs` what containers are told, tried on the programs themselves · `programs.rs` those · `quantity.rs`
//! - `skaffold.rs` `docker.rs` `workflows.rs` `texts.rs` the files around the manifests

mod contract;
mod docker;
mod linters;
mod manifests;
mod object;
mod pods;
mod policies;
mod programs;
mod quantity;
mod references;
mod selector;
mod settings;
mod skaffold;
mod sources;
mod texts;
mod traffic;
mod tree;
mod workflows;

use std::path::PathBuf;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::cargo;
use linters::Linters;
use manifests::Overlay;
use tree::{Fault, Tree};

/// What to check.
#[derive(clap::Args)]
pub struct Arguments {
    /// Checks the files in this folder instead of the repository's
    #[arg(long, value_name = "FOLDER")]
    root: Option<PathBuf>,
    /// Asks the programs in this folder what they may be told, instead of building them
    #[arg(long, value_name = "FOLDER")]
    programs: Option<PathBuf>,
    /// Checks this part only; several may be given
    #[arg(long, value_name = "PART")]
    only: Vec<String>,
}

/// What the parts stand on.
struct Subject {
    tree: Tree,
    linters: Linters,
    overlays: Vec<Overlay>,
    programs: Option<PathBuf>,
}

impl Subject {
    /// The folder our own programs are in, built now unless we were told of it.
    fn programs(&self) -> anyhow::Result<PathBuf> {
        if let Some(folder) = &self.programs {
            return Ok(folder.clone());
        }
        let [one] = crate::programs::binaries(["streaming-server"])?;
        Ok(one.parent().context("a program lies in a folder")?.to_owned())
    }
}

/// One part of it.
struct Part {
    name: &'static str,
    check: fn(&Subject) -> anyhow::Result<Vec<Fault>>,
}

const PARTS: &[Part] = &[
    Part { name: "texts", check: |all| texts::check(&all.tree, &all.linters) },
    Part { name: "schemas", check: |all| manifests::check_schemas(&all.overlays, &all.linters) },
    Part { name: "pods", check: |all| Ok(each(all, pods::check)) },
    Part { name: "references", check: |all| references::check(&all.tree, &all.overlays) },
    Part { name: "contract", check: |all| Ok(each(all, contract::check)) },
    Part { name: "traffic", check: |all| Ok(each(all, traffic::check)) },
    Part { name: "policies", check: |all| Ok(each(all, policies::check)) },
    Part { name: "skaffold", check: |all| skaffold::check(&all.tree, &all.overlays) },
    Part { name: "docker", check: |all| docker::check(&all.tree, &all.linters) },
    Part { name: "workflows", check: |all| workflows::check(&all.tree, &all.linters) },
    Part { name: "settings", check: |all| settings::check(&all.tree, &all.overlays, &all.programs()?) },
];

fn each(all: &Subject, check: fn(&Overlay) -> Vec<Fault>) -> Vec<Fault> {
    all.overlays.iter().flat_map(check).collect()
}

/// Fails with everything that is wrong in the repository.
pub fn check() -> anyhow::Result<()> {
    run(&Arguments { root: None, programs: None, only: Vec::new() })
}

/// Fails with everything that is wrong.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if let Some(unknown) = arguments.only.iter().find(|name| !PARTS.iter().any(|part| part.name == **name)) {
        let names: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        bail!("there is no part {unknown:?}: {}", names.join(", "));
    }
    let tree = Tree::new(arguments.root.clone().unwrap_or_else(cargo::root));
    let (overlays, linters) = (manifests::render(&tree)?, Linters::ensure()?);
    let subject = Subject { tree, linters, overlays, programs: arguments.programs.clone() };
    let mut faults = Vec::new();
    for part in PARTS {
        if arguments.only.is_empty() || arguments.only.iter().any(|name| name == part.name) {
            faults.extend((part.check)(&subject)?);
        }
    }
    tree::report(faults)
}

/// The objects of the overlay called `name`, as a cluster would get them.
pub fn objects(name: &str) -> anyhow::Result<Vec<Value>> {
    let overlays = manifests::render(&Tree::new(cargo::root()))?;
    let overlay = overlays.into_iter().find(|overlay| overlay.name == name);
    let overlay = overlay.with_context(|| format!("there is no overlay {name}"))?;
    Ok(overlay.objects.into_iter().map(|object| object.value).collect())
}

/// Whether there is a Python that makes environments of its own.
pub fn has_python() -> bool {
    linters::has_python()
}
