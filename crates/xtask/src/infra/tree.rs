//! The files to be checked, and what is wrong with one of them.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::Value;

/// Something that is wrong, and where to mend it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    file: String,
    what: String,
}

impl Fault {
    /// `what` is wrong in `file`, which is named from the root.
    pub fn new(file: impl Into<String>, what: impl Into<String>) -> Self {
        Self { file: file.into(), what: what.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.what)
    }
}

/// Fails with `faults`, each once, if there are any.
pub fn report(mut faults: Vec<Fault>) -> anyhow::Result<()> {
    faults.sort();
    faults.dedup();
    if faults.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = faults.iter().map(|fault| format!("\n  {fault}")).collect();
    bail!("{} things are wrong:{}", faults.len(), lines.concat())
}

/// A folder with the files of the repository.
pub struct Tree {
    root: PathBuf,
}

impl Tree {
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The root itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where `name` is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The text of `name`.
    pub fn read(&self, name: &str) -> anyhow::Result<String> {
        fs::read_to_string(self.path(name)).with_context(|| format!("cannot read {name}"))
    }

    /// The one document of `name`.
    pub fn yaml(&self, name: &str) -> anyhow::Result<Value> {
        serde_saphyr::from_str(&self.read(name)?).with_context(|| format!("{name} is no YAML"))
    }

    /// The names of all files below `folder` that `wanted` likes, in order. Nothing is below a folder that is not there.
    pub fn files(&self, folder: &str, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let mut names = Vec::new();
        let mut folders = vec![PathBuf::from(folder)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(self.root.join(&folder)).into_iter().flatten().flatten() {
                let name = folder.join(entry.file_name());
                if entry.path().is_dir() {
                    folders.push(name);
                } else {
                    names.extend(name.to_str().filter(|name| wanted(name)).map(str::to_owned));
                }
            }
        }
        names.sort();
        names
    }
}

/// Every document of `text`.
pub fn documents(text: &str) -> anyhow::Result<Vec<Value>> {
    Ok(serde_saphyr::from_multiple(text)?)
}

/// Whether this is a YAML file, by its name.
pub fn is_yaml(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}
