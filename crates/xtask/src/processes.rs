//! Programs that run beside a command and end with it, whatever ends it.
//!
//! A process that is killed outright cannot stop the programs it started. So each program has a *keeper*, a small
//! process of ours (`processes/keeper.rs`) that waits on a pipe: when the last writer of the pipe is gone, the keeper
//! stops its program. A keeper also holds the pipe of the program started before its own, and so they stop one by one,
//! the last first, each when all that stand on it are gone:
//!
//! ```text
//!   cargo xtask dev ──pipe──► keeper of Postgres     ◄─pipe─┐
//!          ├─────────pipe──► keeper of Redis     ──────────┘ ◄─pipe─┐
//!          └─────────pipe──► keeper of marketplace ────────────────┘
//! ```

mod identity;
pub mod keeper;
pub mod leftovers;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, PipeWriter};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::interrupt::Interrupt;

pub use keeper::StopBy;

/// Between two looks at a process or a port.
pub const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// A program to be run, and how it likes to be stopped.
pub struct Program {
    /// What it is called in messages, and the stem of its files in the folder of running programs.
    pub name: &'static str,
    /// The program and its arguments.
    pub words: Vec<OsString>,
    /// What is added to the environment.
    pub environment: Vec<(&'static str, OsString)>,
    /// The folder it starts in.
    pub folder: PathBuf,
    /// Where its output goes; to where ours goes if `None`.
    pub log: Option<PathBuf>,
    /// Where its standard output goes, if not to the same place.
    pub output: Option<PathBuf>,
    /// The signal that asks it to end.
    pub stop: StopBy,
    /// How long it may take to end before it is killed.
    pub grace: Duration,
}

impl Program {
    /// `words`, run in the root folder with this environment, its output thrown together with ours.
    pub fn new<W: AsRef<OsStr>>(name: &'static str, words: impl IntoIterator<Item = W>) -> Self {
        let words = words.into_iter().map(|word| word.as_ref().to_owned()).collect();
        let (environment, folder) = (Vec::new(), "/".into());
        Self {
            name,
            words,
            environment,
            folder,
            log: None,
            output: None,
            stop: StopBy::Term,
            grace: Duration::from_secs(10),
        }
    }

    /// Adds variables.
    #[must_use]
    pub fn with_all(mut self, variables: Vec<(&'static str, OsString)>) -> Self {
        self.environment.extend(variables);
        self
    }
}

/// A program that was started.
struct Kept {
    name: &'static str,
    keeper: Child,
    lifeline: PipeWriter,
    log: Option<PathBuf>,
    /// How it ended, once it did.
    ended: Option<ExitStatus>,
}

/// Programs that stand on each other in the order of their start. Dropping it stops them, the last one first.
pub struct Chain {
    folder: PathBuf,
    /// The folder is ours alone, and goes with the first program.
    temporary: bool,
    xtask: PathBuf,
    interrupt: Interrupt,
    kept: Vec<Kept>,
}

impl Chain {
    /// None yet; what runs is noted in `folder`, so that a later run finds what this one may leave behind. To wait for a
    /// program ends with `interrupt`.
    pub fn new(folder: &Path, interrupt: Interrupt) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let xtask = crate::cargo::this_program()?;
        Ok(Self { folder: folder.to_owned(), temporary: false, xtask, interrupt, kept: Vec::new() })
    }

    /// None yet; with a folder that is gone when they are.
    pub fn temporary() -> anyhow::Result<Self> {
        let open = fs::Permissions::from_mode(0o755); // The user that Postgres runs as has to get through.
        let folder = tempfile::Builder::new().prefix("ticketing-").permissions(open).tempdir()?;
        let mut chain = Self::new(folder.path(), Interrupt::default())?;
        chain.temporary = true;
        let _ = folder.keep();
        Ok(chain)
    }

    /// Where to put what the programs keep.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts `program`, standing on all that were started before.
    pub fn start(&mut self, program: Program) -> anyhow::Result<()> {
        let (read, lifeline) = io::pipe()?;
        let below = match self.kept.last() {
            Some(below) => Stdio::from(below.lifeline.try_clone()?),
            None => Stdio::null(),
        };
        let mut keeper = Command::new(&self.xtask);
        keeper.arg("keep").arg("--name").arg(program.name).arg("--folder").arg(&self.folder);
        keeper.arg("--stop").arg(program.stop.to_string());
        keeper.arg("--grace-seconds").arg(program.grace.as_secs().to_string());
        if let Some(log) = &program.log {
            keeper.arg("--log").arg(log);
        }
        if let Some(output) = &program.output {
            keeper.arg("--output").arg(output);
        }
        if self.temporary && self.kept.is_empty() {
            keeper.arg("--remove").arg(&self.folder);
        }
        keeper.arg("--").args(&program.words).current_dir(&program.folder);
        crate::cargo::forget_our_crate(&mut keeper);
        keeper.envs(program.environment);
        // Of its own group: Ctrl-C at the terminal is for us, who then stop it in its turn.
        keeper.stdin(read).stdout(below).process_group(0);
        let keeper = keeper.spawn().with_context(|| format!("cannot run {}", self.xtask.display()))?;
        self.kept.push(Kept { name: program.name, keeper, lifeline, log: program.log, ended: None });
        Ok(())
    }

    /// Fails when a program has ended that nobody asked to.
    pub fn check(&mut self) -> anyhow::Result<()> {
        self.check_first(self.kept.len())
    }

    /// Waits for the program started last to end by itself. Fails when one below it does, or somebody interrupts us.
    pub fn wait_for_last(&mut self) -> anyhow::Result<ExitStatus> {
        loop {
            if let Some(status) = self.kept.last_mut().context("nothing was started")?.look()? {
                self.kept.pop();
                return Ok(status);
            }
            self.interrupt.check()?;
            self.check_first(self.kept.len() - 1)?;
            std::thread::sleep(LOOK_INTERVAL);
        }
    }

    fn check_first(&mut self, count: usize) -> anyhow::Result<()> {
        for kept in &mut self.kept[..count] {
            if let Some(status) = kept.look()? {
                let log = kept.log.as_deref();
                bail!("{} {}{}", kept.name, described(status), log.map(last_words).unwrap_or_default());
            }
        }
        Ok(())
    }

    /// Waits until `ready` says so; fails when a program of the chain ends, or when it takes longer than `bound`.
    pub fn wait(
        &mut self,
        what: &str,
        bound: Duration,
        mut ready: impl FnMut() -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let begun = Instant::now();
        while !ready()? {
            self.interrupt.check()?;
            self.check()?;
            if begun.elapsed() > bound {
                let log = self.kept.last().and_then(|kept| kept.log.as_deref());
                bail!("{what} is not ready after {} s{}", bound.as_secs(), log.map(last_words).unwrap_or_default());
            }
            std::thread::sleep(LOOK_INTERVAL);
        }
        Ok(())
    }

    /// Stops the program started last, and says how it ended.
    pub fn stop_last(&mut self) -> Option<(&'static str, io::Result<ExitStatus>)> {
        let Kept { name, mut keeper, lifeline, ended, .. } = self.kept.pop()?;
        drop(lifeline);
        Some((name, ended.map_or_else(|| keeper.wait(), Ok)))
    }

    /// How many programs were started and not stopped.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// The name of the program that would be stopped next.
    pub fn last(&self) -> Option<&'static str> {
        self.kept.last().map(|kept| kept.name)
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        while self.stop_last().is_some() {}
        if self.temporary {
            // Gone already, unless no program was ever started.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

impl Kept {
    fn look(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.keeper.try_wait().with_context(|| format!("cannot look after {}", self.name))?;
        }
        Ok(self.ended)
    }
}

/// How something ended, as the end of a sentence.
pub fn described(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        // A keeper tells by its own exit code what ended its program, as a shell does.
        (Some(code), _) if code > 128 => format!("was ended by signal {}", code - 128),
        (Some(code), _) => format!("ended by itself with exit code {code}"),
        (None, signal) => format!("lost its keeper to signal {}", signal.unwrap_or_default()),
    }
}

/// The end of a log, to be shown under a failure.
fn last_words(log: &Path) -> String {
    const LINES_MAX: usize = 12;
    let text = String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(LINES_MAX)..];
    let mut words = format!(" ({})", log.display());
    if !last.is_empty() {
        words = format!("; the end of {}:\n  {}", log.display(), last.join("\n  "));
    }
    words
}
