//! The programs in our images: what each may be told, and what it refuses.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

use super::settings::Setting;
use super::tree::Tree;

/// A key too short to sign with: a service that is told it looks at all its settings, refuses this one, and ends.
const WEAK_KEY: &str = "weak";
/// How it says so.
const WEAK_KEY_REFUSED: &str = "JWT_KEY is wrong: it must have ";

/// How a program can be asked.
enum Kind {
    /// By an environment in which nothing is wrong but the key.
    Service(PathBuf),
    /// By `-t`, which checks and serves nothing.
    Streaming(PathBuf),
    /// It cannot: only its names are known.
    Other,
}

/// One of them.
pub struct Program {
    known: BTreeSet<String>,
    kind: Kind,
}

/// The program in the image `ticketing/<image>`, of those in `folder`.
pub fn find(tree: &Tree, image: &str, folder: &Path) -> anyhow::Result<Program> {
    let get = |package: &str, name: &str| {
        let path = folder.join(name);
        ensure!(path.is_file(), "there is no {}: `cargo build --package {package}`", path.display());
        Ok(path)
    };
    match image {
        "client" => {
            // nginx reads no environment; the script that starts it does.
            let script = tree.read("docker/nginx/client.sh")?;
            let known = script.split("${").skip(1).filter_map(|rest| rest.split([':', '}', '-']).next());
            Ok(Program { known: known.map(str::to_owned).collect(), kind: Kind::Other })
        }
        "streaming-server" => {
            let path = get("streaming", "streaming-server")?;
            let known = flags(&help(&path)?).map(|flag| format!("STREAMING_{flag}")).collect();
            Ok(Program { known, kind: Kind::Streaming(path) })
        }
        "stripe-sandbox" => {
            let help = help(&get("stripe-sandbox", "stripe-sandbox")?)?;
            let known = help.split("[env: ").skip(1).filter_map(|rest| rest.split(['=', ']']).next());
            Ok(Program { known: known.map(str::to_owned).collect(), kind: Kind::Other })
        }
        service => {
            let path = get(service, service)?;
            Ok(Program { known: flags(&help(&path)?).collect(), kind: Kind::Service(path) })
        }
    }
}

impl Program {
    /// Whether it reads the variable `name`.
    pub fn knows(&self, name: &str) -> bool {
        self.known.contains(name)
    }

    /// What it finds wrong with these `words` and `settings`.
    pub fn refuses(&self, words: &[&str], settings: &[Setting]) -> anyhow::Result<Vec<String>> {
        let set = settings.iter().filter(|setting| !setting.optional).map(|setting| {
            let stand_in = || stand_in(&setting.name).to_owned();
            (setting.name.clone(), setting.value.clone().unwrap_or_else(stand_in))
        });
        let (path, words) = match &self.kind {
            Kind::Service(path) => (path, words.to_vec()),
            Kind::Streaming(path) => (path, [words, &["-t"]].concat()),
            Kind::Other => return Ok(Vec::new()),
        };
        let mut command = Command::new(path);
        command.args(words).env_clear().envs(set).stdin(Stdio::null());
        let output = command.output().with_context(|| format!("cannot run {}", path.display()))?;
        let said = String::from_utf8_lossy(&output.stderr);
        if matches!(self.kind, Kind::Streaming(_)) {
            return Ok(if output.status.success() { Vec::new() } else { vec![said.trim().to_owned()] });
        }
        let mut faults: Vec<String> = said.lines().map(|line| line.trim().to_owned()).collect();
        let before = faults.len();
        faults.retain(|line| !line.starts_with(WEAK_KEY_REFUSED));
        if faults.len() == before && faults.is_empty() {
            bail!("{} was told a key too weak to sign with, and said nothing of it", path.display());
        }
        faults.retain(|line| line != "the settings are not complete:");
        Ok(faults)
    }
}

/// What may stand where the manifests name a secret.
fn stand_in(name: &str) -> &'static str {
    match name {
        "JWT_KEY" => WEAK_KEY,
        "NATS_URL" => "nats://nats",
        "REDIS_HOST" => "redis",
        name if name.ends_with("_DATABASE_URL") => "postgres://postgres/ticketing",
        _ => "x",
    }
}

/// The options that `help` tells of, written as variables are: `--nats-url` is `NATS_URL`. Of several names the last counts.
fn flags(help: &str) -> impl Iterator<Item = String> {
    let options = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    options.filter_map(|line| {
        // What it does follows after two spaces.
        let (_, name) = line.split("  ").next()?.rsplit_once("--")?;
        let name = name.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').next()?;
        Some(name.replace('-', "_").to_ascii_uppercase())
    })
}

fn help(path: &PathBuf) -> anyhow::Result<String> {
    let output = Command::new(path).arg("--help").env_clear().output();
    let output = output.with_context(|| format!("cannot run {}", path.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_programs_help_names_its_variables() {
        let help = "Usage: x [OPTIONS] --nats-url <NATS_URL>\n      --nats-url <NATS_URL>\n  -p, --port <PORT>\n  -a, --addr, --host <host>  where, as --x says\n";
        let flags: BTreeSet<String> = flags(help).collect();
        assert_eq!(flags.iter().map(String::as_str).collect::<Vec<_>>(), ["HOST", "NATS_URL", "PORT"]);
    }
}
