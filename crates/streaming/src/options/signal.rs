//! `--signal`: telling a server that runs already what to do.

use std::path::Path;
use std::str::FromStr;

use super::units::Wrong;
use super::{Error, World};

/// What to tell whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// What to do.
    pub command: Command,
    /// A process id or the path of a pid file; the pid file of the options if `None`.
    pub target: Option<String>,
}

/// What a running server can be told, as `nats-server` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Be gone this instant: SIGKILL.
    Stop,
    /// Stop in good order: SIGINT.
    Quit,
    /// The same: SIGTERM.
    Term,
    /// Open the log file anew, after somebody moved it away: SIGUSR1.
    Reopen,
    /// Read the configuration anew: SIGHUP.
    Reload,
    /// Leave slowly, as a lame duck: SIGUSR2.
    LameDuck,
}

impl FromStr for Signal {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let (command, target) = text.split_once('=').map_or((text, None), |(command, target)| (command, Some(target)));
        let command = match command {
            "stop" => Command::Stop,
            "quit" => Command::Quit,
            "term" => Command::Term,
            "reopen" => Command::Reopen,
            "reload" => Command::Reload,
            "ldm" => Command::LameDuck,
            _ => return Err("expected stop, quit, term, reopen, reload or ldm".into()),
        };
        if target == Some("") {
            return Err("expected a process id or a pid file after the =".into());
        }
        Ok(Self { command, target: target.map(str::to_owned) })
    }
}

impl Signal {
    /// The process meant: by its id, by the file that holds it, or by the pid file `default`.
    pub fn process(&self, default: Option<&Path>, world: &World<'_>) -> Result<i32, Error> {
        let target = match (&self.target, default) {
            (Some(target), _) => target.as_str(),
            (None, Some(file)) => &file.display().to_string(),
            (None, None) => {
                let what = "--signal needs to know whom: --signal stop=<pid>, or a pid file";
                return Err(Error::Conflict(what.into()));
            }
        };
        if let Some(id) = process_id(target) {
            return Ok(id);
        }
        let text = (world.read)(Path::new(target))
            .map_err(|error| Error::Read { path: target.into(), why: error.to_string() })?;
        process_id(text.trim()).ok_or_else(|| Error::Conflict(format!("{target} holds no process id")))
    }

    /// Sends it to the process `id`.
    pub fn send(&self, id: i32) -> Result<(), Error> {
        use rustix::process::{Pid, Signal as Unix, kill_process};
        let signal = match self.command {
            Command::Stop => Unix::KILL,
            Command::Quit => Unix::INT,
            Command::Term => Unix::TERM,
            Command::Reopen => Unix::USR1,
            Command::Reload => Unix::HUP,
            Command::LameDuck => Unix::USR2,
        };
        let sent = Pid::from_raw(id).ok_or(rustix::io::Errno::SRCH).and_then(|pid| kill_process(pid, signal));
        sent.map_err(|error| {
            let why = std::io::Error::from(error);
            Error::Conflict(format!("cannot signal the process {id}: {why}"))
        })
    }
}

/// An id that names one process: 0 and the negative ones would name groups of them.
fn process_id(text: &str) -> Option<i32> {
    text.parse().ok().filter(|id| *id > 0)
}
