//! Network policies: whom they mean, and whether they let through what pods are told to call.
//!
//! What a pod is told to call is what its settings name: `nats-srv:4222`, `postgres-srv` … Where an Ingress leads, the
//! controller must get through as well.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::manifests::Overlay;
use super::object::{Object, list, text};
use super::selector::takes;
use super::settings;
use super::traffic::behind;
use super::tree::Fault;

/// The namespaces of controllers of which at least this one is let in.
const CONTROLLER: &str = "ingress-nginx";

pub fn check(overlay: &Overlay) -> Vec<Fault> {
    let mut faults: Vec<Fault> = overlay.of_kind("NetworkPolicy").flat_map(|policy| meant(overlay, policy)).collect();
    for maker in overlay.makers() {
        for direction in ["Ingress", "Egress"] {
            if !policies(overlay, maker, direction).any(|policy| rules(policy, direction).is_empty()) {
                let about = about(overlay, &[maker]);
                faults.push(maker.fault(format!("no policy denies it all {direction} to begin with {about}")));
            }
        }
        for called in called(maker, overlay) {
            faults.extend(call(overlay, maker, &called));
        }
    }
    for ingress in overlay.of_kind("Ingress") {
        let paths = ingress.list("/spec/rules").iter().flat_map(|rule| list(rule, "/http/paths"));
        for name in paths.map(|path| text(path, "/backend/service/name")) {
            for maker in overlay.find("Service", name).into_iter().flat_map(|service| behind(overlay, service)) {
                let controller = Peer { labels: &Value::Null, namespace: Some(CONTROLLER) };
                if !maker.ports().any(|(_, port)| allowed(overlay, maker, "Ingress", &controller, port)) {
                    let about = about(overlay, &[maker]);
                    let what = format!("no policy lets the controller through to {} {about}", maker.name());
                    faults.push(ingress.fault(what));
                }
            }
        }
    }
    faults
}

/// Who is at the other end.
struct Peer<'a> {
    labels: &'a Value,
    /// Its namespace, if that is not ours.
    namespace: Option<&'a str>,
}

impl<'a> Peer<'a> {
    fn ours(maker: &'a Object) -> Self {
        Self { labels: maker.pod_labels(), namespace: None }
    }
}

/// Whether a policy's selectors take anybody, and its ports are somebody's.
fn meant(overlay: &Overlay, policy: &Object) -> Vec<Fault> {
    let mut faults = Vec::new();
    let selected: Vec<&Object> = taken(overlay, policy.at("/spec/podSelector"));
    if selected.is_empty() {
        faults.push(policy.fault("its podSelector takes no pods"));
    }
    for direction in ["Ingress", "Egress"] {
        let side = if direction == "Ingress" { "/from" } else { "/to" };
        for rule in rules(policy, direction) {
            let own = |peer: &&Value| peer["namespaceSelector"].is_null() && !peer["podSelector"].is_null();
            let mut others = Vec::new();
            for peer in list(rule, side).iter().filter(own) {
                let pods = taken(overlay, &peer["podSelector"]);
                if pods.is_empty() {
                    faults.push(policy.fault(format!("it names pods that nobody has: {}", peer["podSelector"])));
                }
                others.extend(pods);
            }
            let listeners = if direction == "Ingress" { &selected } else { &others };
            for port in list(rule, "/ports").iter().map(|port| &port["port"]) {
                for maker in listeners.iter().filter(|maker| !maker.listens_on(port)) {
                    faults.push(policy.fault(format!("the pods of {} do not listen on {port}", maker.name())));
                }
            }
        }
    }
    faults
}

fn taken<'a>(overlay: &'a Overlay, selector: &Value) -> Vec<&'a Object> {
    overlay.makers().filter(|maker| takes(selector, maker.pod_labels())).collect()
}

/// The policies that are about pods of `maker` in this direction.
fn policies<'a>(overlay: &'a Overlay, maker: &'a Object, direction: &'a str) -> impl Iterator<Item = &'a Object> {
    overlay.of_kind("NetworkPolicy").filter(move |policy| {
        policy.list("/spec/policyTypes").contains(&json!(direction))
            && takes(policy.at("/spec/podSelector"), maker.pod_labels())
    })
}

fn rules<'a>(policy: &'a Object, direction: &str) -> &'a [Value] {
    policy.list(if direction == "Ingress" { "/spec/ingress" } else { "/spec/egress" })
}

/// A Service that a setting names.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Called {
    service: String,
    port: Option<u64>,
    /// Where the setting is written, if not with the pod.
    origin: Option<String>,
}

fn called(maker: &Object, overlay: &Overlay) -> Vec<Called> {
    let mut called = Vec::new();
    for container in maker.containers() {
        for setting in settings::of(overlay, container.value) {
            for word in setting.value.unwrap_or_default().split(['/', '@', ',', ' ']) {
                let (host, port) = word.split_once(':').unwrap_or((word, ""));
                if host.ends_with("-srv") {
                    let (service, port) = (host.to_owned(), port.parse().ok());
                    called.push(Called { service, port, origin: setting.origin.clone() });
                }
            }
        }
    }
    called.sort();
    called.dedup();
    called
}

fn call(overlay: &Overlay, maker: &Object, called: &Called) -> Vec<Fault> {
    let Called { service: name, port, origin } = called;
    let by = origin.as_ref().map(|origin| format!(" ({origin})")).unwrap_or_default();
    let Some(service) = overlay.find("Service", name) else {
        return vec![maker.fault(format!("its settings{by} name {name}, which is no Service"))];
    };
    if let Some(port) = port.filter(|port| !service.list("/spec/ports").iter().any(|one| one["port"] == *port)) {
        return vec![maker.fault(format!("its settings{by} name {name}:{port}, a port it does not have"))];
    }
    let mut faults = Vec::new();
    for other in behind(overlay, service) {
        // Ports of Services and pods are the same here; where none is named, any will do.
        let mut ports = other.ports().filter(|(_, number)| port.is_none_or(|port| port == *number));
        let (there, here) = (Peer::ours(other), Peer::ours(maker));
        let is_open = ports.any(|(_, port)| {
            allowed(overlay, maker, "Egress", &there, port) && allowed(overlay, other, "Ingress", &here, port)
        });
        if !is_open {
            let about = about(overlay, &[maker, other]);
            faults.push(
                maker.fault(format!("no policies let it through to {name}, which its settings{by} name {about}")),
            );
        }
    }
    faults
}

/// The files with policies about pods of `makers`: one of them is to be mended.
fn about(overlay: &Overlay, makers: &[&Object]) -> String {
    let about = |policy: &&Object| makers.iter().any(|maker| takes(policy.at("/spec/podSelector"), maker.pod_labels()));
    let files: BTreeSet<&str> = overlay.of_kind("NetworkPolicy").filter(about).map(|policy| &*policy.origin).collect();
    format!("[{}]", files.into_iter().collect::<Vec<_>>().join(", "))
}

/// Whether some policy lets `maker` talk with `peer`; `port` is that of the one who is called.
fn allowed(overlay: &Overlay, maker: &Object, direction: &str, peer: &Peer<'_>, port: u64) -> bool {
    let side = if direction == "Ingress" { "/from" } else { "/to" };
    policies(overlay, maker, direction).flat_map(|policy| rules(policy, direction)).any(|rule| {
        list(rule, side).iter().any(|to| is_meant(to, peer))
            && list(rule, "/ports").iter().any(|one| one["port"] == port)
    })
}

fn is_meant(named: &Value, peer: &Peer<'_>) -> bool {
    match peer.namespace {
        Some(namespace) => {
            let labels = json!({ "kubernetes.io/metadata.name": namespace });
            !named["namespaceSelector"].is_null() && takes(&named["namespaceSelector"], &labels)
        }
        None => {
            named["namespaceSelector"].is_null()
                && !named["podSelector"].is_null()
                && takes(&named["podSelector"], peer.labels)
        }
    }
}
