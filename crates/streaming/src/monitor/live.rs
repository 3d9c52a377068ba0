//! `/live/…`: what the page at `/` asks for every other second. One file a table.
//!
//! ```text
//! question   ?filter=<part of a name>&sort=<column>&descending=1&limit=<rows>
//! answer     { "total": how many there are, "found": how many the filter leaves, "rows": [ the first of those ] }
//! ```
//!
//! Unlike `/jsz` and `/connz` these bear thousands of streams: only the rows that are asked for are written. Rates are
//! a second's, measured between the last two looks. Times are UNIX milliseconds. What is told may change with the page:
//! programs read the others.

pub(super) mod clients;
pub(super) mod connections;
pub(super) mod consumers;
mod rates;
pub(super) mod server;
pub(super) mod streams;

use std::cmp::Ordering;

use hashbrown::HashMap;
use serde::Serialize;

use super::answer::{Answer, Refusal};
use super::parameters::Parameters;
use crate::jetstream::JetStream;
use crate::stan::Stan;
use rates::Rates;

/// Rows told unless another number is asked for.
const ROWS: usize = 50;

/// Rows told at most.
const ROWS_MAX: usize = 500;

/// What is remembered from one look to the next.
#[derive(Default)]
pub(super) struct Live {
    server: Rates<5>,
    streams: Rates<2>,
    consumers: Rates<1>,
    connections: Rates<2>,
}

/// Columns besides the first, and what sorts by them, smallest first.
type Sorts<R> = &'static [(&'static str, fn(&R, &R) -> Ordering)];

/// A row of a table.
trait Row: Serialize + 'static {
    /// What tables may be sorted by.
    const SORTS: Sorts<Self>;

    /// What it is sorted by otherwise; no two are the same.
    fn key(&self) -> &str;

    /// What a filter looks at.
    fn mentions(&self) -> Vec<&str>;
}

#[derive(Serialize)]
struct Table<R> {
    total: usize,
    found: usize,
    rows: Vec<R>,
}

/// The part of `rows` that `parameters` ask for.
fn part<R: Row>(parameters: &Parameters, mut rows: Vec<R>) -> Result<Answer, Refusal> {
    let by = match parameters.text("sort").filter(|sort| *sort != "name") {
        None => None,
        Some(sort) => {
            let found = R::SORTS.iter().find(|(name, _)| *name == sort);
            Some(found.ok_or_else(|| Refusal::Unfit(format!("Error decoding sort: no column is called {sort:?}")))?.1)
        }
    };
    let descending = parameters.flag("descending")?;
    let limit = parameters.count("limit")?.unwrap_or(ROWS).min(ROWS_MAX);
    let total = rows.len();
    if let Some(filter) = parameters.text("filter").map(str::to_lowercase) {
        let has = |text: &str| text.to_lowercase().contains(&filter);
        rows.retain(|row| row.mentions().into_iter().any(has));
    }
    let found = rows.len();
    rows.sort_by(|a, b| {
        let ordering = by.map_or_else(|| a.key().cmp(b.key()), |by| by(a, b));
        let ordering = if descending { ordering.reverse() } else { ordering };
        ordering.then_with(|| a.key().cmp(b.key()))
    });
    rows.truncate(limit);
    Answer::json(&Table { total, found, rows })
}

/// What people call streams: those made for a channel of NATS Streaming by its name.
struct Names {
    /// By the stream's name: the channel it was made for, and how many others it serves.
    channels: HashMap<String, (Option<Box<str>>, usize)>,
}

impl Names {
    fn of(stan: Option<&Stan>) -> Self {
        let mut channels: HashMap<String, (Option<Box<str>>, usize)> = HashMap::new();
        for channel in stan.iter().flat_map(|stan| stan.channels.all()) {
            let Some(stream) = channel.stream() else { continue };
            let (own, views) = channels.entry(stream.name.to_string()).or_default();
            if channel.is_own {
                *own = Some(channel.name.clone());
            } else {
                *views += 1;
            }
        }
        Self { channels }
    }

    /// Its name, whether that is a channel's, and how many channels are views of it.
    fn find(&self, stream: &str) -> (String, bool, usize) {
        match self.channels.get(stream) {
            Some((Some(own), views)) => (own.to_string(), true, *views),
            Some((None, views)) => (stream.to_owned(), false, *views),
            None => (stream.to_owned(), false, 0),
        }
    }
}

fn streams(jetstream: Option<&JetStream>) -> Vec<std::sync::Arc<crate::stream::Stream>> {
    jetstream.map(JetStream::streams).unwrap_or_default()
}

/// UNIX milliseconds; `None` where there was no such moment.
fn millis(nanos: i64) -> Option<i64> {
    (nanos > 0).then_some(nanos / 1_000_000)
}

#[cfg(test)]
mod tests;
