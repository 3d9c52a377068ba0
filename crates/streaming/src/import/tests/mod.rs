//! Stores written as the original writes them, whole and damaged, and what becomes of them.

mod damage;
mod indexes;
mod stores;
mod subscriptions;
mod targets;
pub mod writer;

use std::path::Path;
use std::time::Instant;

use super::error::Error;
use super::notes::Notes;
use super::progress::Progress;
use super::source;
use super::source::{Checksum, Reading};
use super::survey::Store;

/// As an import without options reads.
fn strictly() -> Reading {
    Reading { checksum: Checksum::ieee(true), skip_damaged: false, take_encrypted: false }
}

/// As one with `--skip-damaged`.
fn leniently() -> Reading {
    Reading { skip_damaged: true, ..strictly() }
}

/// What is found in a store, and what is noted.
fn look(reading: &Reading, folder: &Path) -> Result<(Store, Vec<String>), Error> {
    let mut notes = Notes::default();
    let mut out = Vec::new();
    let mut progress = Progress::new(&mut out, &Instant::now);
    let store = Store::look(reading, folder, &mut notes, &mut progress)?;
    Ok((store, notes.lines().collect()))
}

/// A channel's messages: sequence, time and data.
fn messages(reading: &Reading, folder: &Path, channel: &str) -> Result<Vec<(u64, i64, Vec<u8>)>, Error> {
    let mut notes = Notes::default();
    let folder = folder.join(channel);
    let mut messages = source::Messages::open(reading, &folder, channel, &mut notes)?;
    let mut all = Vec::new();
    while let Some(message) = messages.next(&mut notes)? {
        all.push((message.sequence, message.time, message.data));
    }
    Ok(all)
}

/// As [`writer::Writer::plain_slice`] writes them.
fn plain(sequences: impl IntoIterator<Item = u64>) -> Vec<(u64, i64, Vec<u8>)> {
    sequences.into_iter().map(|sequence| (sequence, writer::time(sequence), writer::data(sequence))).collect()
}
