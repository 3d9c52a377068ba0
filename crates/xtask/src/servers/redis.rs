//! A Redis of our own, which writes down what it is told and asks for a password.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;

use super::{ANSWER_MAX, READY_MAX, on_a_port};
use crate::processes::{Chain, Program};
use crate::tools;

/// After this it is killed; it loses at most the last second.
const STOP_MAX: Duration = Duration::from_secs(15);

/// One server, running or not.
pub struct Redis {
    data: PathBuf,
    password: String,
    port: u16,
}

impl Redis {
    /// The server whose data is, or will be, in `data`.
    pub fn new(data: &Path, password: &str) -> Self {
        Self { data: data.to_owned(), password: password.to_owned(), port: 0 }
    }

    /// Starts it in `chain`, on `wanted` if that port is free, and waits until it has read its data.
    pub fn start(&mut self, chain: &mut Chain, wanted: u16, log: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(&self.data)?;
        let redis = tools::find("redis-server").context("redis-server is nowhere: install it")?;
        on_a_port(chain, wanted, |chain, port| {
            self.port = port;
            let configuration = self.configure()?;
            let mut program = Program::new("redis", [redis.as_os_str(), configuration.as_os_str()]);
            (program.grace, program.log) = (STOP_MAX, Some(log.to_owned()));
            chain.start(program)?;
            chain.wait("Redis", READY_MAX, || Ok(self.answers().unwrap_or(false)))
        })
    }

    /// Where to connect.
    pub fn url(&self) -> String {
        format!("redis://:{}@127.0.0.1:{}", self.password, self.port)
    }

    /// The URL without the password, for people.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Which version it is.
    pub fn version() -> anyhow::Result<String> {
        let told = Command::new("redis-server").arg("--version").output()?;
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        let version = told.split_whitespace().find_map(|word| word.strip_prefix("v="));
        Ok(version.unwrap_or("of an unknown version").to_owned())
    }

    /// Its settings go by a file: everybody may read the arguments of a process, and one is the password.
    fn configure(&self) -> anyhow::Result<PathBuf> {
        let path = self.data.join("redis.conf");
        let folder = self.data.to_str().context("the project's path is not UTF-8")?;
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&path)?;
        writeln!(file, "bind 127.0.0.1\nport {}\nrequirepass {}\ndir {folder:?}", self.port, self.password)?;
        // Every write is written down within a second, so that no timer is lost with the process.
        writeln!(file, "appendonly yes\nappendfsync everysec\nsave \"\"\ndaemonize no")?;
        Ok(path)
    }

    fn answers(&self) -> std::io::Result<bool> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let mut socket = TcpStream::connect_timeout(&address, ANSWER_MAX)?;
        socket.set_read_timeout(Some(ANSWER_MAX))?;
        write!(socket, "AUTH {}\r\nPING\r\nQUIT\r\n", self.password)?;
        let mut said = String::new();
        socket.read_to_string(&mut said)?;
        // Another one that was faster on this port knows another password, or none.
        Ok(said.starts_with("+OK\r\n+PONG\r\n"))
    }
}
