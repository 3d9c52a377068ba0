//! An authority of our own, a certificate of its, and a home folder in which browsers trust it. No use after the run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::compose::output;

/// For how many days what is made here is good: a run takes minutes, and clocks differ.
const DAYS: &str = "2";

/// Makes `tls.crt` and `tls.key` for `hosts` in `served`, and gives the authority's certificate, which is in `folder`.
pub fn certify(hosts: &[String], folder: &Path, served: &Path) -> anyhow::Result<PathBuf> {
    let (authority, its_key) = (folder.join("authority.pem"), folder.join("authority.key"));
    let (request, extensions) = (folder.join("request.pem"), folder.join("extensions"));
    let names: Vec<String> = hosts.iter().map(|host| format!("DNS:{host}")).collect();
    fs::write(&extensions, format!("subjectAltName={}\nbasicConstraints=critical,CA:FALSE\n", names.join(",")))?;

    let mut root = openssl(&["req", "-x509", "-days", DAYS, "-subj", "/CN=ticketing's tests"]);
    root.args(NEW_KEY).arg(&its_key).arg("-out").arg(&authority);
    output(&mut root)?;
    let mut ask = openssl(&["req", "-subj", "/CN=ticketing"]);
    ask.args(NEW_KEY).arg(served.join("tls.key")).arg("-out").arg(&request);
    output(&mut ask)?;
    let mut sign = openssl(&["x509", "-req", "-days", DAYS, "-CAcreateserial"]);
    sign.arg("-in").arg(&request).arg("-extfile").arg(&extensions);
    sign.arg("-CA").arg(&authority).arg("-CAkey").arg(&its_key).arg("-out").arg(served.join("tls.crt"));
    output(&mut sign)?;
    Ok(authority)
}

const NEW_KEY: [&str; 6] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout"];

fn openssl(words: &[&str]) -> Command {
    let mut openssl = Command::new("openssl");
    openssl.args(words).stdin(Stdio::null());
    openssl
}

/// Has Chromium trust `authority` where its home is `home`.
pub fn trust(authority: &Path, home: &Path) -> anyhow::Result<()> {
    let store = home.join(".pki/nssdb");
    fs::create_dir_all(&store)?;
    let name = format!("sql:{}", store.display());
    output(Command::new("certutil").args(["-d", &name, "-N", "--empty-password"]))?;
    let mut add = Command::new("certutil");
    output(add.args(["-d", &name, "-A", "-t", "C,,", "-n", "ticketing's tests", "-i"]).arg(authority))?;
    Ok(())
}
