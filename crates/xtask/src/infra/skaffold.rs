//! `skaffold.yaml`, for which there is no validator to be had: every field we use is known here, and every other is a slip.

use std::collections::BTreeSet;

use anyhow::Context;
use serde::Deserialize;

use super::manifests::Overlay;
use super::tree::{Fault, Tree};

const FILE: &str = "skaffold.yaml";
/// Images that others make.
const THIRD_PARTIES: [&str; 3] = ["postgres", "redis", "nats"];
/// What people have always had on their own machine.
const FORWARDED: [(&str, u16); 2] = [("nats-srv", 4222), ("nats-srv", 8222)];
/// Never deployed to production.
const FOR_DEVELOPMENT: [&str; 2] = ["ticketing/stripe-sandbox", "ticketing/streaming-server"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "that a field is known is all that matters")]
struct Skaffold {
    api_version: String,
    kind: String,
    metadata: Named,
    build: Build,
    manifests: Manifests,
    deploy: Deploy,
    port_forward: Vec<PortForward>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "as above")]
struct Named {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "as above")]
struct Build {
    artifacts: Vec<Artifact>,
    tag_policy: TagPolicy,
    local: Local,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "as above")]
struct TagPolicy {
    input_digest: std::collections::BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "as above")]
struct Local {
    push: bool,
    use_buildkit: bool,
    concurrency: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    pub image: String,
    context: String,
    docker: Docker,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Docker {
    dockerfile: String,
    target: Option<String>,
    #[serde(default)]
    build_args: std::collections::BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifests {
    kustomize: Kustomize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kustomize {
    paths: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "as above")]
struct Deploy {
    status_check_deadline_seconds: u32,
    tolerate_failures_until_deadline: bool,
    kubectl: Kubectl,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "as above")]
struct Kubectl {
    hooks: Hooks,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "as above")]
struct Hooks {
    before: Vec<Hook>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "as above")]
struct Hook {
    host: Host,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "as above")]
struct Host {
    command: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PortForward {
    resource_type: String,
    resource_name: String,
    port: u16,
    local_port: u16,
}

/// What skaffold builds.
pub fn artifacts(tree: &Tree) -> anyhow::Result<Vec<Artifact>> {
    Ok(read(tree)?.build.artifacts)
}

fn read(tree: &Tree) -> anyhow::Result<Skaffold> {
    serde_saphyr::from_str(&tree.read(FILE)?).with_context(|| format!("{FILE} is not what skaffold takes"))
}

pub fn check(tree: &Tree, overlays: &[Overlay]) -> anyhow::Result<Vec<Fault>> {
    let skaffold = read(tree)?;
    let mut faults = Vec::new();
    let mut wrong = |what: String| faults.push(Fault::new(FILE, what));
    if !skaffold.api_version.starts_with("skaffold/v4") || skaffold.kind != "Config" {
        wrong(format!("{} {} is not the format this is written in", skaffold.api_version, skaffold.kind));
    }
    for artifact in &skaffold.build.artifacts {
        built(tree, artifact, &mut wrong);
    }
    for path in &skaffold.manifests.kustomize.paths {
        if !tree.path(path).join("kustomization.yaml").is_file() {
            wrong(format!("there is no kustomization in {path}"));
        }
    }
    if let Some(dev) = overlays.iter().find(|overlay| overlay.name == "dev") {
        forwarded(&skaffold.port_forward, dev, &mut wrong);
    }
    let artifacts: BTreeSet<&str> = skaffold.build.artifacts.iter().map(|artifact| &*artifact.image).collect();
    faults.extend(overlays.iter().flat_map(|overlay| images(overlay, &artifacts)));
    Ok(faults)
}

fn built(tree: &Tree, artifact: &Artifact, wrong: &mut impl FnMut(String)) {
    let (image, docker) = (&artifact.image, &artifact.docker);
    if !tree.path(&artifact.context).is_dir() {
        wrong(format!("the context of {image} is no folder: {}", artifact.context));
        return;
    }
    // Named from the context, as docker itself would not.
    let file = if artifact.context == "." {
        docker.dockerfile.clone()
    } else {
        format!("{}/{}", artifact.context, docker.dockerfile)
    };
    let Ok(dockerfile) = tree.read(&file) else {
        wrong(format!("{image} is built from {file}, which is not there"));
        return;
    };
    let has_stage = |stage: &str| {
        dockerfile.lines().any(|line| line.starts_with("FROM ") && line.ends_with(&format!(" AS {stage}")))
    };
    if let Some(target) = docker.target.as_deref().filter(|target| !has_stage(target)) {
        wrong(format!("{image} is built up to {target}, which {file} does not have"));
    }
    for (name, value) in &docker.build_args {
        if !dockerfile.lines().any(|line| line == format!("ARG {name}") || line.starts_with(&format!("ARG {name}="))) {
            wrong(format!("{image} is built with {name}, which {file} does not ask for"));
        }
        if name == "BIN" && image.strip_prefix("ticketing/") != Some(value) {
            wrong(format!("{image} is built with the program {value}"));
        }
    }
}

fn forwarded(forwards: &[PortForward], dev: &Overlay, wrong: &mut impl FnMut(String)) {
    for (name, port) in FORWARDED {
        if !forwards.iter().any(|one| one.resource_name == name && one.port == port && one.local_port == port) {
            wrong(format!("{name}:{port} is not forwarded to {port} of this machine"));
        }
    }
    for one in forwards {
        let ports =
            |service: &super::object::Object| service.list("/spec/ports").iter().any(|port| port["port"] == one.port);
        if one.resource_type != "service" || !dev.find("Service", &one.resource_name).is_some_and(ports) {
            wrong(format!(
                "there is no {} {} with a port {} to forward",
                one.resource_type, one.resource_name, one.port
            ));
        }
    }
}

/// Every image is one that is built here, or a known one of others' with a tag.
fn images(overlay: &Overlay, artifacts: &BTreeSet<&str>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut used = BTreeSet::new();
    for maker in overlay.makers() {
        for container in maker.containers() {
            let (image, whole) = (container.image(), super::object::text(container.value, "/image"));
            let tag = &whole[image.len()..];
            used.insert(image.to_owned());
            if overlay.name != "dev" && FOR_DEVELOPMENT.contains(&image) {
                faults.push(maker.fault(format!("{image} is for development")));
            } else if THIRD_PARTIES.contains(&image) {
                if tag.len() < 2 || tag == ":latest" {
                    faults.push(maker.fault(format!("say which {image}: the newest is another one tomorrow")));
                }
            } else if !artifacts.contains(image) {
                faults.push(maker.fault(format!(
                    "nobody makes the image {image}: {FILE} does not, and it is no known one of others"
                )));
            } else if (overlay.name == "dev") != tag.is_empty() {
                // skaffold sets the tag there, deploying it here; whatever stands in the file must be something nobody has.
                faults.push(
                    maker.fault(format!(
                        "{whole}: no tag in dev, and in production one that is set when it is deployed"
                    )),
                );
            }
        }
    }
    if overlay.name == "dev" {
        let unused = artifacts.iter().filter(|image| !used.contains(**image));
        faults.extend(unused.map(|image| Fault::new(FILE, format!("nothing runs the image {image}"))));
    }
    faults
}
