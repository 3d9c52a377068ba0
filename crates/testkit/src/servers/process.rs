//! A program that ends when this process does, however that ends.
//!
//! ```text
//!  test process ──holds──► pipe ──read by──► sh (its own process group) ──started──► the program
//!       ╳ exit, panic, kill -9                │ end of file: kills the program, removes its folder, ends
//! ```

use std::collections::VecDeque;
use std::fs;
use std::io::{self, BufRead, BufReader, PipeReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

/// $1 = what to do first, $2 = signal, $3 = folder to remove or nothing, the rest = the program. Should we die while the
/// first is done, it is done to its end and then undone. The signal is sent until it is heard: a program that has just
/// been started may not listen yet. The second `rm` is for files that another dying program made during the first.
const PROGRAM: &str = r#"
first=$1; signal=$2; folder=$3; shift 3
eval "$first"
if [ $# -gt 0 ]; then "$@" </dev/null & program=$!; fi
exec >/dev/null 2>&1
read -r _
if [ -n "$program" ]; then
  kill -s "$signal" "$program"
  if [ "$signal" != KILL ]; then while sleep 1; do kill -s "$signal" "$program"; done & again=$!; fi
  wait "$program"
  if [ -n "$again" ]; then kill "$again"; fi
fi
if [ -n "$folder" ]; then rm -rf "$folder" || { sleep 1; rm -rf "$folder"; }; fi
"#;

/// $1 = a container's name. The engine may still be making it when we look for the first time.
const CONTAINER: &str = r#"
exec >/dev/null 2>&1
read -r _
for pause in 1 2 0; do docker rm --force --volumes "$1"; sleep $pause; done
"#;

/// How long a program may take to be ready.
const START_MAX: Duration = Duration::from_mins(1);

/// Lines of a program's output that are kept to explain why it did not start.
const LINES_MAX: usize = 50;

/// The shell that waits for our end, and what it started. Dropping it ends both, and waits until they have.
pub(crate) struct Process {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Process {
    /// Starts `program` with `words` and waits until its output says `ready`. It gets `signal` in the end, and then
    /// `folder` is removed. An error tells the last it said.
    pub fn start(program: &Program<'_>, ready: &str) -> Result<Self, String> {
        let (reader, writer) = io::pipe().map_err(|error| error.to_string())?;
        let mut command = shell(PROGRAM);
        command.args([program.first, program.signal]).arg(program.folder.unwrap_or(Path::new("")));
        command.arg(program.path).args(&program.words);
        command.current_dir(program.workplace).env("LC_ALL", "C").envs(program.variables.iter().cloned());
        if let Some(user) = program.user {
            command.uid(user.uid).gid(user.gid);
        }
        let errors = writer.try_clone().map_err(|error| error.to_string())?;
        command.stdout(writer).stderr(errors);
        let mut shell = command.spawn().map_err(|error| format!("cannot start sh: {error}"))?;
        drop(command); // With our ends of the output, so that it ends with the program.
        let process = Self { pipe: shell.stdin.take(), shell };
        match wait_for(ready, reader) {
            Ok(()) => Ok(process),
            Err(said) => Err(format!("{} did not start: {said}", program.path.display())),
        }
    }

    /// Removes `folder` in the end.
    pub fn remove(folder: &Path) -> io::Result<Self> {
        let mut command = shell(PROGRAM);
        command.args(["", "KILL"]).arg(folder).stdout(Stdio::null()).stderr(Stdio::null());
        let mut shell = command.spawn()?;
        Ok(Self { pipe: shell.stdin.take(), shell })
    }

    /// Removes the container called `name` in the end.
    pub fn remove_container(name: &str) -> io::Result<Self> {
        let mut command = shell(CONTAINER);
        command.arg(name).stdout(Stdio::null()).stderr(Stdio::null());
        let mut shell = command.spawn()?;
        Ok(Self { pipe: shell.stdin.take(), shell })
    }

    /// Lets it run until this process ends.
    pub fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.pipe = None;
        let _ = self.shell.wait();
    }
}

/// A program to start.
pub(crate) struct Program<'a> {
    pub path: &'a Path,
    pub words: Vec<String>,
    /// A shell's command to run before it, and the variables for both.
    pub first: &'static str,
    pub variables: Vec<(&'static str, PathBuf)>,
    /// Who runs it; we if `None`.
    pub user: Option<&'a Account>,
    /// Where it runs.
    pub workplace: &'a Path,
    /// What ends it, and at once: its data will not be needed.
    pub signal: &'static str,
    /// What is removed when it has ended.
    pub folder: Option<&'a Path>,
}

impl Default for Program<'_> {
    /// A program of nothing, run by us, with nothing before and after it.
    fn default() -> Self {
        Self {
            path: Path::new(""),
            words: Vec::new(),
            first: "",
            variables: Vec::new(),
            user: None,
            workplace: Path::new("/"),
            signal: "KILL",
            folder: None,
        }
    }
}

/// A user of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub uid: u32,
    pub gid: u32,
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    // In a process group of its own it does not hear the terminal's Ctrl-C, which would end it before its work.
    command.args(["-c", script, "testkit"]).stdin(Stdio::piped()).process_group(0);
    command
}

/// Reads on after that for as long as there is something: nobody should wait for a full pipe.
fn wait_for(ready: &str, output: PipeReader) -> Result<(), String> {
    let (tell, told) = mpsc::channel();
    let tail = Arc::new(Mutex::new(VecDeque::new()));
    let (kept, ready) = (tail.clone(), ready.to_owned());
    thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            if line.contains(&ready) {
                let _ = tell.send(());
            }
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push_back(line);
            if kept.len() > LINES_MAX {
                kept.pop_front();
            }
        }
    });
    told.recv_timeout(START_MAX).map_err(|_| {
        let tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    })
}

/// The folder of everything this process keeps on disk for a while; gone when it ends.
pub(crate) fn scratch() -> &'static Path {
    static SCRATCH: std::sync::LazyLock<PathBuf> = std::sync::LazyLock::new(|| {
        let path = new_folder();
        Process::remove(&path).expect("a shell that removes our files in the end").keep();
        path
    });
    &SCRATCH
}

/// A new folder, in memory where the machine has such a place, for nobody but us to read.
pub(crate) fn new_folder() -> PathBuf {
    let place = if has_room(Path::new("/dev/shm")) { PathBuf::from("/dev/shm") } else { std::env::temp_dir() };
    let prefix = format!("testkit-{}-", std::process::id());
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix(&prefix);
    let folder = builder.tempdir_in(&place).or_else(|_| builder.tempdir());
    folder.expect("a temporary folder").keep()
}

/// Whether `place` has a gigabyte free: a container's `/dev/shm` often has 64 MB, too few for Postgres.
fn has_room(place: &Path) -> bool {
    const KILOBYTES_MIN: u64 = 1024 * 1024;
    let free = || -> Option<u64> {
        let said = Command::new("df").arg("-Pk").arg(fs::canonicalize(place).ok()?).output().ok()?;
        let text = String::from_utf8(said.stdout).ok()?;
        text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
    };
    free().is_some_and(|free| free > KILOBYTES_MIN)
}
