//! The files by which others find a running server: its process id and its ports.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Options;

/// The files we left; dropped, they are gone.
#[derive(Debug)]
pub struct Files(Vec<PathBuf>);

/// `{"nats":["nats://127.0.0.1:4222"],"monitoring":["http://127.0.0.1:8222"]}`
#[derive(Serialize)]
struct Ports {
    nats: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    monitoring: Vec<String>,
}

/// Writes the files `options` ask for, once the sockets are bound to these addresses. The error names the file.
pub fn write(options: &Options, client: SocketAddr, monitor: Option<SocketAddr>) -> io::Result<Files> {
    let mut files = Files(Vec::new());
    let process = std::process::id();
    if let Some(path) = &options.pid_file {
        files.write(path, &process.to_string())?;
    }
    if let Some(folder) = &options.ports_file_dir {
        let scheme = if options.tls.is_some() { "tls" } else { "nats" };
        let ports = Ports {
            nats: vec![url(scheme, client)],
            monitoring: monitor.map(|address| url("http", address)).into_iter().collect(),
        };
        // Tools look for the name of the program they stand up for, not for ours.
        files.write(&folder.join(format!("nats-server_{process}.ports")), &serde_json::to_string(&ports)?)?;
    }
    Ok(files)
}

impl Files {
    /// In one step, so that nobody reads half of it.
    fn write(&mut self, path: &Path, text: &str) -> io::Result<()> {
        let mut aside = path.as_os_str().to_owned();
        aside.push(".new");
        let written = fs::write(&aside, text).and_then(|()| fs::rename(&aside, path));
        written.map_err(|error| io::Error::new(error.kind(), format!("cannot write {}: {error}", path.display())))?;
        self.0.push(path.to_owned());
        Ok(())
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = fs::remove_file(path); // Somebody may have tidied up before us.
        }
    }
}

/// One a client on this machine can use.
fn url(scheme: &str, mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("{scheme}://{address}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_find_us_by_our_files_as_long_as_we_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let pid_file = folder.path().join("server.pid");
        let options = Options {
            pid_file: Some(pid_file.clone()),
            ports_file_dir: Some(folder.path().into()),
            ..Options::default()
        };
        let process = std::process::id();
        let ports_file = folder.path().join(format!("nats-server_{process}.ports"));
        let address = |text: &str| text.parse().expect("an address");

        let files = write(&options, address("0.0.0.0:4222"), Some(address("[::]:8222"))).expect("written");

        let read = |path: &Path| fs::read_to_string(path).expect("there");
        assert_eq!(read(&pid_file), process.to_string());
        let ports = r#"{"nats":["nats://127.0.0.1:4222"],"monitoring":["http://[::1]:8222"]}"#;
        assert_eq!(read(&ports_file), ports);

        drop(files);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named_and_the_others_are_taken_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let options = Options {
            pid_file: Some(folder.path().join("server.pid")),
            ports_file_dir: Some("/nowhere".into()),
            ..Options::default()
        };
        let address = "127.0.0.1:4222".parse().expect("an address");
        let error = write(&options, address, None).expect_err("no such folder").to_string();
        assert!(error.starts_with("cannot write /nowhere/nats-server_"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }
}
