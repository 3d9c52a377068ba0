//! The folder `.dev`: data, logs, secrets, and the lock that lets one of us at it.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::servers::random;

/// What `--fresh` forgets.
const DATA: [&str; 4] = ["postgres", "redis", "stripe", "streams"];

/// The folder, ours alone until it is dropped.
pub struct Home {
    path: PathBuf,
    _lock: File,
}

impl Home {
    /// The folder `.dev` in `root`, for a marketplace on `port`. Fails if another run has it.
    pub fn open(root: &Path, port: u16) -> anyhow::Result<Self> {
        let path = root.join(".dev");
        for folder in ["logs", "run"] {
            fs::create_dir_all(path.join(folder))
                .with_context(|| format!("cannot make {}", path.join(folder).display()))?;
        }
        // The lock goes with the process that holds it, however it ends: what a dead one wrote is only for reading.
        let open = OpenOptions::new().create(true).read(true).write(true).truncate(false).open(path.join("lock"));
        let mut lock = open.with_context(|| format!("cannot open {}", path.join("lock").display()))?;
        if lock.try_lock().is_err() {
            let mut other = String::new();
            lock.read_to_string(&mut other)?;
            let (process, port) = other.trim().split_once(' ').unwrap_or(("?", "?"));
            bail!(
                "cargo xtask dev runs here already, as process {process} with the marketplace on \
                 http://localhost:{port}: use that one, or stop it with Ctrl-C there or `kill {process}`"
            );
        }
        lock.set_len(0)?;
        lock.rewind()?;
        writeln!(lock, "{} {port}", std::process::id())?;
        Ok(Self { path, _lock: lock })
    }

    /// Where running programs are noted.
    pub fn running(&self) -> PathBuf {
        self.path.join("run")
    }

    /// Where the data of `server` is.
    pub fn folder(&self, server: &str) -> PathBuf {
        self.path.join(server)
    }

    /// Where `program` writes its log.
    pub fn log(&self, program: &str) -> PathBuf {
        self.path.join("logs").join(format!("{program}.log"))
    }

    /// Removes the data.
    pub fn forget(&self) -> anyhow::Result<()> {
        for folder in DATA.map(|name| self.folder(name)) {
            if folder.exists() {
                fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
            }
        }
        Ok(())
    }

    /// Each log begins anew; the one before is kept beside it, as `….log.1`.
    pub fn turn_logs(&self) -> anyhow::Result<()> {
        for entry in fs::read_dir(self.path.join("logs"))?.flatten() {
            let log = entry.path();
            if log.extension().is_some_and(|extension| extension == "log") {
                fs::rename(&log, log.with_extension("log.1"))?;
            }
        }
        Ok(())
    }

    /// The secrets, made the first time.
    pub fn secrets(&self) -> anyhow::Result<Secrets> {
        let path = self.path.join("secrets");
        let kept = match fs::read_to_string(&path) {
            Ok(text) => Secrets::read(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        if let Some(secrets) = kept {
            return Ok(secrets);
        }
        if self.folder("postgres").exists() {
            bail!("{} is gone or damaged, and Postgres' password with it: start with --fresh", path.display());
        }
        let secrets = Secrets { jwt: random(32)?, postgres: random(16)?, redis: random(16)?, stripe: random(16)? };
        self.write_privately("secrets", &secrets.written())?;
        Ok(secrets)
    }

    /// Notes what `marketplace` was started with, for whoever wants to start it by hand.
    pub fn note(&self, variables: &[(&'static str, OsString)]) -> anyhow::Result<()> {
        let lines = variables.iter().map(|(name, value)| format!("{name}='{}'\n", value.display()));
        self.write_privately("env", &lines.collect::<String>())
    }

    /// Where to look, for people.
    pub fn told(&self) -> String {
        let path = self.path.display();
        format!("logs are in {path}/logs, its variables in {path}/env; Ctrl-C stops all of it")
    }

    fn write_privately(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let (unfinished, path) = (self.path.join(format!("{name}.unfinished")), self.path.join(name));
        let _ = fs::remove_file(&unfinished);
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, &path).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// What nobody else on this machine shall know; of no worth anywhere else.
#[derive(Debug, PartialEq, Eq)]
pub struct Secrets {
    /// Signs the sessions.
    pub jwt: String,
    /// The password of Postgres.
    pub postgres: String,
    /// The password of Redis.
    pub redis: String,
    stripe: String,
}

impl Secrets {
    /// The key that Stripe's stand-in takes.
    pub fn stripe_key(&self) -> String {
        format!("sk_test_{}", self.stripe)
    }

    /// The key that a browser may know; of the stand-in it tells the other one too.
    pub fn stripe_publishable_key(&self) -> String {
        format!("pk_test_{}", self.stripe)
    }

    /// Signs the webhooks of Stripe's stand-in.
    pub fn stripe_webhook_secret(&self) -> String {
        format!("whsec_{}", self.stripe)
    }

    fn written(&self) -> String {
        format!("jwt={}\npostgres={}\nredis={}\nstripe={}\n", self.jwt, self.postgres, self.redis, self.stripe)
    }

    fn read(text: &str) -> Option<Self> {
        let value = |name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            value.filter(|value| !value.is_empty()).map(str::to_owned)
        };
        Some(Self {
            jwt: value("jwt")?,
            postgres: value("postgres")?,
            redis: value("redis")?,
            stripe: value("stripe")?,
        })
    }

    /// Known ones.
    #[cfg(test)]
    pub fn for_tests() -> Self {
        Self { jwt: "j".repeat(64), postgres: "pg".into(), redis: "rd".into(), stripe: "stripe".into() }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn secrets_are_made_once_and_for_their_owner_only() {
        let root = tempfile::tempdir().unwrap();
        let home = Home::open(root.path(), 3000).unwrap();
        let secrets = home.secrets().unwrap();
        assert_eq!(secrets.jwt.len(), 64);
        assert_eq!(home.secrets().unwrap(), secrets);
        let mode = fs::metadata(root.path().join(".dev/secrets")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn damaged_secrets_are_not_replaced_while_a_database_depends_on_them() {
        let root = tempfile::tempdir().unwrap();
        let home = Home::open(root.path(), 3000).unwrap();
        fs::write(root.path().join(".dev/secrets"), "jwt=x\n").unwrap();
        fs::create_dir(home.folder("postgres")).unwrap();
        assert!(home.secrets().unwrap_err().to_string().contains("--fresh"));
        home.forget().unwrap();
        assert!(home.secrets().is_ok());
    }

    #[test]
    fn a_second_run_is_told_where_the_first_is_until_that_ends() {
        let root = tempfile::tempdir().unwrap();
        let first = Home::open(root.path(), 3001).unwrap();
        let error = Home::open(root.path(), 3000).err().unwrap().to_string();
        assert!(error.contains(&format!("process {} ", std::process::id())), "{error}");
        assert!(error.contains("http://localhost:3001:"), "{error}");
        drop(first);
        assert!(Home::open(root.path(), 3000).is_ok());
    }

    #[test]
    fn the_log_of_the_run_before_is_kept() {
        let root = tempfile::tempdir().unwrap();
        let home = Home::open(root.path(), 3000).unwrap();
        for text in ["one", "two"] {
            home.turn_logs().unwrap();
            fs::write(home.log("redis"), text).unwrap();
        }
        home.turn_logs().unwrap();
        assert!(!home.log("redis").exists());
        assert_eq!(fs::read_to_string(root.path().join(".dev/logs/redis.log.1")).unwrap(), "two");
    }
}
