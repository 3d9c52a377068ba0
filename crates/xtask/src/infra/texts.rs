//! How files are written: YAML and shell.

use super::docker::unless_content;
use super::linters::Linters;
use super::tree::{Fault, Tree, is_yaml};

/// Where YAML and scripts of this kind are.
const FOLDERS: [&str; 4] = ["infra", "docker", ".github", ".ci"];

pub fn check(tree: &Tree, linters: &Linters) -> anyhow::Result<Vec<Fault>> {
    let mut words =
        vec!["--strict".to_owned(), "--format".to_owned(), "parsable".to_owned(), "skaffold.yaml".to_owned()];
    words.extend(FOLDERS.iter().flat_map(|folder| tree.files(folder, is_yaml)));
    let said = linters.run("yamllint", &words, tree.root())?;
    let mut faults: Vec<Fault> = said.text.lines().map(by_line).collect();
    if !said.content && faults.is_empty() {
        faults.push(Fault::new(".yamllint.yaml", "yamllint failed and said nothing of why"));
    }
    let is_script = |name: &str| {
        tree.read(name)
            .is_ok_and(|text| text.starts_with("#!") && text.lines().next().is_some_and(|line| line.ends_with("sh")))
    };
    for file in FOLDERS.iter().flat_map(|folder| tree.files(folder, is_script)) {
        faults.extend(unless_content(&file, &linters.run("shellcheck", &["--color=never", &file], tree.root())?));
    }
    Ok(faults)
}

/// `file:line:column: what`
fn by_line(line: &str) -> Fault {
    let (file, what) = line.split_once(':').unwrap_or((".yamllint.yaml", line));
    Fault::new(file, what)
}
