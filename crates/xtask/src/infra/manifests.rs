//! The overlays as `kubectl` renders them, and the schemas of Kubernetes.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::Value;

use super::linters::Linters;
use super::object::Object;
use super::sources;
use super::tree::{Fault, Tree, documents};

/// Where they are.
const FOLDER: &str = "infra/k8s";
/// The overlays.
const OVERLAYS: [&str; 2] = ["dev", "production"];
/// The oldest Kubernetes that has to take them, and whose schemas the linter has.
const KUBERNETES: &str = "1.32";

/// One overlay, rendered.
pub struct Overlay {
    pub name: &'static str,
    /// What `kubectl apply -k` would send.
    rendered: String,
    pub objects: Vec<Object>,
    /// The files it is made from.
    files: BTreeSet<String>,
}

impl Overlay {
    /// Something is wrong with it as a whole.
    pub fn fault(&self, what: impl Into<String>) -> Fault {
        Fault::new(format!("{FOLDER}/overlays/{}/kustomization.yaml", self.name), what)
    }

    /// The objects of this kind.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Object> {
        self.objects.iter().filter(move |object| object.kind() == kind)
    }

    /// The object of this kind and name.
    pub fn find(&self, kind: &str, name: &str) -> Option<&Object> {
        self.objects.iter().find(|object| object.kind() == kind && object.name() == name)
    }

    /// What makes pods.
    pub fn makers(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter().filter(|object| object.makes_pods())
    }
}

/// Renders all overlays.
pub fn render(tree: &Tree) -> anyhow::Result<Vec<Overlay>> {
    OVERLAYS.into_iter().map(|name| overlay(tree, name)).collect()
}

fn overlay(tree: &Tree, name: &'static str) -> anyhow::Result<Overlay> {
    let folder = format!("{FOLDER}/overlays/{name}");
    // First, because it names the file that is missing or no YAML.
    let sources = sources::of(tree, &folder)?;
    let mut kubectl = Command::new("kubectl");
    let output = kubectl.args(["kustomize", &folder]).current_dir(tree.root()).output().context(
        "kubectl, which renders the manifests, is not here: https://kubernetes.io/docs/tasks/tools tells how to install it",
    )?;
    if !output.status.success() {
        bail!("{folder}/kustomization.yaml cannot be rendered: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let rendered = String::from_utf8(output.stdout).with_context(|| format!("{folder} is not text"))?;
    let object = |value: Value| {
        let file = sources.origin(&value).unwrap_or_else(|| format!("{folder}/kustomization.yaml"));
        Object { origin: format!("{file} (for {name})"), value }
    };
    let objects = documents(&rendered).with_context(|| format!("{folder} renders to no YAML"))?;
    Ok(Overlay { name, objects: objects.into_iter().map(object).collect(), files: sources.files, rendered })
}

/// Files that belong to no overlay: nobody would notice what is wrong in them.
pub fn check_files(tree: &Tree, overlays: &[Overlay]) -> Vec<Fault> {
    let all = tree.files(FOLDER, |_| true).into_iter();
    let unused = all.filter(|file| !overlays.iter().any(|overlay| overlay.files.contains(file)));
    unused.map(|file| Fault::new(file, "no overlay has a use for it")).collect()
}

/// What does not fit the schemas: a field that does not exist, a text for a number.
pub fn check_schemas(overlays: &[Overlay], linters: &Linters) -> anyhow::Result<Vec<Fault>> {
    let mut faults = Vec::new();
    let folder = tempfile::tempdir()?;
    for overlay in overlays {
        fs::write(folder.path().join("rendered.yaml"), &overlay.rendered)?;
        let words = ["-k", KUBERNETES, "--strict", "--quiet", "rendered.yaml"];
        let said = linters.run("kubernetes-validate", &words, folder.path())?;
        let before = faults.len();
        for line in said.text.lines().filter(|line| !line.starts_with("INFO")) {
            faults.push(Fault::new(blamed(overlay, line), line.trim_start_matches("ERROR rendered.yaml ")));
        }
        if !said.content && faults.len() == before {
            bail!("kubernetes-validate failed and said nothing of why");
        }
    }
    Ok(faults)
}

/// The origin of what `… for resource deployment/auth-depl against …` is about.
fn blamed(overlay: &Overlay, line: &str) -> String {
    let named = line.split(" for resource ").nth(1).and_then(|rest| rest.split(' ').next()?.split_once('/'));
    let (kind, name) = named.unwrap_or_default();
    let is_it = |object: &&Object| object.kind().eq_ignore_ascii_case(kind) && object.name() == name;
    let object = overlay.objects.iter().find(is_it);
    object.map_or_else(|| format!("infra/k8s/overlays/{}", overlay.name), |object| object.origin.clone())
}
