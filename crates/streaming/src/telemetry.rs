//! The log: in `nats-server`'s lines, which tools made for it read, or as JSON; to standard error or to a file that can
//! be moved away and grows no longer than it may.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use time::UtcDateTime;
use time::macros::format_description;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{self, FmtContext};
use tracing_subscriber::layer::{Context, Filter, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt;

use crate::options::{Log, LogFormat};

/// The log of this process.
pub struct Telemetry {
    output: Arc<Output>,
    verbosity: reload::Handle<Verbosity, Registry>,
}

/// Begins to log as `log` says. Once in a process. The error names the file.
pub fn start(log: &Log) -> io::Result<Telemetry> {
    let output = Arc::new(Output::open(log)?);
    let (verbosity, handle) = reload::Layer::new(Verbosity::of(log));
    let layer = fmt::layer().with_ansi(false).with_writer(Arc::clone(&output));
    let layer = match log.format {
        LogFormat::Text => {
            let line = Line { process: std::process::id(), time: log.time };
            layer.event_format(line).with_filter(verbosity).boxed()
        }
        LogFormat::Json => layer.json().flatten_event(true).with_filter(verbosity).boxed(),
    };
    tracing_subscriber::registry().with(layer).try_init().map_err(io::Error::other)?;
    Ok(Telemetry { output, verbosity: handle })
}

impl Telemetry {
    /// Opens the file anew under its name, after somebody moved it away.
    pub fn reopen(&self) -> io::Result<()> {
        self.output.reopen()
    }

    /// Logs more or less from now on: `log.debug` and `log.trace`.
    pub fn change(&self, log: &Log) -> io::Result<()> {
        self.verbosity.reload(Verbosity::of(log)).map_err(io::Error::other)
    }
}

/// Which events are logged: warnings of everybody, all else of ours only.
struct Verbosity {
    debug: bool,
    trace: bool,
}

impl Verbosity {
    fn of(log: &Log) -> Self {
        Self { debug: log.debug, trace: log.trace }
    }

    fn admits(&self, level: Level, target: &str) -> bool {
        let ours = ["streaming", "journal", "protocol"].iter().any(|name| target.starts_with(name));
        match level {
            Level::ERROR | Level::WARN => true,
            Level::INFO => ours,
            Level::DEBUG => ours && self.debug,
            Level::TRACE => ours && self.trace,
        }
    }
}

impl<S> Filter<S> for Verbosity {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.admits(*metadata.level(), metadata.target())
    }
}

/// `[pid] 2026/11/21 01:02:03.123456 [INF] text`
struct Line {
    process: u32,
    time: bool,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        let mut text = String::new();
        context.format_fields(Writer::new(&mut text), event)?;
        let time = self.time.then(UtcDateTime::now);
        line.write_str(&self.line(time, *event.metadata().level(), &text))
    }
}

impl Line {
    fn line(&self, time: Option<UtcDateTime>, level: Level, text: &str) -> String {
        const TIME: &[time::format_description::BorrowedFormatItem<'_>] =
            format_description!("[year]/[month]/[day] [hour]:[minute]:[second].[subsecond digits:6] ");
        let level = match level {
            Level::ERROR => "ERR",
            Level::WARN => "WRN",
            Level::INFO => "INF",
            Level::DEBUG => "DBG",
            Level::TRACE => "TRC",
        };
        let time = time.and_then(|time| time.format(TIME).ok()).unwrap_or_default();
        let mut line = format!("[{}] {time}[{level}] ", self.process);
        for c in text.chars() {
            if c.is_control() {
                let _ = write!(line, "{}", c.escape_default()); // A client's words must not look like lines of ours.
            } else {
                line.push(c);
            }
        }
        line.push('\n');
        line
    }
}

/// Where lines go.
enum Output {
    StandardError,
    File { path: PathBuf, size_limit: Option<u64>, open: Mutex<Open> },
}

struct Open {
    file: File,
    size: u64,
}

impl Open {
    fn new(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let sized = file.and_then(|file| Ok(Self { size: file.metadata()?.len(), file }));
        sized.map_err(|error| io::Error::new(error.kind(), format!("cannot log to {}: {error}", path.display())))
    }
}

impl Output {
    fn open(log: &Log) -> io::Result<Self> {
        let Some(path) = &log.file else {
            return Ok(Self::StandardError);
        };
        let open = Mutex::new(Open::new(path)?);
        Ok(Self::File { path: path.clone(), size_limit: log.size_limit, open })
    }

    fn reopen(&self) -> io::Result<()> {
        if let Self::File { path, open, .. } = self {
            *open.lock() = Open::new(path)?;
        }
        Ok(())
    }

    /// Writes one line, setting a full file aside first.
    fn line(&self, line: &[u8], now: UtcDateTime) -> io::Result<()> {
        let Self::File { path, size_limit, open } = self else {
            return io::stderr().write_all(line);
        };
        let mut open = open.lock();
        let size = open.size + line.len() as u64;
        if open.size > 0 && size_limit.is_some_and(|limit| size > limit) {
            std::fs::rename(path, set_aside(path, now))?;
            *open = Open::new(path)?;
        }
        open.size += line.len() as u64;
        open.file.write_all(line)
    }
}

/// The name of a full log: `server.log.2026.11.21.01.02.03.123456789`, as `nats-server` has it.
fn set_aside(path: &Path, now: UtcDateTime) -> PathBuf {
    const TIME: &[time::format_description::BorrowedFormatItem<'_>] =
        format_description!(".[year].[month].[day].[hour].[minute].[second].[subsecond digits:9]");
    let mut name = path.as_os_str().to_owned();
    name.push(now.format(TIME).unwrap_or_default());
    name.into()
}

/// The subscriber writes each event whole, in one call.
impl Write for &Output {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.line(line, UtcDateTime::now())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use time::macros::utc_datetime;

    use super::*;

    const NOW: UtcDateTime = utc_datetime!(2026-11-21 01:02:03.123456789);

    #[test]
    fn a_line_looks_as_tools_expect_it() {
        let line = Line { process: 42, time: true };
        assert_eq!(
            line.line(Some(NOW), Level::INFO, "Listening for client connections on 127.0.0.1:43211"),
            "[42] 2026/11/21 01:02:03.123456 [INF] Listening for client connections on 127.0.0.1:43211\n"
        );
        assert_eq!(line.line(None, Level::WARN, "x"), "[42] [WRN] x\n");
    }

    #[test]
    fn nobody_can_forge_a_line() {
        let line = Line { process: 1, time: false };
        assert_eq!(line.line(None, Level::ERROR, "a\n[1] [INF] b\u{1b}[31m"), "[1] [ERR] a\\n[1] [INF] b\\u{1b}[31m\n");
    }

    #[test]
    fn verbosity_is_by_level_and_by_whose_event_it_is() {
        for (debug, trace, level, target, admits) in [
            (false, false, Level::INFO, "streaming::server", true),
            (false, false, Level::INFO, "tokio", false),
            (false, false, Level::WARN, "rustls", true),
            (false, false, Level::DEBUG, "streaming", false),
            (true, false, Level::DEBUG, "journal", true),
            (true, false, Level::TRACE, "streaming", false),
            (false, true, Level::TRACE, "streaming", true),
            (false, true, Level::DEBUG, "streaming", false),
        ] {
            assert_eq!(Verbosity { debug, trace }.admits(level, target), admits, "{level} of {target}");
        }
    }

    #[test]
    fn a_full_file_is_set_aside_and_a_moved_one_opened_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let log = Log { file: Some(path.clone()), size_limit: Some(10), ..Log::default() };
        let output = Output::open(&log).expect("a file");
        for line in ["one\n", "two\n", "three\n"] {
            output.line(line.as_bytes(), NOW).expect("written");
        }
        let read = |path: &Path| std::fs::read_to_string(path).expect("there");
        assert_eq!(read(&set_aside(&path, NOW)), "one\ntwo\n");
        assert_eq!(read(&path), "three\n");

        std::fs::rename(&path, folder.path().join("moved")).expect("moved");
        output.reopen().expect("reopened");
        output.line(b"four\n", NOW).expect("written");
        assert_eq!(read(&path), "four\n");
    }

    #[test]
    fn a_file_that_cannot_be_is_named() {
        let log = Log { file: Some("/nowhere/at/all.log".into()), ..Log::default() };
        let error = Output::open(&log).err().expect("refused");
        assert!(error.to_string().starts_with("cannot log to /nowhere/at/all.log: "), "{error}");
    }
}
