//! `streaming-server`: words in, exit code out. 0: it served and was told to stop; 2: it could not, and one line on
//! standard error says why.

mod signals;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use streaming::options::{Command, Options, Parsed, World};
use streaming::telemetry::{self, Telemetry};

use signals::Signals;

/// Buffers are made on one thread and dropped on another all the time: this allocator is made for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            let line = format!("{error:#}").replace(['\n', '\r'], " ");
            let _ = writeln!(io::stderr(), "streaming-server: {line}"); // There is nobody else to tell.
            ExitCode::from(2)
        }
    }
}

fn run() -> anyhow::Result<ExitCode> {
    match parse()? {
        Parsed::Print(text) => print(&text, &mut io::stdout())?,
        Parsed::Valid(text) => print(&text, &mut io::stderr())?, // Where nats-server says it.
        Parsed::Signal(signal, process) => signal.send(process)?,
        Parsed::Admin(words) => return Ok(streaming::admin::run(words)),
        Parsed::Bench(words) => return Ok(streaming::bench::run(words)),
        Parsed::Publish(words) => return Ok(streaming::client::publish(words)),
        Parsed::Listen(words) => return Ok(streaming::client::listen(words)),
        Parsed::Import(words) => return Ok(streaming::import::run(words)),
        Parsed::Run(options) => {
            let telemetry = telemetry::start(&options.log)?;
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            runtime.worker_threads(options.worker_threads.unwrap_or_else(socket_threads));
            let runtime = runtime.enable_all().build().context("cannot start threads")?;
            runtime.block_on(serve(*options, &telemetry))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// One for every two cores: half of the machine is left to commits and to those who talk to us. Threads with too little
/// to do only wake one another; measured in docs/benchmarks.md.
fn socket_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2))
}

/// What this process was called for. Read again when it is told to reload.
fn parse() -> anyhow::Result<Parsed> {
    let text = |word: std::ffi::OsString| {
        word.into_string().map_err(|word| streaming::options::Error::NotText(word.display().to_string()))
    };
    let words = std::env::args_os().skip(1).map(text).collect::<Result<Vec<_>, _>>()?;
    let world = World { env: &|name| std::env::var(name).ok(), read: &|path| std::fs::read_to_string(path) };
    Ok(Options::parse(&words, &world)?)
}

fn print(text: &str, to: &mut dyn Write) -> io::Result<()> {
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()), // `--help | head` has seen enough.
        written => written,
    }
}

/// Serves until told to stop.
async fn serve(mut options: Options, telemetry: &Telemetry) -> anyhow::Result<()> {
    let mut signals = Signals::heed().context("cannot heed signals")?;
    // Its one line holds what caused it: the causes need not be told again.
    let server = streaming::start(options.clone()).await.map_err(|error| anyhow::anyhow!("{error}"))?;
    let slowly = loop {
        match signals.next().await {
            Command::Stop | Command::Quit | Command::Term => break false,
            Command::LameDuck => break true,
            Command::Reopen => reopen(telemetry),
            Command::Reload => match reload(&options, telemetry) {
                Ok(new) => options = new,
                Err(error) => tracing::error!("cannot reload: {error:#}"),
            },
        }
    };
    if slowly {
        tokio::select! {
            () = server.lame_duck() => return Ok(()),
            () = told_to_hurry(&mut signals, telemetry) => {}
        }
    }
    server.shutdown().await;
    Ok(())
}

/// Waits until a server that is leaving slowly is told to stop.
async fn told_to_hurry(signals: &mut Signals, telemetry: &Telemetry) {
    loop {
        match signals.next().await {
            Command::Stop | Command::Quit | Command::Term => return,
            Command::Reopen => reopen(telemetry),
            Command::LameDuck | Command::Reload => {}
        }
    }
}

fn reopen(telemetry: &Telemetry) {
    match telemetry.reopen() {
        Ok(()) => tracing::info!("File log re-opened"),
        Err(error) => tracing::error!("cannot reopen the log: {error}"),
    }
}

/// Reads the configuration anew and does as it says, or nothing if it says what cannot be done while we run.
fn reload(old: &Options, telemetry: &Telemetry) -> anyhow::Result<Options> {
    let Parsed::Run(new) = parse()? else { anyhow::bail!("nothing to serve by") };
    let new = old.reload(*new)?;
    telemetry.change(&new.log)?;
    tracing::info!("Reloaded server configuration");
    Ok(new)
}
