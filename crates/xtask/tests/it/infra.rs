//! `cargo xtask check-infra` finds a slip in any of the files: each test breaks one thing in a copy of them.
//!
//! The programs it stands on come by pip and npm, and some checks build our own: so the step `infra` runs these, and a
//! plain `cargo test` does not.

mod around;
mod manifests;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the check looks at, from the root of the repository.
const COPIED: [&str; 10] = [
    "infra",
    "docker",
    ".github",
    ".ci",
    "docs",
    "Cargo.toml",
    "client/package.json",
    "client/package-lock.json",
    "skaffold.yaml",
    ".yamllint.yaml",
];

/// Everything that is checked.
const PARTS: [&str; 11] = [
    "texts",
    "schemas",
    "pods",
    "references",
    "contract",
    "traffic",
    "policies",
    "skaffold",
    "docker",
    "workflows",
    "settings",
];

/// A copy of the files, to break.
struct Copy(tempfile::TempDir);

impl Copy {
    fn new() -> Self {
        let copy = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for name in COPIED {
            put(&root.join(name), &copy.path().join(name));
        }
        Self(copy)
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    /// Writes `to` in the place of `from`, once.
    fn change(&self, file: &str, from: &str, to: &str) {
        let path = self.path(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from:?} to break: this test is older than the file");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// What the check says of one part.
    fn check(&self, part: &str) -> (bool, String) {
        let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
        xtask.args(["check-infra", "--root"]).arg(self.0.path()).args(["--only", part]);
        // The step infra has built them beside this one.
        xtask.arg("--programs").arg(Path::new(env!("CARGO_BIN_EXE_xtask")).parent().unwrap());
        let output = xtask.output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }
}

fn put(from: &Path, to: &PathBuf) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().flatten() {
            put(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
}

/// A slip: in which file, what was there and what is there now, which part finds it, and what it says.
type Slip = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// Breaks each alone, and wants to be told of the file and of what is wrong.
fn found(slips: &[Slip]) {
    let mut missed = Vec::new();
    for (file, from, to, part, says) in slips {
        let copy = Copy::new();
        copy.change(file, from, to);
        let (content, said) = copy.check(part);
        if content || !said.contains(file) || !said.contains(says) {
            missed.push(format!(
                "{file}: {from:?} → {to:?} was to be found by {part} with {says:?}, which said:\n{said}"
            ));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n\n"));
}

#[test]
#[ignore = "the step infra runs it"]
fn what_is_in_the_repository_passes() {
    for part in PARTS {
        let (content, said) = Copy::new().check(part);
        assert!(content, "{part}: {said}");
    }
}

#[test]
#[ignore = "the step infra runs it"]
fn a_part_that_does_not_exist_is_an_error_and_no_check_of_nothing() {
    let (content, said) = Copy::new().check("manifest");
    assert!(!content && said.contains("there is no part \"manifest\""), "{said}");
}
