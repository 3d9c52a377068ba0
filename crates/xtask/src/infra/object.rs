//! One object of a rendered overlay, and the pods it makes.

use serde_json::Value;

use super::tree::Fault;

/// An object of Kubernetes.
#[derive(Debug, Clone)]
pub struct Object {
    /// The file it is written in, with the overlay it was rendered for.
    pub origin: String,
    pub value: Value,
}

/// A container of a pod.
#[derive(Clone, Copy)]
pub struct Container<'a> {
    pub value: &'a Value,
    /// Whether it ends before the others begin.
    pub is_init: bool,
}

/// What objects of these kinds make pods from.
const MAKERS: [&str; 3] = ["Deployment", "StatefulSet", "DaemonSet"];

impl Object {
    pub fn kind(&self) -> &str {
        self.text("/kind")
    }

    pub fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// What is at `pointer`, or null.
    pub fn at(&self, pointer: &str) -> &Value {
        at(&self.value, pointer)
    }

    /// The text at `pointer`, or none at all.
    pub fn text(&self, pointer: &str) -> &str {
        self.at(pointer).as_str().unwrap_or_default()
    }

    /// The items at `pointer`.
    pub fn list(&self, pointer: &str) -> &[Value] {
        list(&self.value, pointer)
    }

    /// Whether it makes pods.
    pub fn makes_pods(&self) -> bool {
        MAKERS.contains(&self.kind())
    }

    /// The labels of its pods.
    pub fn pod_labels(&self) -> &Value {
        self.at("/spec/template/metadata/labels")
    }

    /// All containers of its pods, in the order in which they start.
    pub fn containers(&self) -> impl Iterator<Item = Container<'_>> {
        let of = |pointer, is_init| self.list(pointer).iter().map(move |value| Container { value, is_init });
        of("/spec/template/spec/initContainers", true).chain(of("/spec/template/spec/containers", false))
    }

    /// The ports its pods listen on, each by name and number.
    pub fn ports(&self) -> impl Iterator<Item = (&str, u64)> {
        self.containers().flat_map(|container| {
            let ports = list(container.value, "/ports").iter();
            ports.map(|port| (text(port, "/name"), port["containerPort"].as_u64().unwrap_or_default()))
        })
    }

    /// Whether its pods listen on `port`, which may be a name or a number.
    pub fn listens_on(&self, port: &Value) -> bool {
        self.ports().any(|(name, number)| port.as_str() == Some(name) || port.as_u64() == Some(number))
    }

    /// Something is wrong with it.
    pub fn fault(&self, what: impl AsRef<str>) -> Fault {
        Fault::new(self.origin.clone(), format!("{} {}: {}", self.kind(), self.name(), what.as_ref()))
    }
}

impl<'a> Container<'a> {
    pub fn name(self) -> &'a str {
        text(self.value, "/name")
    }

    /// Its image, without the tag or the digest.
    pub fn image(self) -> &'a str {
        let image = text(self.value, "/image");
        let image = image.split('@').next().unwrap_or_default();
        match image.rsplit_once(':') {
            // What stands after a port of a registry is no tag.
            Some((name, tag)) if !tag.contains('/') => name,
            _ => image,
        }
    }
}

/// What is at `pointer` in `value`, or null.
pub fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

/// The text at `pointer` in `value`, or none at all.
pub fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    at(value, pointer).as_str().unwrap_or_default()
}

/// The items at `pointer` in `value`.
pub fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    at(value, pointer).as_array().map(Vec::as_slice).unwrap_or_default()
}
