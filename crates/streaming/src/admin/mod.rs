//! `streaming-server admin`: an administrator's word to a running server, which answers on the port of its monitoring.
//!
//! `options.rs` the command line · `http.rs` one request and its answer. What the server does is `monitor/admin.rs`.

mod http;
mod options;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use serde_json::Value;

use options::{Command, Options};

/// Where the server answers.
pub const PATH: &str = "/streaming/admin";

/// Why nothing was done, or it is not known what.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// The address is none.
    #[error("{url:?} is no address: {why}")]
    Url { url: String, why: &'static str },
    /// No token was given.
    #[error("no token: set {}, or name a file by --token-file", options::TOKEN_VARIABLE)]
    NoToken,
    /// The file cannot be read.
    #[error("cannot read {path}: {why}")]
    File { path: String, why: io::Error },
    /// The server cannot be spoken to.
    #[error("cannot ask {server}: {why}")]
    Unreachable { server: String, why: io::Error },
    /// What came back is nothing that we know.
    #[error("{0} does not answer like a streaming-server")]
    Strange(String),
    /// The server refuses.
    #[error("{0}")]
    Refused(String),
}

/// Does what `args` (everything after the word `admin`) say.
///
/// Exit code 0: done, and standard output says what. 1: the server refused, and 2: it could not be asked; one line on
/// standard error says why.
pub fn run(args: Vec<String>) -> ExitCode {
    let options = match Options::try_parse_from(args) {
        Ok(options) => options,
        Err(error) => {
            // Nothing can be done for a caller whose own output is closed.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let done = ask(&options).and_then(|told| {
        let print = |line: String| writeln!(io::stdout(), "{line}");
        let printed = if options.json { print(told.to_string()) } else { print(options.command.done(&told)) };
        printed.map_err(|why| Error::File { path: "standard output".to_owned(), why })
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "admin: {error}");
            ExitCode::from(if matches!(error, Error::Refused(_)) { 1 } else { 2 })
        }
    }
}

fn ask(options: &Options) -> Result<Value, Error> {
    let (method, path) = options.command.request();
    let answer = http::ask(&options.server, method, &format!("{PATH}{path}"), &options.token()?)?;
    let told: Option<Value> = serde_json::from_str(&answer.body).ok();
    match (answer.status, told) {
        (200, Some(told)) => Ok(told),
        (404, None) => Err(Error::Refused(format!(
            "{} has nothing for administrators: its admin_token is not set",
            options.server
        ))),
        (_, Some(told)) if told["error"].is_string() => {
            Err(Error::Refused(told["error"].as_str().unwrap_or_default().to_owned()))
        }
        _ => Err(Error::Strange(options.server.clone())),
    }
}

impl Command {
    /// What was done, for people.
    fn done(&self, told: &Value) -> String {
        match self {
            Self::DeleteChannel { channel, .. } => format!("channel {channel:?} is deleted"),
            Self::PurgeChannel { channel } => format!("{} messages of channel {channel:?} are gone", told["purged"]),
            Self::DropDurable { channel, durable, .. } => format!("durable {durable:?} of channel {channel:?} is gone"),
            Self::DisconnectClient { client } => format!("client {client:?} is disconnected"),
        }
    }
}
