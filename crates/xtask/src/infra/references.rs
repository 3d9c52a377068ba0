//! Names that objects call one another by, and whether somebody answers to them.

use serde_json::Value;

use super::manifests::{self, Overlay};
use super::object::{Object, list, text};
use super::selector::takes;
use super::tree::{Fault, Tree};
use crate::cluster;

/// What tells operators which secrets to make.
const OPERATING: &str = "docs/operating.md";

pub fn check(tree: &Tree, overlays: &[Overlay]) -> anyhow::Result<Vec<Fault>> {
    let operating = tree.read(OPERATING)?;
    let mut faults = manifests::check_files(tree, overlays);
    for overlay in overlays {
        for maker in overlay.makers() {
            faults.extend(own_pods(overlay, maker));
            faults.extend(config_maps(overlay, maker));
        }
        faults.extend(secrets(overlay, &operating));
        faults.extend(scaling(overlay));
        faults.extend(budgets(overlay));
    }
    Ok(faults)
}

/// Selectors that must take an object's own pods.
fn own_pods(overlay: &Overlay, maker: &Object) -> Vec<Fault> {
    let mut faults = Vec::new();
    let labels = maker.pod_labels();
    if !takes(maker.at("/spec/selector"), labels) {
        faults.push(maker.fault("its selector does not take its own pods"));
    }
    for other in overlay.makers().filter(|other| other.name() != maker.name()) {
        if takes(maker.at("/spec/selector"), other.pod_labels()) {
            faults.push(maker.fault(format!("its selector takes the pods of {} too", other.name())));
        }
    }
    for spread in maker.list("/spec/template/spec/topologySpreadConstraints") {
        if spread["labelSelector"].is_null() || !takes(&spread["labelSelector"], labels) {
            faults.push(maker.fault(format!("its pods are not those it spreads over {}", spread["topologyKey"])));
        }
    }
    let service = maker.text("/spec/serviceName");
    if maker.kind() == "StatefulSet" && overlay.find("Service", service).is_none() {
        faults.push(maker.fault(format!("there is no Service {service:?} for its pods' names")));
    }
    faults
}

/// `ConfigMaps`, of which all are made here.
fn config_maps(overlay: &Overlay, maker: &Object) -> Vec<Fault> {
    let mut names: Vec<&str> =
        maker.list("/spec/template/spec/volumes").iter().map(|v| text(v, "/configMap/name")).collect();
    let mut faults = Vec::new();
    for container in maker.containers() {
        names.extend(list(container.value, "/envFrom").iter().map(|from| text(from, "/configMapRef/name")));
        for from in list(container.value, "/env").iter().map(|variable| &variable["valueFrom"]["configMapKeyRef"]) {
            let (name, key) = (text(from, "/name"), text(from, "/key"));
            if overlay.find("ConfigMap", name).is_some_and(|map| map.at("/data").get(key).is_none()) {
                faults.push(maker.fault(format!("ConfigMap {name} has no {key}")));
            }
            names.push(name);
        }
    }
    let missing = names.into_iter().filter(|name| !name.is_empty() && overlay.find("ConfigMap", name).is_none());
    faults.extend(missing.map(|name| maker.fault(format!("there is no ConfigMap {name:?}"))));
    faults
}

/// Secrets, of which none is made here: the operators' page must tell of each, and `cargo xtask cluster` make those of
/// the development cluster.
fn secrets(overlay: &Overlay, operating: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for object in &overlay.objects {
        if object.kind() == "Secret" {
            faults.push(object.fault("a secret does not belong into the repository"));
        }
        for wanted in wanted(object) {
            let Wanted { name, key, optional } = wanted;
            if !operating.contains(&format!("`{name}`")) || !operating.contains(&format!("`{key}`")) {
                faults.push(object.fault(format!("{OPERATING} does not tell of the secret {name} and its {key}")));
            }
            let is_made = cluster::MADE.iter().any(|(made, keys)| *made == name && keys.contains(&key));
            if overlay.name == "dev" && !optional && !is_made {
                faults.push(object.fault(format!("`cargo xtask cluster` makes no secret {name} with a {key}")));
            }
        }
    }
    faults
}

/// A key of a secret that something needs.
struct Wanted<'a> {
    name: &'a str,
    key: &'a str,
    optional: bool,
}

fn wanted(object: &Object) -> Vec<Wanted<'_>> {
    let mut wanted = Vec::new();
    for container in object.containers() {
        for from in list(container.value, "/env").iter().map(|variable| &variable["valueFrom"]["secretKeyRef"]) {
            let optional = from["optional"] == Value::Bool(true);
            wanted.push(Wanted { name: text(from, "/name"), key: text(from, "/key"), optional });
        }
    }
    wanted.retain(|wanted| !wanted.name.is_empty() || !wanted.key.is_empty());
    if object.kind() == "Ingress" {
        let tls = object.list("/spec/tls").iter();
        wanted.extend(tls.map(|tls| Wanted { name: text(tls, "/secretName"), key: "tls.crt", optional: false }));
    }
    wanted
}

fn scaling(overlay: &Overlay) -> Vec<Fault> {
    let mut faults = Vec::new();
    for scaler in overlay.of_kind("HorizontalPodAutoscaler") {
        let (kind, name) = (scaler.text("/spec/scaleTargetRef/kind"), scaler.text("/spec/scaleTargetRef/name"));
        match overlay.find(kind, name) {
            None => faults.push(scaler.fault(format!("there is no {kind} {name} to scale"))),
            Some(target) if !target.at("/spec/replicas").is_null() => {
                let what = "an autoscaler says how many there are: replicas would undo that at each apply";
                faults.push(overlay.fault(format!("{kind} {name}: {what}")));
            }
            Some(_) => {}
        }
        let bound = |pointer| scaler.at(pointer).as_u64().unwrap_or(1);
        if bound("/spec/minReplicas") > bound("/spec/maxReplicas") {
            faults.push(scaler.fault("minReplicas is more than maxReplicas"));
        }
    }
    faults
}

fn budgets(overlay: &Overlay) -> Vec<Fault> {
    let idle = |budget: &&Object| {
        let selector = budget.at("/spec/selector");
        selector.is_null() || !overlay.makers().any(|maker| takes(selector, maker.pod_labels()))
    };
    let budgets = overlay.of_kind("PodDisruptionBudget").filter(idle);
    budgets.map(|budget| budget.fault("its selector takes no pods")).collect()
}
