//! What the operating system tells the process, as a command of [`streaming::options::Command`].

use std::io;

use streaming::options::Command;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals we heed, as `nats-server` does.
pub struct Signals {
    quit: Signal,
    term: Signal,
    reopen: Signal,
    reload: Signal,
    lame_duck: Signal,
}

impl Signals {
    /// From now on.
    pub fn heed() -> io::Result<Self> {
        Ok(Self {
            quit: signal(SignalKind::interrupt())?,
            term: signal(SignalKind::terminate())?,
            reopen: signal(SignalKind::user_defined1())?,
            reload: signal(SignalKind::hangup())?,
            lame_duck: signal(SignalKind::user_defined2())?,
        })
    }

    /// The next one. Dropping the future loses none.
    pub async fn next(&mut self) -> Command {
        tokio::select! {
            _ = self.quit.recv() => Command::Quit,
            _ = self.term.recv() => Command::Term,
            _ = self.reopen.recv() => Command::Reopen,
            _ = self.reload.recv() => Command::Reload,
            _ = self.lame_duck.recv() => Command::LameDuck,
        }
    }
}
