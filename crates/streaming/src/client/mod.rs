//! `streaming-server pub` and `streaming-server sub`: a publisher and a listener of NATS Streaming, as its tutorials
//! write them, to try a server with.
//!
//! ```text
//! options ─► session ─── STAN: connect, heartbeats, pings, subscribe, close
//!               │  ▲
//!               ▼  │
//!             wire ─── NATS: one connection, plain or TLS ─── tls
//! ```
//!
//! They speak to any server of NATS Streaming. `publish.rs` and `listen.rs` are the two programs: what they do and what
//! they print. Everything runs on one task: nothing is sent while something else is half sent.

mod error;
mod listen;
mod options;
mod publish;
mod session;
mod tls;
mod wire;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{Signal, SignalKind, signal};

use error::Error;

/// Runs the publisher with `words`, everything after the word `pub`.
///
/// Exit code 0: what was published is stored. 2: something was not, and one line on standard error says why.
pub fn publish(words: Vec<String>) -> ExitCode {
    run::<options::Publish>("pub", words, publish::run)
}

/// Runs the listener with `words`, everything after the word `sub`.
///
/// Exit code 0: it was told to stop, or had as many messages as it was to have. 2: it could not go on, and one line on
/// standard error says why.
pub fn listen(words: Vec<String>) -> ExitCode {
    run::<options::Listen>("sub", words, listen::run)
}

fn run<O: Parser>(
    name: &str,
    words: Vec<String>,
    program: impl AsyncFnOnce(O, Interrupts) -> Result<(), Error>,
) -> ExitCode {
    let options = match O::try_parse_from(words) {
        Ok(options) => options,
        Err(error) => {
            // Nothing can be done for a caller whose own output is closed.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = runtime
        .map_err(Error::from)
        .and_then(|runtime| runtime.block_on(async { program(options, Interrupts::heed()?).await }));
    match ended {
        // `sub … | head` has seen enough.
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let line = error.to_string().replace(['\n', '\r'], " ");
            let _ = writeln!(io::stderr(), "{name}: {line}"); // There is nobody else to tell.
            ExitCode::from(2)
        }
    }
}

/// Ctrl-C, and being told to end.
struct Interrupts {
    interrupt: Signal,
    term: Signal,
}

impl Interrupts {
    fn heed() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, term: signal(SignalKind::terminate())? })
    }

    /// The next one. Dropping the future loses none.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.term.recv() => {}
        }
    }
}

/// Prints a line at once.
fn say(line: std::fmt::Arguments<'_>) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
