//! The program as one calls it: what it says, where, and with which exit code it ends.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::harness::PATIENCE;

const PROGRAM: &str = env!("CARGO_BIN_EXE_streaming-server");

#[test]
fn help_and_version_are_printed() {
    for (word, text) in [("--help", "--port <port>"), ("-h", "STREAMING_PORT"), ("--version", "streaming-server: v")] {
        let output = finish(program(&[word]));
        assert_eq!(output.status.code(), Some(0), "{word}");
        assert!(stdout(&output).contains(text) && stderr(&output).is_empty(), "{word}");
    }
}

#[test]
fn a_configuration_can_be_checked() {
    let home = home();
    let config = write(&home, "good.conf", "port: 4333\njetstream { sync_interval: always }");
    let output = finish(program(&["-t", "-c", &config]));
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stderr(&output), format!("streaming-server: configuration file {config} is valid\n"));
}

#[test]
fn bad_words_get_one_line_and_exit_code_2() {
    let home = home();
    let config = write(&home, "bad.conf", "port: -1\n\n  prot: 4222\n");
    let cases: &[(&[&str], &str)] = &[
        (&["--prot", "1"], r#"unknown option "--prot", did you mean "--port"?; --help lists them all"#),
        (&["-p", "x"], r#"-p cannot be "x": expected a port from 1 to 65535, or -1 for any free one"#),
        (
            &["--cluster", "nats://x:1"],
            "--cluster is not supported: this server runs alone; for a cluster run nats-server",
        ),
        (&["-c", &config], r#"bad.conf:3:3: unknown key "prot", did you mean "port"?"#),
        (&["-t", "-c", &config], r#"bad.conf:3:3: unknown key "prot", did you mean "port"?"#),
        (&["-c", "/no/such.conf"], "cannot read /no/such.conf: No such file or directory"),
        (&["-l", "/no/such.log"], "cannot log to /no/such.log: No such file or directory"),
        (&["--signal", "quit=/no/such.pid"], "cannot read /no/such.pid: No such file or directory"),
    ];
    for (words, message) in cases {
        refused(words, message);
    }
}

#[test]
fn so_does_who_asks_for_a_place_that_cannot_be_had() {
    let home = home();
    let file = write(&home, "file", "");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("its address").port().to_string();
    let cases: &[(&[&str], &str)] = &[
        (&["-a", "127.0.0.1", "-p", &taken], "Address already in use"),
        (&["-a", "127.0.0.1", "-p", "-1", "-m", &taken], "Address already in use"),
        (&["-a", "192.0.2.200", "-p", "-1"], "Cannot assign requested address"),
        (&["-p", "-1", "-P", "/no/such.pid"], "cannot write /no/such.pid: No such file or directory"),
        (&["-p", "-1", "--ports_file_dir", "/no/such"], "No such file or directory"),
        (&["-p", "-1", "-js", "-sd", &file], &file),
        (&["-p", "-1", "-js", "-sd", "/proc/none"], "/proc/none"),
        (&["-p", "-1", "--tlscert", "/no/cert", "--tlskey", "/no/key"], "/no/cert"),
    ];
    for (words, message) in cases {
        refused(words, message);
    }
}

#[test]
fn a_store_has_one_server() {
    let home = home();
    let store = home.path().join("store").display().to_string();
    let first = Running::start(&home, &["-js", "-sd", &store]);
    refused(&["-p", "-1", "-js", "-sd", &store], "store");
    first.end("quit");
    Running::start(&home, &["-js", "-sd", &store]).end("quit"); // The lock went with its holder.
}

#[test]
fn others_find_the_server_by_its_log_and_its_files() {
    let home = home();
    let folder = home.path().display().to_string();
    let pid_file = home.path().join("server.pid");
    let words = ["-m", "-1", "-P", &pid_file.display().to_string(), "--ports_file_dir", &folder];
    let server = Running::start(&home, &words);
    let process = server.child.id();

    assert_eq!(fs::read_to_string(&pid_file).expect("a pid file"), process.to_string());
    let ports_file = home.path().join(format!("nats-server_{process}.ports"));
    let ports: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&ports_file).expect("a ports file")).expect("JSON");
    assert_eq!(ports["nats"][0], format!("nats://127.0.0.1:{}", server.port));
    assert!(ports["monitoring"][0].as_str().is_some_and(|url| url.starts_with("http://127.0.0.1:")), "{ports}");
    let line = fs::read_to_string(&server.log).expect("a log");
    let line = line.lines().find(|line| line.contains("Listening for client")).expect("the line");
    assert!(line.starts_with(&format!("[{process}] 2")) && line.contains(" [INF] Listening"), "{line}");

    server.end("term");
    assert!(!pid_file.exists() && !ports_file.exists());
}

#[test]
fn a_log_that_was_moved_away_is_begun_anew() {
    let home = home();
    let log = home.path().join("server.log");
    let mut server = Running::start_logging_to(&home, &log, &["-l", &log.display().to_string()]);
    fs::rename(&log, home.path().join("old.log")).expect("moved");
    server.signal("reopen");
    server.wait_until("the log is there again", || log.exists());
    server.end("quit");
}

#[test]
fn options_may_come_from_the_environment() {
    let mut program = program(&["-p", "-1"]);
    let output = finish(program.env("STREAMING_SYNC", "often"));
    assert_eq!(output.status.code(), Some(2));
    let line = "streaming-server: STREAMING_SYNC cannot be \"often\": expected always, never or a duration\n";
    assert_eq!(stderr(&output), line);
}

/// Runs the program, which must refuse `words` for a reason that ends in, or speaks of, `message`.
#[track_caller]
fn refused(words: &[&str], message: &str) {
    let output = finish(program(words));
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{words:?}: {text}");
    assert_eq!(text.lines().count(), 1, "one line for {words:?}, not:\n{text}");
    assert!(text.starts_with("streaming-server: ") && text.contains(message), "{words:?}: {text}");
    assert!(stdout(&output).is_empty(), "{words:?}: {output:?}");
}

fn program(words: &[&str]) -> Command {
    let mut program = Command::new(PROGRAM);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("STREAMING_")) {
        program.env_remove(name);
    }
    program.args(words).stdin(Stdio::null());
    program
}

/// Runs a program that is expected to end of itself.
#[track_caller]
fn finish(mut program: impl std::borrow::BorrowMut<Command>) -> Output {
    let program = program.borrow_mut();
    let mut child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    if wait(&mut child).is_none() {
        child.kill().expect("killed");
        let output = child.wait_with_output().expect("its last words");
        panic!("{program:?} still ran after {PATIENCE:?}: {}", stderr(&output));
    }
    child.wait_with_output().expect("its last words")
}

fn wait(child: &mut Child) -> Option<ExitStatus> {
    poll(|| child.try_wait().expect("a child of ours"))
}

/// What `look` finds, as soon as it finds anything.
fn poll<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(found) = look() {
            return Some(found);
        }
        thread::sleep(Duration::from_millis(10));
    }
    None
}

/// A server on a free port of this machine. Dropping it kills it.
struct Running {
    child: Child,
    log: PathBuf,
    port: u16,
}

impl Running {
    #[track_caller]
    fn start(home: &TempDir, words: &[&str]) -> Self {
        Self::start_logging_to(home, &home.path().join("stderr"), words)
    }

    /// Starts a server that will say in the file `log` where it listens.
    #[track_caller]
    fn start_logging_to(home: &TempDir, log: &Path, words: &[&str]) -> Self {
        let stderr = File::create(home.path().join("stderr")).expect("a file for the log");
        let words = [&["-a", "127.0.0.1", "-p", "-1"], words].concat();
        let child = program(&words).stderr(stderr).spawn().expect("started");
        let mut server = Self { child, log: log.to_owned(), port: 0 };
        let port = poll(|| {
            let text = fs::read_to_string(log).ok()?;
            let (_, rest) = text.split_once("Listening for client connections on 127.0.0.1:")?;
            rest.lines().next()?.parse().ok()
        });
        server.port = port.unwrap_or_else(|| panic!("{words:?} did not start: {}", server.said()));
        server
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    #[track_caller]
    fn signal(&self, signal: &str) {
        let output = finish(program(&["--signal", &format!("{signal}={}", self.child.id())]));
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }

    #[track_caller]
    fn wait_until(&mut self, what: &str, is: impl Fn() -> bool) {
        assert!(poll(|| is().then_some(())).is_some(), "waited in vain until {what}: {}", self.said());
    }

    /// Tells the server to stop, which it does in good order.
    #[track_caller]
    fn end(mut self, signal: &str) {
        self.signal(signal);
        let status = wait(&mut self.child).unwrap_or_else(|| panic!("it still runs: {}", self.said()));
        assert_eq!(status.code(), Some(0), "{}", self.said());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill(); // It may have ended.
        let _ = self.child.wait();
    }
}

fn home() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn write(home: &TempDir, name: &str, text: &str) -> String {
    let path = home.path().join(name);
    fs::write(&path, text).expect("written");
    path.display().to_string()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
