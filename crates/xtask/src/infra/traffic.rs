//! The ways in: from an Ingress to a Service, from a Service to pods.

use serde_json::Value;

use super::manifests::Overlay;
use super::object::{Object, list, text};
use super::selector::takes_labels;
use super::tree::Fault;

pub fn check(overlay: &Overlay) -> Vec<Fault> {
    let mut faults: Vec<Fault> = overlay.of_kind("Service").flat_map(|one| service(overlay, one)).collect();
    faults.extend(overlay.of_kind("Ingress").flat_map(|one| ingress(overlay, one)));
    faults
}

/// The pods behind `service`.
pub fn behind<'a>(overlay: &'a Overlay, service: &'a Object) -> impl Iterator<Item = &'a Object> {
    let selector = service.at("/spec/selector");
    overlay.makers().filter(move |maker| !selector.is_null() && takes_labels(selector, maker.pod_labels()))
}

fn service(overlay: &Overlay, service: &Object) -> Vec<Fault> {
    let mut faults = Vec::new();
    let pods: Vec<&Object> = behind(overlay, service).collect();
    if pods.is_empty() {
        faults.push(service.fault("its selector takes no pods"));
    }
    for port in service.list("/spec/ports") {
        let number = port["port"].as_u64().unwrap_or_default();
        if !(1..=65535).contains(&number) {
            faults.push(service.fault(format!("{number} is no port")));
        }
        let target = if port["targetPort"].is_null() { &port["port"] } else { &port["targetPort"] };
        for maker in pods.iter().filter(|maker| !maker.listens_on(target)) {
            faults.push(service.fault(format!("the pods of {} do not listen on {target}", maker.name())));
        }
    }
    faults
}

fn ingress(overlay: &Overlay, ingress: &Object) -> Vec<Fault> {
    let mut faults = Vec::new();
    let hosts: Vec<&Value> = ingress.list("/spec/tls").iter().flat_map(|tls| list(tls, "/hosts")).collect();
    for rule in ingress.list("/spec/rules") {
        // Browsers know .dev by https only.
        if !hosts.contains(&&rule["host"]) {
            faults.push(ingress.fault(format!("no certificate is named for {}", rule["host"])));
        }
        for to in list(rule, "/http/paths") {
            let (path, name) = (text(to, "/path"), text(to, "/backend/service/name"));
            if to["pathType"] != "Prefix" || !path.starts_with('/') || path.contains(['(', '*', '?', '$']) {
                faults
                    .push(ingress.fault(format!("{path} must be a plain Prefix, which every controller understands")));
            }
            let port = &to["backend"]["service"]["port"];
            let has = |service: &Object| {
                let mut ports = service.list("/spec/ports").iter();
                ports.any(|one| {
                    (!port["name"].is_null() && one["name"] == port["name"]) || one["port"] == port["number"]
                })
            };
            match overlay.find("Service", name) {
                None => faults.push(ingress.fault(format!("{path} leads to {name}, which is no Service"))),
                Some(service) if !has(service) => faults.push(ingress.fault(format!("{name} has no port {port}"))),
                Some(_) => {}
            }
        }
    }
    faults
}
