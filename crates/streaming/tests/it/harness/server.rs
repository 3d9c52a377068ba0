//! A server as a process: started on a free port, stopped, killed, started again.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use tempfile::TempDir;

use super::{PATIENCE, POLL_INTERVAL};

/// A server of our own, with a store of its own. Dropping it kills it and removes the store.
pub struct Server {
    child: Option<Child>,
    port: u16,
    args: Vec<String>,
    home: TempDir,
}

impl Server {
    /// Starts a server on a free port with `JetStream` on, and `args` after the usual ones.
    pub fn start(args: &[&str]) -> Self {
        let mut server = Self::at_home();
        server.args = args.iter().map(ToString::to_string).collect();
        server.spawn();
        server
    }

    /// Starts a server that also reads `config`, written in the syntax of NATS.
    pub fn with_config(config: &str) -> Self {
        let mut server = Self::at_home();
        server.configure(config);
        server.args = vec!["-c".into(), server.home.path().join("server.conf").display().to_string()];
        server.spawn();
        server
    }

    /// What the server will read at its next start. `STORE` in it stands for the folder of its store.
    pub fn configure(&self, config: &str) {
        let store = format!("\"{}\"", self.home.path().join("store").display());
        let path = self.home.path().join("server.conf");
        fs::write(path, config.replace("STORE", &store)).expect("the server's configuration");
    }

    fn at_home() -> Self {
        let home = tempfile::tempdir().expect("a directory for the server");
        Self { child: None, port: 0, args: Vec::new(), home }
    }

    /// Where to connect to.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Where to connect to, without a client library.
    pub fn address(&self) -> (&'static str, u16) {
        ("127.0.0.1", self.port)
    }

    /// Where its monitoring answers now, `host:port`.
    pub fn monitor(&self) -> String {
        let pid = self.child.as_ref().expect("the server runs").id();
        let ports = ports_in(&self.home.path().join("ports"), pid).expect("a started server told them");
        let url = ports["monitoring"][0].as_str().expect("it was started with -m");
        url.trim_start_matches("http://").to_owned()
    }

    /// The youngest of the files that hold a stream's messages.
    pub fn last_file_of_stream(&self, stream: &str) -> PathBuf {
        let folder = self.home.path().join("store/jetstream/streams").join(stream);
        let files = fs::read_dir(folder).expect("the stream's folder").flatten().map(|file| file.path());
        let logs = files.filter(|path| path.extension().is_some_and(|kind| kind == "log"));
        logs.max().expect("a file of messages")
    }

    /// What the process takes of the machine's memory, by `/proc`.
    pub fn resident_bytes(&self) -> u64 {
        const PAGE_BYTES: u64 = 4096;
        let pid = self.child.as_ref().expect("the server runs").id();
        let sizes = fs::read_to_string(format!("/proc/{pid}/statm")).expect("Linux tells");
        let pages = sizes.split(' ').nth(1).and_then(|n| n.parse::<u64>().ok()).expect("the second number");
        pages * PAGE_BYTES
    }

    /// Asks the server to stop, waits until it has, and starts it again: same store, same port.
    pub fn restart(&mut self) {
        self.stop();
        self.spawn();
    }

    /// Starts the server after [`Server::stop`]: same store, same port.
    pub fn start_again(&mut self) {
        self.spawn();
    }

    /// Kills the server as a power cut would, as far as the process is concerned, and starts it
    /// again: same store, same port.
    pub fn kill9(&mut self) {
        self.kill();
        self.spawn();
    }

    /// Asks the server to stop and waits until it has.
    pub fn stop(&mut self) {
        let mut child = self.child.take().expect("the server runs");
        let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        assert!(asked.expect("the kill command").success(), "no process to stop");
        let deadline = Instant::now() + PATIENCE;
        while child.try_wait().expect("the server's state").is_none() {
            if Instant::now() > deadline {
                child.kill().and_then(|()| child.wait()).expect("the server can be killed");
                panic!("the server did not stop when asked to\n{}", self.output());
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have died by itself; then there is nothing left to kill.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn spawn(&mut self) {
        let ports = self.home.path().join("ports");
        // A killed server leaves its file behind, which would be taken for the new one's.
        let _ = fs::remove_dir_all(&ports);
        fs::create_dir(&ports).expect("a directory for the ports file");
        let log = self.log();
        let program = program();
        let port = if self.port == 0 { "-1".into() } else { self.port.to_string() };
        let child = Command::new(&program)
            .args(["-a", "127.0.0.1", "-p", &port, "-js", "-sd"])
            .arg(self.home.path().join("store"))
            .arg("--ports_file_dir")
            .arg(&ports)
            .args(&self.args)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle of the log"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
        let pid = child.id();
        self.child = Some(child);
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(port) = port_in(&ports, pid) {
                self.port = port;
                return;
            }
            let ended = self.child.as_mut().and_then(|child| child.try_wait().expect("its state"));
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "{} {} told no port:\n{}",
                program.display(),
                ended.map_or("is running but".into(), |status| format!("ended with {status} and")),
                self.output()
            );
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    fn log(&self) -> File {
        let path = self.home.path().join("server.log");
        OpenOptions::new().create(true).append(true).open(path).expect("the server's log")
    }

    /// What the server says behind `words`, to the end of the line: it need not have said it yet when it is reachable.
    pub fn says(&self, words: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let output = self.output();
            let rest = output.split_once(words).and_then(|(_, rest)| rest.split_once('\n'));
            if let Some((told, _)) = rest {
                return told.to_owned();
            }
            assert!(Instant::now() < deadline, "it never said {words:?}:\n{output}");
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    /// All that the server has said so far.
    pub fn output(&self) -> String {
        fs::read_to_string(self.home.path().join("server.log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The program that tests start.
pub fn program() -> PathBuf {
    match env::var_os("TEST_SERVER") {
        Some(program) if !program.is_empty() => program.into(),
        _ => env!("CARGO_BIN_EXE_streaming-server").into(),
    }
}

/// Whether the servers that tests start are our own, and so keep the promises only ours makes.
pub fn ours() -> bool {
    program().file_stem().is_some_and(|name| name == "streaming-server")
}

/// Reads `<dir>/<program>_<pid>.ports`; `None` while it is missing or half written.
fn ports_in(dir: &Path, pid: u32) -> Option<serde_json::Value> {
    let suffix = format!("_{pid}.ports");
    let file = fs::read_dir(dir).ok()?.flatten().find(|file| file.file_name().to_string_lossy().ends_with(&suffix))?;
    serde_json::from_slice(&fs::read(file.path()).ok()?).ok()
}

fn port_in(dir: &Path, pid: u32) -> Option<u16> {
    ports_in(dir, pid)?["nats"][0].as_str()?.rsplit(':').next()?.trim_end_matches('/').parse().ok()
}
