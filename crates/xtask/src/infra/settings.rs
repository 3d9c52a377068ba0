//! What containers are told by their environment: tried on the programs themselves, so that neither a name nor a value is
//! wrong before it is deployed.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::manifests::Overlay;
use super::object::{Container, Object, list, text};
use super::programs::{self, Program};
use super::tree::{Fault, Tree};

/// How long a pod lives on after it was told to end, where nobody says.
const GRACE_DEFAULT: u64 = 30;

/// One variable of a container.
pub struct Setting {
    pub name: String,
    /// What it is set to, as far as the manifests tell.
    pub value: Option<String>,
    /// Whether a secret without this key leaves it unset.
    pub optional: bool,
    /// Where it is written, if that is not the pod's own file.
    pub origin: Option<String>,
}

/// The variables of `container`; what it is told by name counts more than what comes with a `ConfigMap`.
pub fn of(overlay: &Overlay, container: &Value) -> Vec<Setting> {
    let mut settings = BTreeMap::new();
    for map in maps(overlay, container) {
        for (name, value) in map.at("/data").as_object().into_iter().flatten() {
            let (value, origin) = (value.as_str().map(str::to_owned), Some(map.origin.clone()));
            settings.insert(name.clone(), Setting { name: name.clone(), value, optional: false, origin });
        }
    }
    for variable in list(container, "/env") {
        let (name, value) = (text(variable, "/name").to_owned(), variable["value"].as_str().map(str::to_owned));
        let optional = variable["valueFrom"]["secretKeyRef"]["optional"] == Value::Bool(true);
        settings.insert(name.clone(), Setting { name, value, optional, origin: None });
    }
    settings.into_values().collect()
}

/// The `ConfigMaps` it is told by as a whole.
fn maps<'a>(overlay: &'a Overlay, container: &'a Value) -> impl Iterator<Item = &'a Object> {
    let names = list(container, "/envFrom").iter().map(|from| text(from, "/configMapRef/name"));
    names.filter_map(|name| overlay.find("ConfigMap", name))
}

/// `folder` has the programs.
pub fn check(tree: &Tree, overlays: &[Overlay], folder: &Path) -> anyhow::Result<Vec<Fault>> {
    let mut faults = Vec::new();
    let mut known: BTreeMap<String, Program> = BTreeMap::new();
    for overlay in overlays {
        for maker in overlay.makers() {
            for container in maker.containers() {
                let Some(name) = container.image().strip_prefix("ticketing/") else { continue };
                if !known.contains_key(name) {
                    known.insert(name.to_owned(), programs::find(tree, name, folder)?);
                }
                faults.extend(told(overlay, maker, container, &known[name])?);
            }
        }
    }
    Ok(faults)
}

fn told(overlay: &Overlay, maker: &Object, container: Container<'_>, program: &Program) -> anyhow::Result<Vec<Fault>> {
    let settings = of(overlay, container.value);
    let mut wrong = Vec::new();
    for unknown in settings.iter().filter(|setting| !program.knows(&setting.name)) {
        wrong.push(format!("the program knows no {}", unknown.name));
    }
    let words: Vec<&str> = list(container.value, "/args").iter().filter_map(Value::as_str).collect();
    wrong.extend(program.refuses(&words, &settings)?);
    wrong.extend(killed(maker, &settings));
    let also: Vec<&str> = maps(overlay, container.value).map(|map| &*map.origin).collect();
    let also = if also.is_empty() { String::new() } else { format!(" (it is told by {} too)", also.join(", ")) };
    Ok(wrong.into_iter().map(|wrong| maker.fault(format!("container {}: {wrong}{also}", container.name()))).collect())
}

/// Whether its pods are killed before they could end.
fn killed(maker: &Object, settings: &[Setting]) -> Option<String> {
    let grace = settings.iter().find(|setting| setting.name == "SHUTDOWN_GRACE")?.value.as_deref()?;
    let grace: u64 = grace.strip_suffix('s')?.parse().ok()?;
    let lives = maker.at("/spec/template/spec/terminationGracePeriodSeconds").as_u64().unwrap_or(GRACE_DEFAULT);
    let short = "terminationGracePeriodSeconds is too short";
    (grace >= lives).then(|| format!("it is killed after {lives} s, and needs {grace} s to end: {short}"))
}
