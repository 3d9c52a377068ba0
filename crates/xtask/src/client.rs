//! The web client: what it needs is installed, it is built where it is out of date, checked, and tried in a browser.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};

use crate::processes::{Chain, Program};
use crate::{cargo, programs, servers, tools};

/// The oldest Node that builds it: what Vite asks for.
const NODE_MIN: (u32, u32) = (20, 19);
/// What of `client/` the built files are made from.
const SOURCES: [&str; 6] = ["src", "public", "scripts", "index.html", "package-lock.json", "vite.config.ts"];
/// The services whose API it is typed by.
const SERVICES: [&str; 4] = ["auth", "orders", "payments", "tickets"];
/// How long a hold lasts in the browser's marketplace: long enough to pay, short enough to see it end.
pub const HOLD: Duration = Duration::from_secs(45);
/// How long that marketplace may take to answer.
const START_MAX: Duration = Duration::from_mins(5);

/// Whether there is a Node that builds it, and npm.
pub fn has_node() -> bool {
    let told = tools::find("node").and_then(|node| Command::new(node).arg("--version").output().ok());
    let told = told.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    version(&told).is_some_and(|version| version >= NODE_MIN) && tools::find("npm").is_some()
}

/// The first two numbers of `v20.19.1`.
fn version(told: &str) -> Option<(u32, u32)> {
    let mut numbers = told.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Where it is.
pub fn folder() -> PathBuf {
    cargo::root().join("client")
}

/// The words that make the built files what the sources are; none if they are.
pub fn outdated() -> Vec<Vec<&'static str>> {
    let (folder, mut todo) = (folder(), Vec::new());
    let newest = |names: &[&str]| names.iter().filter_map(|name| changed(&folder.join(name))).max();
    if newest(&["package-lock.json"]) > newest(&["node_modules/.package-lock.json"]) {
        todo.push(vec!["npm", "ci", "--no-fund", "--no-audit"]);
    }
    if newest(&SOURCES) > newest(&["dist/index.html"]) {
        todo.push(vec!["npm", "run", "build"]);
    }
    todo
}

/// When something in `path` last changed.
fn changed(path: &Path) -> Option<SystemTime> {
    let itself = fs::metadata(path).and_then(|metadata| metadata.modified()).ok()?;
    let within = fs::read_dir(path).into_iter().flatten().flatten().filter_map(|entry| changed(&entry.path()));
    Some(within.max().map_or(itself, |newest| newest.max(itself)))
}

/// Does what is [`outdated`] in `chain`, so that it ends with us.
pub fn build(chain: &mut Chain, todo: Vec<Vec<&'static str>>) -> anyhow::Result<()> {
    for words in todo {
        let mut program = Program::new("npm", &words);
        program.folder = folder();
        chain.start(program)?;
        if !chain.wait_for_last()?.success() {
            bail!("`{}` failed in client/: mend what it says above, then run this again", words.join(" "));
        }
    }
    Ok(())
}

/// Format, lints, types, logic, and the build with its budget.
pub fn check() -> anyhow::Result<()> {
    npm(&["ci", "--no-fund", "--no-audit"], &[])?;
    npm(&["run", "check"], &[])?;
    npm(&["test"], &[])?;
    let documents = tempfile::tempdir()?;
    for (service, program) in SERVICES.iter().zip(programs::binaries(SERVICES)?) {
        let mut run = Command::new(program);
        run.arg("openapi");
        write_output(run, &documents.path().join(format!("{service}.json")))?;
    }
    let documents = documents.path().to_str().context("a folder whose name is text")?;
    npm(&["run", "types", "--", documents, "--check"], &[])?;
    npm(&["run", "build"], &[])
}

fn write_output(mut command: Command, path: &Path) -> anyhow::Result<()> {
    let output = command.stderr(std::process::Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("{command:?} failed");
    }
    Ok(fs::write(path, output.stdout)?)
}

/// Tries it in a browser, on a marketplace started for that.
pub fn try_in_a_browser() -> anyhow::Result<()> {
    let mut chain = Chain::temporary()?;
    build(&mut chain, outdated())?;
    let (home, port) = (chain.folder().to_owned(), servers::port(0)?.to_string());
    let hold = format!("{}s", HOLD.as_secs());
    let [built, _] = programs::binaries(["marketplace", "stripe-sandbox"])?;
    let built = built.parent().context("a program lies in a folder")?;
    let this = cargo::this_program()?;
    let words = ["dev", "--yes", "--port", &port, "--hold", &hold].map(AsRef::<OsStr>::as_ref);
    let folders = [OsStr::new("--home"), home.as_os_str(), OsStr::new("--programs"), built.as_os_str()];
    let words = [this.as_os_str()].into_iter().chain(words).chain(folders);
    // Everybody comes from one address here.
    let many = ["TRIES_PER_ADDRESS", "PAYMENTS_TRIES_PER_ADDRESS"].map(|name| (name, "100000".into()));
    let mut marketplace = Program::new("dev", words).with_all(many.into());
    (marketplace.folder, marketplace.grace) = (cargo::root(), Duration::from_mins(1));
    chain.start(marketplace)?;
    chain.wait("dev", START_MAX, || Ok(servers::answers(&format!("127.0.0.1:{port}"))))?;
    let environment = environment(&format!("http://localhost:{port}"))?;
    let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    npm(&["run", "e2e"], &environment)
}

/// What the browser's tests have to know of a marketplace at `base`, whose orders hold a ticket for [`HOLD`].
pub fn environment(base: &str) -> anyhow::Result<Vec<(&'static str, String)>> {
    let chromium = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(tools::find);
    let chromium = chromium.context("no Chromium is here: install it")?;
    let chromium = chromium.to_str().context("a path that is text")?.to_owned();
    let seconds = HOLD.as_secs().to_string();
    Ok(vec![
        ("BASE_URL", base.to_owned()),
        ("HOLD_SECONDS", seconds),
        ("CHROMIUM", chromium),
        ("CI", "true".to_owned()),
    ])
}

/// Sees to it that what the tests stand on is installed.
pub fn install() -> anyhow::Result<()> {
    if outdated().iter().any(|words| words.contains(&"ci")) {
        npm(&["ci", "--no-fund", "--no-audit"], &[])?;
    }
    Ok(())
}

fn npm(words: &[&str], environment: &[(&str, &str)]) -> anyhow::Result<()> {
    let mut npm = Command::new("npm");
    npm.args(words).current_dir(folder()).envs(environment.iter().copied());
    // No browser is ever fetched: the machine's own is used.
    npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    if !npm.status().context("cannot run npm")?.success() {
        bail!("`npm {}` failed in client/", words.join(" "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_tells_its_version() {
        assert_eq!(version("v20.19.1\n"), Some((20, 19)));
        assert!(version("v18.20.4").unwrap() < NODE_MIN);
        assert!(version("v22.0.0").unwrap() > NODE_MIN);
        assert_eq!(version("not found"), None);
    }
}
