//! A home folder in which Chromium trusts an authority of ours. The machine's and everybody's own stay as they are.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::compose::output;

/// Has Chromium trust `authority`, the file of a certificate, where its home is `home`.
pub fn trust(authority: &Path, home: &Path) -> anyhow::Result<()> {
    let store = home.join(".pki/nssdb");
    fs::create_dir_all(&store)?;
    let name = format!("sql:{}", store.display());
    output(Command::new("certutil").args(["-d", &name, "-N", "--empty-password"]))?;
    let mut add = Command::new("certutil");
    output(add.args(["-d", &name, "-A", "-t", "C,,", "-n", "ticketing", "-i"]).arg(authority))?;
    Ok(())
}
