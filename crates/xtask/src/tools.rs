//! What has to be there besides Rust, why, and how it is installed.

use std::fs;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::{client, infra};

/// A program, the packages it comes in, and why it is needed.
pub struct Tool {
    name: &'static str,
    apt: &'static str,
    brew: &'static str,
    why: &'static str,
    is_here: fn() -> bool,
}

/// The server whose behaviour ours is compared with.
pub const NATS_SERVER: Tool = Tool {
    name: "nats-server",
    apt: "nats-server",
    brew: "nats-server",
    why: "the conformance tests run against it too: what passes here is JetStream, not a look-alike",
    is_here: || find("nats-server").is_some(),
};

/// Where the services keep their rows.
pub const POSTGRES: Tool = Tool {
    name: "PostgreSQL",
    apt: "postgresql",
    brew: "postgresql@17",
    why: "the services keep their rows in it (one of our own is started; a server the package starts is left alone)",
    is_here: || !postgres_folders().is_empty(),
};

/// Where the streaming server can keep its streams, besides Postgres.
pub const MARIADB: Tool = Tool {
    name: "MariaDB",
    apt: "mariadb-server",
    brew: "mariadb",
    why: "the streaming server's SQL store is tried on it (one of our own is started; what the package starts is left alone)",
    is_here: || find("mariadbd").is_some() && find("mariadb-install-db").is_some(),
};

/// Where the timers of holds are.
pub const REDIS: Tool = Tool {
    name: "Redis",
    apt: "redis-server",
    brew: "redis",
    why: "the timers of held tickets are in it (one of our own is started here too)",
    is_here: || find("redis-server").is_some(),
};

/// What builds and checks the web client, and runs the streaming server's oldest clients.
pub const NODE: Tool = Tool {
    name: "Node 20.19 or newer, with npm",
    apt: "nodejs npm",
    brew: "node",
    why: "the web client is built with it, and NATS Streaming's client for Node is tried with the streaming server",
    is_here: client::has_node,
};

/// What installs the checkers of manifests, Dockerfiles and workflows.
pub const PYTHON: Tool = Tool {
    name: "Python 3 with venv",
    apt: "python3 python3-venv",
    brew: "python",
    why: "manifests, Dockerfiles and workflows are checked by programs that come by it",
    is_here: infra::has_python,
};

/// The browser the web client is tried in.
pub const CHROMIUM: Tool = Tool {
    name: "Chromium",
    apt: "chromium fonts-liberation",
    brew: "chromium",
    why: "the web client is tried in it",
    is_here: || ["chromium", "chromium-browser", "google-chrome"].into_iter().any(|name| find(name).is_some()),
};

/// What tells a browser whom to trust.
pub const CERTUTIL: Tool = Tool {
    name: "certutil",
    apt: "libnss3-tools",
    brew: "nss",
    why: "the browser of these tests is told by it to trust their certificate (yours is not)",
    is_here: || find("certutil").is_some(),
};

/// Sees to it that `tools` are there: says what is missing and why, and installs it, at a terminal only after asking.
pub fn ensure(tools: &[&Tool], yes: bool) -> anyhow::Result<()> {
    let missing: Vec<&Tool> = tools.iter().copied().filter(|tool| !(tool.is_here)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for tool in &missing {
        eprintln!("{} is missing: {}.", tool.name, tool.why);
    }
    let commands = commands(&missing)?;
    for command in &commands {
        eprintln!("To be run: {}", command.join(" "));
    }
    if !yes && !confirmed()? {
        bail!("nothing was installed: install it by hand, or run this again with --yes");
    }
    for (index, command) in commands.iter().enumerate() {
        let mut run = Command::new(command[0]);
        run.args(&command[1..]).env("DEBIAN_FRONTEND", "noninteractive");
        let status = run.status().with_context(|| format!("cannot run {}", command[0]))?;
        // The list of packages may be new enough although it could not be renewed: the last command tells.
        if !status.success() && index + 1 == commands.len() {
            bail!("`{}` failed: install it by hand, then run this again", command.join(" "));
        }
    }
    for tool in missing {
        if !(tool.is_here)() {
            bail!("{} is not what was installed, or its programs are not on the PATH: install it by hand", tool.name);
        }
    }
    Ok(())
}

fn commands(missing: &[&Tool]) -> anyhow::Result<Vec<Vec<&'static str>>> {
    if find("apt-get").is_some() {
        let root = rustix::process::geteuid().is_root();
        if !root && find("sudo").is_none() {
            bail!("this user may not install packages, and there is no sudo: install {} by hand", names(missing));
        }
        let sudo: &[&str] = if root { &[] } else { &["sudo"] };
        let packages: Vec<&str> = missing.iter().flat_map(|tool| tool.apt.split(' ')).collect();
        let update = [sudo, &["apt-get", "update", "-qq"]].concat();
        return Ok(vec![
            update,
            [sudo, &["apt-get", "install", "-y", "-qq", "--no-install-recommends"], &packages].concat(),
        ]);
    }
    if find("brew").is_some() {
        let packages: Vec<&str> = missing.iter().map(|tool| tool.brew).collect();
        return Ok(vec![[&["brew", "install"], &packages[..]].concat()]);
    }
    bail!("neither apt-get nor brew is here: install {} by hand", names(missing))
}

fn names(tools: &[&Tool]) -> String {
    tools.iter().map(|tool| tool.name).collect::<Vec<_>>().join(" and ")
}

/// Where `program` is: on the PATH, or where Debian keeps what only root was once meant to run.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let also = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(also).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Where the programs of Postgres are, with the version of each, the newest first: Debian and Homebrew keep several beside
/// each other and none of them on the PATH.
pub fn postgres_folders() -> Vec<(String, PathBuf)> {
    let mut folders = Vec::new();
    for parent in ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"] {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let version = name.strip_prefix("postgresql@").unwrap_or(&name);
            if version.parse::<u32>().is_ok() {
                folders.push((version.to_owned(), entry.path().join("bin")));
            }
        }
    }
    if let Some(folder) = find("postgres").and_then(|program| Some(program.canonicalize().ok()?.parent()?.to_owned())) {
        let told = Command::new(folder.join("postgres")).arg("--version").output();
        let told = told.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let version = told.split_whitespace().nth(2).and_then(|version| version.split('.').next());
        folders.extend(version.map(|version| (version.to_owned(), folder)));
    }
    folders.retain(|(_, folder)| {
        ["initdb", "postgres", "psql", "pg_isready"].iter().all(|name| folder.join(name).exists())
    });
    folders.sort_by_key(|(version, _)| std::cmp::Reverse(version.parse::<u32>().unwrap_or_default()));
    folders
}

/// Asks at a terminal; elsewhere nobody can answer, and the answer is yes.
fn confirmed() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Ok(true);
    }
    eprint!("Go ahead? [Y/n] ");
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer)?;
    Ok(read > 0 && matches!(answer.trim().to_ascii_lowercase().as_str(), "" | "y" | "yes"))
}
