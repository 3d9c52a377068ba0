//! Which files an overlay is made from, and which object is written in which of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, ensure};
use serde_json::Value;

use super::object::{list, text};
use super::tree::{Tree, documents, is_yaml};

/// What an overlay is made from.
#[derive(Default)]
pub struct Sources {
    pub files: BTreeSet<String>,
    /// By kind and name.
    objects: BTreeMap<String, String>,
    /// Files with changes of objects, by the names of those.
    patches: Vec<(String, Vec<String>)>,
}

/// Follows the kustomization in `folder`.
pub fn of(tree: &Tree, folder: &str) -> anyhow::Result<Sources> {
    let mut sources = Sources::default();
    sources.follow(tree, folder)?;
    Ok(sources)
}

impl Sources {
    /// The file in which `value` is written, and those that change it.
    pub fn origin(&self, value: &Value) -> Option<String> {
        let (kind, name) = (text(value, "/kind"), text(value, "/metadata/name"));
        // What is generated bears its name, and a hash.
        let name = if kind == "ConfigMap" { name.rsplit_once('-').map_or(name, |(name, _hash)| name) } else { name };
        let mut files = vec![self.objects.get(&format!("{kind}/{name}"))?.as_str()];
        let is_changed =
            |patch: &&(String, Vec<String>)| kind == "Deployment" && patch.1.iter().any(|changed| changed == name);
        files.extend(self.patches.iter().filter(is_changed).map(|(file, _)| file.as_str()));
        Some(files.join(" + "))
    }

    fn follow(&mut self, tree: &Tree, folder: &str) -> anyhow::Result<()> {
        let file = format!("{folder}/kustomization.yaml");
        let kustomization = tree.yaml(&file)?;
        for generator in list(&kustomization, "/configMapGenerator") {
            let name = format!("ConfigMap/{}", text(generator, "/name"));
            self.objects.entry(name).or_insert_with(|| file.clone());
            self.files
                .extend(list(generator, "/files").iter().filter_map(Value::as_str).map(|name| beside(folder, name)));
        }
        for patch in list(&kustomization, "/patches") {
            let (path, names) = (beside(folder, text(patch, "/path")), expanded(text(patch, "/target/name")));
            self.files.insert(path.clone());
            self.patches.push((path, names));
        }
        self.files.insert(file.clone());
        for name in ["/resources", "/components"].iter().flat_map(|pointer| list(&kustomization, pointer)) {
            let name = beside(folder, name.as_str().unwrap_or_default());
            ensure!(tree.path(&name).exists(), "{file} names {name}, which is not there");
            if is_yaml(&name) { self.read(tree, name)? } else { self.follow(tree, &name)? }
        }
        Ok(())
    }

    fn read(&mut self, tree: &Tree, file: String) -> anyhow::Result<()> {
        for value in documents(&tree.read(&file)?).with_context(|| format!("{file} is no YAML"))? {
            let key = format!("{}/{}", text(&value, "/kind"), text(&value, "/metadata/name"));
            self.objects.insert(key, file.clone());
        }
        self.files.insert(file);
        Ok(())
    }
}

/// The names that `(auth|tickets)-depl` stands for.
fn expanded(pattern: &str) -> Vec<String> {
    let Some((choices, rest)) = pattern.strip_prefix('(').and_then(|rest| rest.split_once(')')) else {
        return vec![pattern.to_owned()];
    };
    choices.split('|').map(|choice| format!("{choice}{rest}")).collect()
}

/// `name`, as the kustomization in `folder` means it.
fn beside(folder: &str, name: &str) -> String {
    let mut path = PathBuf::new();
    for component in Path::new(folder).join(name).components() {
        match component {
            Component::ParentDir => drop(path.pop()),
            other => path.push(other),
        }
    }
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_may_be_for_several() {
        assert_eq!(expanded("(auth|tickets)-depl"), ["auth-depl", "tickets-depl"]);
        assert_eq!(expanded("client-depl"), ["client-depl"]);
    }

    #[test]
    fn a_kustomization_names_its_neighbours_from_where_it_is() {
        assert_eq!(beside("infra/k8s/overlays/dev", "../../base"), "infra/k8s/base");
        assert_eq!(beside("infra/k8s/base", "auth-depl.yaml"), "infra/k8s/base/auth-depl.yaml");
    }
}
