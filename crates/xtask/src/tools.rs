//! What the tests need from outside the repository, and how it is installed.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

/// A program, the packages it comes in, and why it is needed.
pub struct Tool {
    program: &'static str,
    apt: &'static str,
    brew: &'static str,
    why: &'static str,
}

/// The server whose behaviour ours is compared with.
pub const NATS_SERVER: Tool = Tool {
    program: "nats-server",
    apt: "nats-server",
    brew: "nats-server",
    why: "the conformance tests run against it too: what passes here is JetStream, not a look-alike",
};

impl Tool {
    /// Where the program is, installing it if it is nowhere.
    pub fn ensure(&self, yes: bool) -> anyhow::Result<PathBuf> {
        if let Some(path) = find(self.program) {
            return Ok(path);
        }
        eprintln!("{} is missing: {}.", self.program, self.why);
        let install = self.command()?;
        eprintln!("To be run: {}", install.join(" "));
        if !yes && !confirmed()? {
            bail!("not installed; install it by hand, or run this again with --yes");
        }
        if install[0] == "apt-get" {
            // Without a list of packages there is nothing to install from.
            let _ = Command::new("apt-get").args(["update", "-qq"]).status();
        }
        let status = Command::new(&install[0]).args(&install[1..]).status();
        let status = status.with_context(|| format!("cannot run {}", install[0]))?;
        if !status.success() {
            bail!("`{}` failed", install.join(" "));
        }
        find(self.program).with_context(|| format!("{} was installed but is not on the PATH", self.program))
    }

    fn command(&self) -> anyhow::Result<Vec<String>> {
        let words = if find("apt-get").is_some() {
            let install = ["apt-get", "install", "-y", "-qq", self.apt];
            let root = std::env::var("USER").is_ok_and(|user| user == "root") || find("sudo").is_none();
            if root { install.to_vec() } else { [&["sudo"], &install[..]].concat() }
        } else if find("brew").is_some() {
            vec!["brew", "install", self.brew]
        } else {
            bail!("neither apt-get nor brew is here: install {} by hand", self.program);
        };
        Ok(words.into_iter().map(str::to_owned).collect())
    }
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let also = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(also).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Asks at a terminal; elsewhere nobody can answer, and the answer is yes.
fn confirmed() -> anyhow::Result<bool> {
    use std::io::IsTerminal;
    if !std::io::stdin().is_terminal() {
        return Ok(true);
    }
    eprint!("Go ahead? [Y/n] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "" | "y" | "yes"))
}
