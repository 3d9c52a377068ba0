//! A Postgres of our own: made once, started on a port, reached with a password that only we know.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};

use super::account::Account;
use super::{READY_MAX, on_a_port, random};
use crate::processes::{Chain, Program, StopBy};
use crate::tools;

/// After this it is killed, and reads its log at the next start.
const STOP_MAX: Duration = Duration::from_secs(30);

/// Five services with pools of their own, tools, and psql.
const CONNECTIONS_MAX: &str = "max_connections=200";

/// Sorts by code points everywhere; knows all capital letters.
const LOCALE: &str = if cfg!(target_os = "macos") { "--locale=en_US.UTF-8" } else { "--locale=C.UTF-8" };

/// What is given up, and what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Its data outlives a crash of the machine.
    Kept,
    /// Its data is thrown away anyway: nothing is synced.
    Temporary,
}

/// One server, running or not.
pub struct Postgres {
    data: PathBuf,
    password: String,
    port: u16,
    durability: Durability,
    account: Option<Account>,
}

impl Postgres {
    /// The server whose data is, or will be, in `data`.
    pub fn new(data: &Path, password: &str, durability: Durability) -> anyhow::Result<Self> {
        let account = Account::instead_of_root()?;
        Ok(Self { data: data.to_owned(), password: password.to_owned(), port: 0, durability, account })
    }

    /// A server for this run only, in a folder that its owner throws away.
    pub fn temporary(folder: &Path) -> anyhow::Result<Self> {
        Self::new(&folder.join("postgres"), &random(16)?, Durability::Temporary)
    }

    /// Makes its data if there is none, starts it in `chain`, on `wanted` if that port is free, and waits for it.
    pub fn start(&mut self, chain: &mut Chain, wanted: u16, log: &Path) -> anyhow::Result<()> {
        if !self.data.join("PG_VERSION").exists() {
            self.make()?;
        }
        on_a_port(chain, wanted, |chain, port| {
            self.port = port;
            chain.start(self.program(log)?)?;
            // Its own password tells it from another that was faster on this port.
            chain.wait("Postgres", READY_MAX, || Ok(self.psql("postgres", "select 1").is_ok()))
        })
    }

    fn program(&self, log: &Path) -> anyhow::Result<Program> {
        let mut words: Vec<OsString> = vec![self.binaries()?.join("postgres").into(), "-D".into()];
        words.push(self.data.clone().into());
        let port = format!("port={}", self.port);
        let mut settings = vec!["listen_addresses=127.0.0.1", "unix_socket_directories=", &port, CONNECTIONS_MAX];
        if self.durability == Durability::Temporary {
            settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"]);
        }
        words.extend(settings.iter().flat_map(|setting| ["-c".into(), OsString::from(setting)]));
        let mut program = Program::new("postgres", self.as_its_user(words)?);
        // Does not wait for clients to leave, unlike with TERM.
        (program.stop, program.grace, program.log) = (StopBy::Int, STOP_MAX, Some(log.to_owned()));
        Ok(program)
    }

    /// Where to connect for `database`.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// The URL without the password, for people.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Which version it is.
    pub fn version(&self) -> anyhow::Result<String> {
        let told = Command::new(self.binaries()?.join("postgres")).arg("--version").output()?;
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        Ok(told.split_whitespace().nth(2).unwrap_or("of an unknown version").to_owned())
    }

    /// Makes `database` unless it is there.
    pub fn create(&self, database: &str) -> anyhow::Result<()> {
        let there = self.psql("postgres", &format!("select 1 from pg_database where datname = '{database}'"))?;
        if there.trim().is_empty() {
            self.psql("postgres", &format!("create database \"{database}\""))?;
        }
        Ok(())
    }

    /// Has psql do `sql`, as many statements as there are, and gives what it prints.
    pub fn psql(&self, database: &str, sql: &str) -> anyhow::Result<String> {
        let mut psql = Command::new(self.binaries()?.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d"]).arg(self.url(database)).args(["-f", "-"]);
        psql.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = psql.spawn().context("cannot run psql")?;
        // psql reads all of it before it says more than a pipe holds: notices and one error.
        child.stdin.take().context("psql's input")?.write_all(sql.as_bytes())?;
        let said = child.wait_with_output()?;
        if !said.status.success() {
            bail!("psql: {}", String::from_utf8_lossy(&said.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&said.stdout).into_owned())
    }

    /// Makes the data beside its place and moves it there, so that what is in the place is whole.
    fn make(&self) -> anyhow::Result<()> {
        let parent = self.data.parent().context("the data's folder")?;
        let unfinished = parent.join("postgres.unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).with_context(|| format!("cannot remove {}", unfinished.display()))?;
        }
        fs::create_dir_all(parent)?;
        if let Some(account) = &self.account {
            account.make(&unfinished)?;
        } else {
            fs::create_dir(&unfinished)?;
        }
        let mut password = tempfile::NamedTempFile::new()?;
        password.write_all(self.password.as_bytes())?;
        if let Some(account) = &self.account {
            account.own(password.path())?;
        }
        let mut words: Vec<OsString> =
            vec![self.binaries()?.join("initdb").into(), "-D".into(), unfinished.clone().into()];
        words.extend(["-U", "postgres", "-E", "UTF8", LOCALE, "-A", "scram-sha-256", "--pwfile"].map(Into::into));
        words.push(password.path().into());
        if self.durability == Durability::Temporary {
            words.push("--no-sync".into());
        }
        let words = self.as_its_user(words)?;
        let said = Command::new(&words[0]).args(&words[1..]).current_dir("/").output().context("cannot run initdb")?;
        if !said.status.success() {
            bail!("initdb: {}", String::from_utf8_lossy(&said.stderr).trim());
        }
        fs::rename(&unfinished, &self.data)?;
        Ok(())
    }

    fn as_its_user(&self, words: Vec<OsString>) -> anyhow::Result<Vec<OsString>> {
        match &self.account {
            Some(account) => account.run(words, self.data.parent().unwrap_or(Path::new("/"))),
            None => Ok(words),
        }
    }

    /// The programs of the version that made the data; of the newest where there is none yet.
    fn binaries(&self) -> anyhow::Result<PathBuf> {
        let made_by = match fs::read_to_string(self.data.join("PG_VERSION")) {
            Ok(version) => Some(version.trim().to_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(error).with_context(|| {
                    format!("{} is another user's: run this as that user, or remove it", self.data.display())
                });
            }
        };
        tools::postgres_folders()
            .into_iter()
            .find(|(version, _)| made_by.as_ref().is_none_or(|made_by| made_by == version))
            .map(|(_, folder)| folder)
            .with_context(|| match made_by {
                Some(version) => format!(
                    "{} was made by PostgreSQL {version}, which is not installed: install it, or start with --fresh, \
                     which forgets the data",
                    self.data.display()
                ),
                None => "PostgreSQL's server programs are nowhere: install them (`initdb`, `postgres`, `psql`)".into(),
            })
    }
}
