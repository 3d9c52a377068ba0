//! `xtask keep`: runs one program and stops it when nobody holds the other end of our standard input any more.
//!
//! It is started by [`super::Chain`], never by hand. Standard output is the pipe of the program below: it is held, and
//! never written to.

use std::fmt::{self, Display};
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::{LOOK_INTERVAL, identity};

/// In the folder of running programs: every keeper holds a share of this lock.
pub const LOCK: &str = "keepers.lock";

/// The signal that asks a program to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum StopBy {
    /// What most take.
    Term,
    /// What cargo takes, and Postgres when it shall not wait for its clients.
    Int,
}

impl Display for StopBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Term => "term",
            Self::Int => "int",
        })
    }
}

/// What to keep, and how.
#[derive(clap::Args)]
pub struct Arguments {
    /// What the program is called
    #[arg(long)]
    name: String,
    /// The folder where running programs are noted
    #[arg(long)]
    folder: PathBuf,
    /// Where the program's output goes
    #[arg(long)]
    log: Option<PathBuf>,
    /// Where the program's standard output goes, if not there too
    #[arg(long)]
    output: Option<PathBuf>,
    /// The signal that asks the program to end
    #[arg(long)]
    stop: StopBy,
    /// How long it may take before it is killed
    #[arg(long)]
    grace_seconds: u64,
    /// A folder to be removed when the program has ended
    #[arg(long)]
    remove: Option<PathBuf>,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    words: Vec<std::ffi::OsString>,
}

/// Runs the program to its end, and ends as it did: 0 if we stopped it, its own code, or 128 and the signal's number.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let lock = File::create(arguments.folder.join(LOCK))?;
    lock.lock_shared().context("the keepers' lock")?;
    // Whoever ends a keeper means its program; a keeper that ended first would leave it behind.
    let told = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&told))?;
    }
    let mut child = spawn(arguments)?;
    let note = arguments.folder.join(format!("{}.pid", arguments.name));
    let noted = identity::note(&note, child.id());
    watch(Arc::clone(&told));
    let status = noted.map_err(Into::into).and_then(|()| keep(&mut child, arguments, &told));
    if status.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let _ = std::fs::remove_file(&note);
    if let Some(folder) = &arguments.remove {
        let _ = std::fs::remove_dir_all(folder);
    }
    Ok(status?.map_or(ExitCode::SUCCESS, code))
}

fn spawn(arguments: &Arguments) -> anyhow::Result<Child> {
    let [program, rest @ ..] = &arguments.words[..] else { anyhow::bail!("there is no program to run") };
    let mut command = Command::new(program);
    command.args(rest).stdin(Stdio::null());
    if let Some(log) = &arguments.log {
        let file = append(log).with_context(|| format!("cannot write {}", log.display()))?;
        command.stderr(file.try_clone()?).stdout(file).env("NO_COLOR", "1");
    } else {
        command.stdout(io::stderr());
    }
    if let Some(output) = &arguments.output {
        command.stdout(File::create(output).with_context(|| format!("cannot write {}", output.display()))?);
    }
    command.spawn().with_context(|| format!("cannot run {}", program.display()))
}

fn append(log: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(log)
}

/// Sets `told` once every writer of the pipe is gone.
fn watch(told: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        // Nothing is ever written: the read ends with the pipe.
        let _ = io::stdin().read(&mut [0]);
        told.store(true, Ordering::Relaxed);
    });
}

/// Waits for the program to end (and says how), or to be told (and stops it).
fn keep(child: &mut Child, arguments: &Arguments, told: &AtomicBool) -> anyhow::Result<Option<ExitStatus>> {
    let mut asked: Option<Instant> = None;
    let grace = Duration::from_secs(arguments.grace_seconds);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(asked.is_none().then_some(status));
        }
        match asked {
            None if told.load(Ordering::Relaxed) => {
                ask(child, arguments.stop)?;
                asked = Some(Instant::now());
            }
            Some(since) if since.elapsed() > grace => child.kill()?,
            _ => {}
        }
        std::thread::sleep(LOOK_INTERVAL);
    }
}

/// It has not been waited for, so its number is still its own.
fn ask(child: &Child, stop: StopBy) -> anyhow::Result<()> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("a process number")?;
    let signal = match stop {
        StopBy::Term => Signal::TERM,
        StopBy::Int => Signal::INT,
    };
    kill_process(pid, signal).context("cannot ask the program to end")
}

fn code(status: ExitStatus) -> ExitCode {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}
