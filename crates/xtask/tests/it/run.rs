//! A run of `cargo xtask dev` in a folder of its own.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::fake;

/// How long anything may take before a test gives up. It bounds a failure and measures nothing.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Between two looks at a condition.
pub const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// A root folder with data that outlives the runs in it.
pub struct Project {
    root: tempfile::TempDir,
    pub port: u16,
}

impl Project {
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fake::put(&root.path().join("programs"));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { root, port }
    }

    /// Starts `dev` with `arguments` and does not wait.
    pub fn dev(&self, arguments: &[&str]) -> Run {
        self.dev_with(arguments, &[])
    }

    pub fn dev_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Run {
        let output = self.root.path().join(format!("output-{}", fs::read_dir(self.root.path()).unwrap().count()));
        let file = File::create(&output).unwrap();
        let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
        for name in ["DATABASE_URL", "REDIS_HOST", "NATS_URL", "STRIPE_KEY", "JWT_KEY", "PUBLIC_URL"] {
            xtask.env_remove(name);
        }
        xtask.env("CARGO_MANIFEST_DIR", self.root.path().join("crates/xtask")).envs(environment.iter().copied());
        xtask.arg("dev").args(arguments).args(["--port", &self.port.to_string()]);
        xtask.arg("--programs").arg(self.root.path().join("programs"));
        let xtask = xtask.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        Run { xtask, output, home: self.root.path().join(".dev") }
    }

    /// Starts `dev` and waits until it is ready.
    pub fn started(&self, arguments: &[&str]) -> Run {
        let mut run = self.dev(arguments);
        run.says(" is ready after ");
        run
    }

    /// The log of `program`.
    pub fn log(&self, program: &str) -> String {
        fs::read_to_string(self.root.path().join(".dev/logs").join(format!("{program}.log"))).unwrap_or_default()
    }
}

/// One run.
pub struct Run {
    xtask: Child,
    output: PathBuf,
    home: PathBuf,
}

impl Run {
    /// What it has said so far.
    pub fn output(&self) -> String {
        fs::read_to_string(&self.output).unwrap()
    }

    /// Waits until it says `text`.
    pub fn says(&mut self, text: &str) {
        eventually(&format!("{text:?} is said"), || {
            let ended = self.xtask.try_wait().unwrap();
            let said = self.output().contains(text);
            assert!(said || ended.is_none(), "it ended with {ended:?} and said no {text:?} but:\n{}", self.output());
            said
        });
    }

    /// Waits for its end.
    pub fn ends(mut self) -> (ExitStatus, String) {
        let mut status = None;
        eventually("the end", || {
            status = self.xtask.try_wait().unwrap();
            status.is_some()
        });
        (status.unwrap(), self.output())
    }

    /// Sends a signal to xtask itself.
    pub fn signal(&self, signal: Signal) {
        kill_process(pid(&self.xtask.id().to_string()), signal).unwrap();
    }

    /// The process numbers of all programs that run.
    pub fn programs(&self) -> Vec<Pid> {
        let names = ["postgres", "redis", "stripe-sandbox", "marketplace"];
        names.map(|name| self.program(name)).into()
    }

    /// The process number of one.
    pub fn program(&self, name: &str) -> Pid {
        let note = fs::read_to_string(self.home.join("run").join(format!("{name}.pid"))).unwrap();
        pid(note.split(' ').next().unwrap())
    }

    /// The process numbers of all keepers: the parents of the programs.
    pub fn keepers(&self) -> Vec<Pid> {
        self.programs().into_iter().map(parent).collect()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind: the keepers see to the rest.
        let _ = self.xtask.kill();
        let _ = self.xtask.wait();
    }
}

/// Waits until `ready`, looking again and again.
pub fn eventually(what: &str, mut ready: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !ready() {
        assert!(begun.elapsed() < PATIENCE, "not in time: {what}");
        std::thread::sleep(LOOK_INTERVAL);
    }
}

/// Waits until none of `processes` runs.
pub fn all_gone(processes: &[Pid]) {
    eventually("every process is gone", || processes.iter().all(|pid| !runs(*pid)));
}

/// Whether a process runs. One that ended and was not waited for does not: in a container nobody may ever do so.
pub fn runs(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    let is_zombie = stat.is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z')));
    !is_zombie && test_kill_process(pid).is_ok()
}

fn parent(child: Pid) -> Pid {
    if let Ok(stat) = fs::read_to_string(format!("/proc/{}/stat", child.as_raw_nonzero())) {
        return pid(stat.rsplit_once(") ").unwrap().1.split(' ').nth(1).unwrap());
    }
    let told = Command::new("ps").args(["-o", "ppid=", "-p", &child.as_raw_nonzero().to_string()]).output().unwrap();
    pid(String::from_utf8_lossy(&told.stdout).trim())
}

fn pid(number: &str) -> Pid {
    number.parse().ok().and_then(Pid::from_raw).unwrap_or_else(|| panic!("{number:?} is no process number"))
}
