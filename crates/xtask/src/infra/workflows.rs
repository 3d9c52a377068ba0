//! What GitHub is told: workflows, Dependabot, the forms of issues.

use std::collections::BTreeSet;

use serde_json::Value;

use super::docker::unless_content;
use super::linters::Linters;
use super::object::{list, text};
use super::skaffold;
use super::tree::{Fault, Tree, is_yaml};

const DEPENDABOT: &str = ".github/dependabot.yml";
const IMAGES: &str = ".github/workflows/images.yml";
const DEPLOY: &str = ".github/workflows/deploy.yml";
const PRODUCTION: &str = "infra/k8s/overlays/production/kustomization.yaml";

pub fn check(tree: &Tree, linters: &Linters) -> anyhow::Result<Vec<Fault>> {
    let workflows = tree.files(".github/workflows", is_yaml);
    let mut faults = Vec::new();
    faults.extend(unless_content(".github/workflows", &linters.actionlint(tree.root())?));
    let zizmor = ["--offline", "--no-progress", "--quiet", "--pedantic", ".github"];
    faults.extend(unless_content(".github/workflows", &linters.run("zizmor", &zizmor, tree.root())?));
    for (schema, files) in [
        ("vendor.github-workflows", workflows.clone()),
        ("custom.github-workflows-require-timeout", workflows.clone()),
        ("vendor.dependabot", vec![DEPENDABOT.to_owned()]),
        (
            "vendor.github-issue-forms",
            tree.files(".github/ISSUE_TEMPLATE", |name| is_yaml(name) && !name.ends_with("/config.yml")),
        ),
        ("vendor.github-issue-config", tree.files(".github/ISSUE_TEMPLATE", |name| name.ends_with("/config.yml"))),
    ] {
        // All at once: it takes longer to start than to look.
        let mut words = vec!["--builtin-schema", schema, "--color", "never"];
        words.extend(files.iter().map(String::as_str));
        faults.extend(unless_content(".github", &linters.run("check-jsonschema", &words, tree.root())?));
    }
    for file in &workflows {
        faults.extend(pinned(tree, file)?);
    }
    faults.extend(updated(tree)?);
    faults.extend(images(tree)?);
    Ok(faults)
}

/// Actions are named by commit: a tag may be moved to another one by whoever owns it.
fn pinned(tree: &Tree, file: &str) -> anyhow::Result<Vec<Fault>> {
    let workflow = tree.yaml(file)?;
    let jobs = workflow["jobs"].as_object().into_iter().flatten();
    let uses =
        jobs.flat_map(|(_, job)| list(job, "/steps")).map(|step| text(step, "/uses")).filter(|uses| !uses.is_empty());
    let by_commit = |uses: &&str| {
        let version = uses.rsplit_once('@').map_or("", |(_, version)| version);
        version.len() == 40 && version.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    Ok(uses
        .filter(|uses| !by_commit(uses))
        .map(|uses| Fault::new(file, format!("{uses} is not pinned to a commit")))
        .collect())
}

/// Dependabot looks where something is.
fn updated(tree: &Tree) -> anyhow::Result<Vec<Fault>> {
    let manifest = |ecosystem: &str| match ecosystem {
        "cargo" => "Cargo.toml",
        "npm" => "package.json",
        "docker" => "Dockerfile",
        "docker-compose" => "compose.yaml",
        _ => "",
    };
    let mut faults = Vec::new();
    let dependabot = tree.yaml(DEPENDABOT)?;
    for update in list(&dependabot, "/updates") {
        let (ecosystem, folder) =
            (text(update, "/package-ecosystem"), text(update, "/directory").trim_start_matches('/'));
        // Fixtures of this check hold no crates and no packages.
        if !folder.is_empty() && !tree.path(folder).join(manifest(ecosystem)).exists() {
            faults.push(Fault::new(DEPENDABOT, format!("{ecosystem} finds nothing in {folder}")));
        }
    }
    Ok(faults)
}

/// One list of images: what production deploys is what is built and pushed, and what the deployment sets.
fn images(tree: &Tree) -> anyhow::Result<Vec<Fault>> {
    let (production, workflow) = (tree.yaml(PRODUCTION)?, tree.yaml(IMAGES)?);
    let names = |values: &[Value], pointer: &str| -> BTreeSet<String> {
        values.iter().map(|value| text(value, pointer).trim_start_matches("ticketing/").to_owned()).collect()
    };
    let deployed = names(list(&production, "/images"), "/name");
    let built = names(list(&workflow, "/jobs/image/strategy/matrix/include"), "/image");
    let mut faults = Vec::new();
    for missing in deployed.difference(&built) {
        faults.push(Fault::new(IMAGES, format!("{missing} is deployed to production, and not built")));
    }
    let known: BTreeSet<String> =
        skaffold::artifacts(tree)?.iter().map(|one| one.image.trim_start_matches("ticketing/").to_owned()).collect();
    for unknown in built.difference(&known) {
        faults.push(Fault::new(IMAGES, format!("{unknown} is no image: skaffold.yaml names them")));
    }
    let text = tree.read(DEPLOY)?;
    let set = text.lines().find_map(|line| line.trim().strip_prefix("IMAGES: ")).unwrap_or_default();
    let set: BTreeSet<String> = set.split_whitespace().map(str::to_owned).collect();
    if set != deployed {
        faults.push(Fault::new(DEPLOY, format!("it sets the images {set:?}, and production has {deployed:?}")));
    }
    Ok(faults)
}
