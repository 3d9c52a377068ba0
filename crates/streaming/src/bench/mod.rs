//! `streaming-server bench`: what a server, ours or another, does a second, how soon, and for how much CPU.
//!
//! ```text
//! options ─► cases ─► scenario/* over client (one thread a connection) ─► measure ─► report (table, JSON)
//! ```
//!
//! The client is deliberately bare (blocking sockets, one thread a connection, no allocation a message), so
//! that on a shared machine the server is what is measured. It speaks only what any NATS server speaks.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates and latencies are rounded for people; none comes near 2^52"
)]

mod client;
mod compare;
mod error;
mod jetstream;
mod latency;
mod measure;
mod options;
mod process;
mod report;
mod scenario;
mod stan;
pub(crate) mod url;
mod window;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use time::OffsetDateTime;

use error::Error;
use measure::{Context, Target};
use options::{Case, Options};
use report::{Report, Run};

/// Measures what `args` (everything after the word `bench`) ask for and prints it.
///
/// Exit code 0: all was measured. 2: something could not be, and one line on standard error says what; the
/// table and the JSON then hold what had been measured before.
pub fn run(args: Vec<String>) -> ExitCode {
    let options = match Options::try_parse_from(args) {
        Ok(options) => options,
        Err(error) => {
            // Nothing can be done for a caller whose own output is closed.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    match bench(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "bench: {error}");
            ExitCode::from(2)
        }
    }
}

fn bench(options: &Options) -> Result<(), Error> {
    let targets = options.targets()?;
    // A path that cannot be written is told now, not after an hour.
    let json = options.json.as_deref().map(report::create).transpose()?;
    let mut report = Report::new(options, OffsetDateTime::now_utc());
    for target in &targets {
        report.add_server(target.probe(options)?);
    }
    let measured = measure_all(options, &targets, &mut report);
    report.error = measured.as_ref().err().map(ToString::to_string);
    report.compare();
    if !report.runs.is_empty() {
        let mut out = io::stdout().lock();
        out.write_all(report.table().as_bytes())?;
        out.flush()?;
    }
    if let Some(json) = json {
        report.save(json)?;
    }
    measured
}

/// Runs case by case and round by round; the servers take turns at going first, because what else the
/// machine does comes and goes.
fn measure_all(options: &Options, targets: &[Target], report: &mut Report) -> Result<(), Error> {
    let cases = options.cases();
    let rounds = options.rounds();
    let total = cases.len() * rounds as usize * targets.len();
    let progress = io::stderr().is_terminal();
    for case in &cases {
        for round in 0..rounds {
            let mut order: Vec<&Target> = targets.iter().collect();
            if round % 2 == 1 {
                order.reverse();
            }
            for target in order {
                let step = format!("[{}/{total}] {}: {case}", report.runs.len() + 1, target.name);
                let measurement = measure(options, target, *case, progress.then_some(&*step))?;
                report.runs.push(Run::new(target, *case, round + 1, &measurement));
            }
        }
    }
    Ok(())
}

fn measure(
    options: &Options,
    target: &Target,
    case: Case,
    progress: Option<&str>,
) -> Result<measure::Measurement, Error> {
    let context = Context::new(options, target, case, progress);
    scenario::run(&context).map_err(|error| error.during(format!("{case}, {}", target.name)))
}
