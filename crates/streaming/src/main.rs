//! `streaming-server`: words in, exit code out. 0: it served and was told to stop; 2: it could not, and one line on
//! standard error says why.

mod signals;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use streaming::options::{Command, Options, Parsed, World, ports};
use streaming::telemetry::{self, Telemetry};

use signals::Signals;

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
        Parsed::Bench(words) => return Ok(streaming::bench::run(words)),
        Parsed::Run(options) => {
            let telemetry = telemetry::start(&options.log)?;
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            if let Some(threads) = options.worker_threads {
                runtime.worker_threads(threads);
            }
            let runtime = runtime.enable_all().build().context("cannot start threads")?;
            runtime.block_on(serve(*options, &telemetry))?;
        }
    }
    Ok(ExitCode::SUCCESS)
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

async fn serve(options: Options, telemetry: &Telemetry) -> anyhow::Result<()> {
    let mut signals = Signals::heed().context("cannot heed signals")?;
    let address = &options.client;
    let listener = tokio::net::TcpListener::bind((address.host.as_str(), address.port))
        .await
        .with_context(|| format!("cannot listen for clients on {address}"))?;
    let _files = ports::write(&options, listener.local_addr()?, None)?;
    tracing::info!("Listening for client connections on {}", listener.local_addr()?);
    loop {
        match signals.next().await {
            Command::Stop | Command::Quit | Command::Term | Command::LameDuck => return Ok(()),
            Command::Reopen => telemetry.reopen()?,
            Command::Reload => {}
        }
    }
}
