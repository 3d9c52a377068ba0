//! `streaming-server import`: channels, durables and clients out of the file store of the original NATS Streaming
//! Server.
//!
//! ```text
//!  source/* ── records, messages, subscriptions ──► survey ── what is there ──► report
//!                                                     │
//!                                                     ▼
//!                              durables ── consumers ─► target ── a stream at a time ──► <dir>/jetstream/streams
//! ```
//!
//! The store is read twice: first all of it, to know that it can be read and that the target takes it; then channel by
//! channel into the target. A channel is a stream once its last file is there, and bears what was imported into it in
//! its metadata: so an import that was interrupted finds what it finished, and one on a finished target nothing to do.
//! Never more than a message, and what is staged for the log, is held in memory.
//!
//! `options.rs` what was asked for · `error.rs` what ends it · `notes.rs` `progress.rs` `report.rs` what is told.

mod durables;
mod error;
mod notes;
mod options;
mod progress;
mod report;
mod source;
mod survey;
mod target;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use crate::clock::Clock;
use crate::options::{Stan, World};
use error::Error;
use notes::Notes;
use options::Options;
use progress::Progress;
use report::Report;
use survey::Store;
use target::{Place, Target};

/// Imports what `words`, everything after the word `import`, ask for, and tells what came of it.
///
/// Exit code 0: all is in the target, or was there already, or was to be looked at only. 2: it is not, and one line on
/// standard error says why.
pub fn run(words: Vec<String>) -> ExitCode {
    let options = match Options::read(words) {
        Ok(options) => options,
        Err(error) => {
            // Nothing can be done for a caller whose own output is closed.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let told = import(&options).and_then(|report| Ok(tell(&options, &report)?));
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let line = error.to_string().replace(['\n', '\r'], " ");
            let _ = writeln!(io::stderr(), "import: {line}");
            ExitCode::from(2)
        }
    }
}

fn import(options: &Options) -> Result<Report, Error> {
    let world = World { env: &|name| std::env::var(name).ok(), read: &|path| std::fs::read_to_string(path) };
    let server = options.server(&world)?;
    if server.is_none() && !options.dry_run {
        return Err(Error::NoTarget);
    }
    let stan = server.as_ref().and_then(|server| server.stan.clone()).unwrap_or_default();
    let streams = server.and_then(|server| server.jetstream).filter(|_| !options.dry_run);
    let open = |streams: &crate::options::JetStream| Target::open(streams, Clock::default().now());
    // One that is in use is refused before the store is read, which may take a while. One that is not there is made
    // only when it is known that there is something to put into it.
    let there = streams.as_ref().filter(|streams| streams.directory().exists()).map(open).transpose()?;
    let (reading, mut notes) = (options.reading(), Notes::default());
    let mut out = io::stderr();
    let mut progress = Progress::new(&mut out, &Instant::now);
    let store = Store::look(&reading, &options.source, &mut notes, &mut progress)?;
    let cluster = cluster(options, &store, &stan)?;
    warn_of_limits(&store, &stan, &mut notes);
    let mut places = Vec::new();
    if let Some(streams) = &streams {
        let target = there.map_or_else(|| open(streams), Ok)?;
        for channel in &store.channels {
            places.push(target.place(channel)?);
        }
        let own = !target.write_clients(&cluster, &store)?;
        if own && places.contains(&Place::Free) {
            notes.push("the target has its own list of clients: those of the store are not added".to_owned());
        }
        let todo: Vec<_> = store.channels.iter().zip(&places).filter(|(_, place)| **place == Place::Free).collect();
        progress.begin("written", todo.iter().map(|(channel, _)| source::slice_bytes(&channel.folder)).sum());
        for (channel, _) in todo {
            target.write(&reading, channel, &mut progress)?;
        }
        progress.end();
    }
    let target = streams.map(|streams| streams.store_dir);
    Ok(Report::new(options.source.clone(), cluster, target, &store, &places, &notes))
}

/// The cluster's id: as the store has it, and as was said, if anything was.
fn cluster(options: &Options, store: &Store, stan: &Stan) -> Result<String, Error> {
    let said = options.cluster_id.clone().or_else(|| options.config.as_ref().map(|_| stan.cluster_id.clone()));
    match (&store.cluster.id, said) {
        (Some(found), Some(said)) if *found != said => Err(Error::Cluster { found: found.clone(), said }),
        (Some(found), _) => Ok(found.clone()),
        (None, Some(said)) => Ok(said),
        (None, None) => Err(Error::NoStore {
            path: options.source.clone(),
            why: "it does not tell its cluster's id any more: give it as --cluster_id".to_owned(),
        }),
    }
}

/// A server started with the limits of `stan` drops what is over them.
fn warn_of_limits(store: &Store, stan: &Stan, notes: &mut Notes) {
    let channels = store.channels.len();
    if let Some(max) = stan.max_channels.filter(|max| channels > *max) {
        notes.push(format!("{channels} channels, and a server with these options makes none above {max} (see -mc)"));
    }
    for channel in &store.channels {
        let (limits, contents) = (stan.limits_of(&channel.name), channel.contents);
        for (what, is, max, option) in [
            ("messages", contents.messages, limits.max_messages, "-mm"),
            ("bytes", contents.bytes, limits.max_bytes, "-mb"),
        ] {
            if let Some(max) = max.filter(|max| is > *max) {
                notes.push(format!(
                    "{}: {is} {what}, and a server with these options keeps {max}: it drops the oldest (see {option})",
                    channel.name
                ));
            }
        }
    }
}

fn tell(options: &Options, report: &Report) -> io::Result<()> {
    let text = if options.json { serde_json::to_string_pretty(report)? + "\n" } else { report.to_string() };
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()), // `import … | head` has seen enough.
        written => written,
    }
}
