//! The results, as a table for people and as JSON for programs.
//!
//! ```text
//! { "tool": "streaming-server bench", "version": "…", "started": RFC 3339, "error": null or the line printed,
//!   "machine":  { "cpus": 2, "kernel": "…" },
//!   "settings": { "window": 512, "batch": 256, "rate": 1000, "seconds": 5, "rounds": 3 },
//!   "servers":  [ { "label", "address", "name", "version", "pid" } ],          one or two
//!   "runs":     [ { "server": label, "round": 1, "scenario", "storage": null|"memory"|"file", "size": bytes,
//!                   "connections", "messages", "seconds", "messages_per_second",
//!                   "latency_us": null | { "p50", "p99", "p99_9", "max" },
//!                   "server_cpu_seconds", "server_cpu_seconds_per_million", "server_memory_bytes",   null
//!                   "client_cpu_seconds" } ],                                             without a pid
//!   "medians":  [ the same without "round": one for each server and case ],
//!   "ratios":   [ { "scenario", "storage", "size", "connections",       first server to second: above 1 in
//!                   "rate", "p50", "p99", "cpu" } ] }                   rate and below 1 in the others is better
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::compare::{self, Ratio};
use super::error::Error;
use super::latency::Latency;
use super::measure::{Measurement, Target};
use super::options::{Case, Options};

#[derive(Debug, Serialize)]
pub struct Report {
    tool: &'static str,
    version: &'static str,
    started: String,
    pub error: Option<String>,
    machine: Machine,
    settings: BTreeMap<&'static str, u64>,
    servers: Vec<Server>,
    pub runs: Vec<Run>,
    medians: Vec<Run>,
    ratios: Vec<Ratio>,
}

#[derive(Debug, Serialize)]
struct Machine {
    cpus: usize,
    kernel: String,
}

/// Who was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Server {
    pub label: String,
    pub address: String,
    pub name: String,
    pub version: String,
    pub pid: Option<u32>,
}

/// One row: a case on a server, once or the median of its rounds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    pub server: String,
    /// `None` for a median.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round: Option<u32>,
    #[serde(flatten)]
    pub case: Case,
    pub messages: u64,
    pub seconds: f64,
    pub messages_per_second: f64,
    pub latency_us: Option<Percentiles>,
    pub server_cpu_seconds: Option<f64>,
    pub server_cpu_seconds_per_million: Option<f64>,
    pub server_memory_bytes: Option<u64>,
    pub client_cpu_seconds: f64,
}

/// Microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    pub p50: f64,
    pub p99: f64,
    pub p99_9: f64,
    pub max: f64,
}

impl Percentiles {
    fn of(latency: &Latency) -> Option<Self> {
        let micros = |took: Duration| took.as_nanos() as f64 / 1e3;
        (!latency.is_empty()).then(|| Self {
            p50: micros(latency.percentile(0.5)),
            p99: micros(latency.percentile(0.99)),
            p99_9: micros(latency.percentile(0.999)),
            max: micros(latency.max()),
        })
    }
}

impl Run {
    pub fn new(target: &Target, case: Case, round: u32, measured: &Measurement) -> Self {
        let seconds = measured.elapsed.as_secs_f64();
        let messages = measured.messages as f64;
        let cpu = measured.server_cpu.map(|cpu| cpu.as_secs_f64());
        Self {
            server: target.name.clone(),
            round: Some(round),
            case,
            messages: measured.messages,
            seconds,
            messages_per_second: if seconds > 0.0 { messages / seconds } else { 0.0 },
            latency_us: Percentiles::of(&measured.latency),
            server_cpu_seconds: cpu,
            server_cpu_seconds_per_million: cpu.filter(|_| messages > 0.0).map(|cpu| cpu / messages * 1e6),
            server_memory_bytes: measured.server_memory_bytes,
            client_cpu_seconds: measured.client_cpu.as_secs_f64(),
        }
    }
}

/// Makes the file for [`Report::save`].
pub fn create(path: &Path) -> Result<File, Error> {
    File::create(path).map_err(|source| Error::Output { path: path.to_owned(), source })
}

impl Report {
    pub fn new(options: &Options, started: OffsetDateTime) -> Self {
        Self {
            tool: "streaming-server bench",
            version: env!("CARGO_PKG_VERSION"),
            started: started.format(&Rfc3339).unwrap_or_default(),
            error: None,
            machine: Machine {
                cpus: std::thread::available_parallelism().map_or(1, usize::from),
                kernel: std::fs::read_to_string("/proc/sys/kernel/osrelease")
                    .map(|release| release.trim().to_owned())
                    .unwrap_or_default(),
            },
            settings: BTreeMap::from([
                ("window", options.window.into()),
                ("batch", options.batch.into()),
                ("rate", options.rate.into()),
                ("seconds", options.time_limit().as_secs()),
                ("rounds", options.rounds().into()),
            ]),
            servers: Vec::new(),
            runs: Vec::new(),
            medians: Vec::new(),
            ratios: Vec::new(),
        }
    }

    pub fn add_server(&mut self, server: Server) {
        self.servers.push(server);
    }

    /// Draws from the runs what table and JSON show of them together.
    pub fn compare(&mut self) {
        self.medians = compare::medians(&self.runs);
        if let [first, second] = &self.servers[..] {
            self.ratios = compare::ratios(&self.medians, &first.label, &second.label);
        }
    }

    pub fn save(&self, mut file: File) -> Result<(), Error> {
        let mut json = serde_json::to_vec_pretty(self).map_err(std::io::Error::from)?;
        json.push(b'\n');
        Ok(file.write_all(&json)?)
    }

    /// The table for people; columns of two servers stand side by side.
    pub fn table(&self) -> String {
        let mut text = String::new();
        for server in &self.servers {
            // A server without a name calls itself by its key, which tells nobody anything.
            let name = if server.name.len() > NAME_CHARS { "version" } else { &server.name };
            let _ = writeln!(text, "{}: {name} {} at {}", server.label, server.version, server.address);
        }
        text.push('\n');
        match &self.servers[..] {
            [_, _] => self.side_by_side(&mut text),
            _ => self.alone(&mut text),
        }
        text
    }

    fn alone(&self, text: &mut String) {
        let rows = self.medians.iter().map(|run| {
            let mut row = case_cells(&run.case);
            let latency = |of: fn(&Percentiles) -> f64| cell(run.latency_us.as_ref().map(of));
            row.extend([
                cell(Some(run.messages_per_second)),
                latency(|latency| latency.p50),
                latency(|latency| latency.p99),
                latency(|latency| latency.p99_9),
                cell(run.server_cpu_seconds_per_million),
                cell(run.server_memory_bytes.map(mebibytes)),
            ]);
            row
        });
        let head = ["messages/s", "p50 µs", "p99 µs", "p99.9 µs", "CPU s/million", "memory MiB"];
        align(&CASE_HEAD, &head, rows.collect(), text);
    }

    fn side_by_side(&self, text: &mut String) {
        let [first, second] = &self.servers[..] else {
            return;
        };
        let find = |case: Case, label: &str| self.medians.iter().find(|run| run.case == case && run.server == label);
        let mut rows = Vec::new();
        for ratio in &self.ratios {
            let (Some(a), Some(b)) = (find(ratio.case, &first.label), find(ratio.case, &second.label)) else {
                continue;
            };
            let mut row = case_cells(&ratio.case);
            row.extend([a, b].map(|run| cell(Some(run.messages_per_second))));
            row.push(cell(ratio.rate));
            row.extend([a, b].map(|run| cell(run.latency_us.map(|latency| latency.p50))));
            row.extend([a, b].map(|run| cell(run.latency_us.map(|latency| latency.p99))));
            row.extend([a, b].map(|run| cell(run.server_cpu_seconds_per_million)));
            row.push(cell(ratio.cpu));
            rows.push(row);
        }
        let (a, b) = (&first.label, &second.label);
        let head = [
            format!("messages/s {a}"),
            b.clone(),
            format!("{a}/{b}"),
            format!("p50 µs {a}"),
            b.clone(),
            format!("p99 µs {a}"),
            b.clone(),
            format!("CPU s/million {a}"),
            b.clone(),
            format!("{a}/{b}"),
        ];
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        align(&CASE_HEAD, &head, rows, text);
    }
}

/// A nkey has 56 characters; names that people give are shorter.
const NAME_CHARS: usize = 40;
const CASE_HEAD: [&str; 4] = ["scenario", "storage", "bytes", "connections"];

fn case_cells(case: &Case) -> Vec<String> {
    vec![
        case.scenario.to_string(),
        case.storage.map_or_else(|| "-".to_owned(), |storage| storage.to_string()),
        case.size.to_string(),
        case.connections.to_string(),
    ]
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Three digits are all that such a measurement bears; large numbers are whole, in groups of three.
fn cell(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if value < 9.995 => format!("{value:.2}"),
        Some(value) if value < 99.95 => format!("{value:.1}"),
        Some(value) => {
            let digits = format!("{value:.0}");
            let mut grouped = String::new();
            for (index, digit) in digits.chars().enumerate() {
                if index > 0 && (digits.len() - index).is_multiple_of(3) {
                    grouped.push(' ');
                }
                grouped.push(digit);
            }
            grouped
        }
    }
}

/// Writes a table: its first two columns are words and stand left, the rest are numbers and stand right.
fn align(case: &[&str], head: &[&str], rows: Vec<Vec<String>>, text: &mut String) {
    const WORDS: usize = 2;
    let head: Vec<String> = case.iter().chain(head).map(|&name| name.to_owned()).collect();
    let lines: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..lines[0].len()).map(width).collect();
    for line in &lines {
        let cells = line.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if column < WORDS { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        let cells: Vec<String> = cells.collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
