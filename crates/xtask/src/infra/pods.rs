//! Every pod: what it may do, what it may take, and whether the names within it meet.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::manifests::Overlay;
use super::object::{Container, Object, at, list, text};
use super::quantity::thousandths;
use super::tree::Fault;

/// What keeps a process small, and where each is written; no container of ours or others' needs an exception.
const OF_POD: [(&str, bool, &str); 2] = [
    ("/automountServiceAccountToken", false, "it talks to no API server: automountServiceAccountToken must be false"),
    (
        "/enableServiceLinks",
        false,
        "variables of other Services would be taken for settings: enableServiceLinks must be false",
    ),
];
const PROBES: [&str; 3] = ["startupProbe", "livenessProbe", "readinessProbe"];

/// Everything that can be seen on one pod alone.
pub fn check(overlay: &Overlay) -> Vec<Fault> {
    let mut faults = Vec::new();
    for maker in overlay.makers() {
        let mut wrong = |what: String| faults.push(maker.fault(what));
        let spec = maker.at("/spec/template/spec");
        for (pointer, wanted, why) in OF_POD {
            if at(spec, pointer) != &Value::Bool(wanted) {
                wrong(why.to_owned());
            }
        }
        names(maker, &mut wrong);
        volumes(maker, &mut wrong);
        for container in maker.containers() {
            let mut wrong = |what: String| wrong(format!("container {}: {what}", container.name()));
            confinement(spec, container, &mut wrong);
            resources(container, &mut wrong);
            ports(container, &mut wrong);
            probes(container, &mut wrong);
        }
    }
    faults
}

fn names(maker: &Object, wrong: &mut impl FnMut(String)) {
    let mut seen = BTreeSet::new();
    for container in maker.containers() {
        if !seen.insert(container.name()) {
            wrong(format!("two containers are called {}", container.name()));
        }
    }
}

fn confinement(spec: &Value, container: Container<'_>, wrong: &mut impl FnMut(String)) {
    // The container's word counts more than the pod's.
    let said = |pointer: &str| {
        let own = at(&container.value["securityContext"], pointer);
        if own.is_null() { at(&spec["securityContext"], pointer) } else { own }
    };
    if said("/runAsNonRoot") != &Value::Bool(true) || said("/runAsUser").as_u64().is_none_or(|user| user == 0) {
        wrong("it must not be root: runAsNonRoot must be true, and runAsUser a number that is not 0".into());
    }
    if said("/seccompProfile/type") != "RuntimeDefault" {
        wrong("seccompProfile must be RuntimeDefault".into());
    }
    let own = &container.value["securityContext"];
    if own["readOnlyRootFilesystem"] != Value::Bool(true) {
        wrong("readOnlyRootFilesystem must be true: what it writes is a volume".into());
    }
    if own["allowPrivilegeEscalation"] != Value::Bool(false) {
        wrong("allowPrivilegeEscalation must be false".into());
    }
    if own["capabilities"] != json!({ "drop": ["ALL"] }) {
        wrong("capabilities must drop ALL and add none".into());
    }
}

fn resources(container: Container<'_>, wrong: &mut impl FnMut(String)) {
    for name in ["cpu", "memory"] {
        let (request, limit) = (at(container.value, "/resources/requests"), at(container.value, "/resources/limits"));
        match (thousandths(&request[name]), thousandths(&limit[name])) {
            (Some(request), Some(limit)) if request > limit => {
                wrong(format!("it requests more {name} than its limit"));
            }
            (Some(_), Some(_)) => {}
            _ => wrong(format!("it must say how much {name} it requests and may take at most")),
        }
    }
}

fn ports(container: Container<'_>, wrong: &mut impl FnMut(String)) {
    let mut seen = BTreeSet::new();
    for port in list(container.value, "/ports") {
        let (name, number) = (text(port, "/name"), port["containerPort"].as_u64().unwrap_or_default());
        if !(1..=65535).contains(&number) {
            wrong(format!("{number} is no port"));
        }
        if !seen.insert(name) {
            wrong(format!("two ports are called {name:?}"));
        }
    }
}

fn probes(container: Container<'_>, wrong: &mut impl FnMut(String)) {
    if container.is_init {
        return;
    }
    for name in PROBES {
        let probe = &container.value[name];
        if probe.is_null() {
            wrong(format!("it has no {name}"));
            continue;
        }
        let port = [&probe["httpGet"]["port"], &probe["tcpSocket"]["port"]].into_iter().find(|port| !port.is_null());
        let is_there = |wanted: &Value| {
            let mut ports = list(container.value, "/ports").iter();
            ports.any(|port| &port["name"] == wanted || &port["containerPort"] == wanted)
        };
        if let Some(port) = port.filter(|port| !is_there(port)) {
            wrong(format!("its {name} asks port {port}, which it does not have"));
        }
    }
}

fn volumes(maker: &Object, wrong: &mut impl FnMut(String)) {
    let of_pod = maker.list("/spec/template/spec/volumes").iter().map(|volume| text(volume, "/name"));
    let claimed = maker.list("/spec/volumeClaimTemplates").iter().map(|claim| text(claim, "/metadata/name"));
    let volumes: BTreeSet<&str> = of_pod.chain(claimed).collect();
    let mut used = BTreeSet::new();
    for container in maker.containers() {
        let mut paths = BTreeSet::new();
        for mount in list(container.value, "/volumeMounts") {
            let (name, path) = (text(mount, "/name"), text(mount, "/mountPath"));
            if !volumes.contains(name) {
                wrong(format!("container {} mounts {name}, which is no volume of the pod", container.name()));
            }
            if !paths.insert(path) {
                wrong(format!("container {} mounts two volumes at {path}", container.name()));
            }
            used.insert(name);
        }
    }
    for name in volumes.difference(&used) {
        wrong(format!("nobody mounts the volume {name}"));
    }
    // Not root, and the folder is: without it nobody could write there.
    let keeps = !maker.list("/spec/volumeClaimTemplates").is_empty();
    if keeps && maker.at("/spec/template/spec/securityContext/fsGroup").as_u64().is_none() {
        wrong("its volume would belong to root: fsGroup is missing".into());
    }
}
