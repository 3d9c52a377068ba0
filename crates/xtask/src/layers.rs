//! Who may import whom: the walls between the crates, checked against `cargo metadata`.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::Value;

/// A crate of ours, what of ours it may depend on, and what of others' it must not.
const LAYERS: &[(&str, &[&str], &[&str])] = &[
    ("protocol", &[], &["tokio"]),
    ("journal", &[], &["tokio", "async-nats"]),
    ("streaming", &["protocol", "journal"], &[]),
    ("xtask", &[], &[]),
];

/// Fails with every import that crosses a wall.
pub fn check() -> anyhow::Result<()> {
    let output = Command::new("cargo").args(["metadata", "--format-version", "1", "--no-deps"]).output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata gave no JSON")?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let layers: BTreeMap<_, _> = LAYERS.iter().map(|(name, ours, never)| (*name, (*ours, *never))).collect();
    let mut wrong = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((ours, never)) = layers.get(name) else {
            wrong.push(format!("{name} is not in the table: say in crates/xtask/src/layers.rs what it may import"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let on = dependency["name"].as_str().unwrap_or_default();
            let for_tests = dependency["kind"].as_str() == Some("dev");
            if !for_tests && ((layers.contains_key(on) && !ours.contains(&on)) || never.contains(&on)) {
                wrong.push(format!("{name} must not depend on {on}"));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}
