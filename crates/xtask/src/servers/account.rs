//! Postgres refuses to run as root: whom it runs as instead.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use crate::tools;

/// A user of this machine that is not root.
pub struct Account {
    name: &'static str,
    uid: u32,
    gid: u32,
}

impl Account {
    /// Whom to become if we are root: `postgres`, which its package makes, or else `nobody`.
    pub fn instead_of_root() -> anyhow::Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let found = ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| Some(Self { name, uid: number("-u", name)?, gid: number("-g", name)? }));
        found.map(Some).context("Postgres refuses to run as root, and there is neither a user `postgres` nor `nobody`: run this as another user")
    }

    /// Makes `folder`, for this user alone.
    pub fn make(&self, folder: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(folder)?;
        self.own(folder)
    }

    /// Gives `file` to this user.
    pub fn own(&self, file: &Path) -> anyhow::Result<()> {
        chown(file, Some(self.uid), Some(self.gid)).with_context(|| format!("cannot give {} away", file.display()))
    }

    /// `words`, run as this user, who works in `folder`.
    pub fn run(&self, words: Vec<OsString>, folder: &Path) -> anyhow::Result<Vec<OsString>> {
        let mut whole: Vec<OsString> = Vec::new();
        if tools::find("setpriv").is_some() {
            whole.extend(["setpriv", "--clear-groups"].map(Into::into));
            whole.extend([format!("--reuid={}", self.uid), format!("--regid={}", self.gid)].map(Into::into));
            if !self.reaches(folder) {
                // A clone below /root: the user keeps the one right of root's that opens folders on the way.
                whole.extend(["--inh-caps=+dac_override", "--ambient-caps=+dac_override"].map(Into::into));
            }
        } else if tools::find("runuser").is_some() && self.reaches(folder) {
            whole.extend(["runuser", "-u", self.name].map(Into::into));
        } else {
            bail!(
                "Postgres refuses to run as root, and as {} it cannot reach {}: run this as another user, or name a \
                 database in DATABASE_URL",
                self.name,
                folder.display()
            );
        }
        whole.push("--".into());
        whole.extend(words);
        Ok(whole)
    }

    /// Whether this user may enter `folder`.
    fn reaches(&self, folder: &Path) -> bool {
        let mut test = Command::new("test");
        test.arg("-x").arg(folder).current_dir("/").uid(self.uid).gid(self.gid);
        test.status().is_ok_and(|status| status.success())
    }
}

fn number(which: &str, name: &str) -> Option<u32> {
    let told = Command::new("id").args([which, name]).output().ok()?;
    String::from_utf8(told.stdout).ok()?.trim().parse().ok()
}
