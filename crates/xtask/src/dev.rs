//! `cargo xtask dev`: the whole marketplace on this machine, from nothing. Every process, port and variable:
//!
//! | process, in the order of start | port | its data | not started if set |
//! |---|---|---|---|
//! | Postgres | 55432* | `.dev/postgres` | `DATABASE_URL` |
//! | Redis | 56379* | `.dev/redis` | `REDIS_HOST` |
//! | `stripe-sandbox`, the stand-in for Stripe | 12111* | `.dev/stripe` | `STRIPE_KEY` |
//! | `marketplace`: every service, the client, and | `--port` | – | |
//! |  … the streaming server inside it | 4222* | `.dev/streams` | `NATS_URL` |
//!
//! \* or any free one if that is taken. They stop in the opposite order, each when the one above it is gone, whether by
//! Ctrl-C, `kill` or `kill -9` (see `processes.rs`). Logs are in `.dev/logs`, secrets in `.dev/secrets`; the variables
//! that `marketplace` gets are in `.dev/env`, and told in `plan.rs`. A variable that is set already stays as it is.
//!
//! `plan.rs` what to start, which variables · `home.rs` the folder `.dev` · `build.rs` cargo · `logs.rs` `--logs`

mod build;
mod home;
mod logs;
mod plan;
mod ready;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::interrupt::{Interrupt, Interrupted};
use crate::processes::{Chain, Program, described, leftovers};
use crate::progress::Step;
use crate::servers::postgres::{Durability, Postgres};
use crate::servers::redis::Redis;
use crate::servers::{self, READY_MAX};
use crate::{cargo, client, tools};

use home::Home;
use plan::Plan;

/// `marketplace` drains: it answers what it has begun, and hands back what it has not.
const DRAIN_MAX: Duration = Duration::from_secs(40);

/// Between two looks at what runs.
const WATCH_INTERVAL: Duration = Duration::from_millis(200);

/// How to start it.
#[derive(clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Arguments {
    /// Where the marketplace answers
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Installs what is missing without asking
    #[arg(long)]
    yes: bool,
    /// How long an order holds its ticket, say 20s; 15m unless told
    #[arg(long, value_name = "TIME")]
    hold: Option<String>,
    /// Builds with optimisations
    #[arg(long)]
    release: bool,
    /// Forgets the data of earlier runs
    #[arg(long)]
    fresh: bool,
    /// Shows the logs of all processes here
    #[arg(long)]
    logs: bool,
    /// Takes the programs from this folder instead of building them
    #[arg(long, value_name = "FOLDER", hide = true)]
    programs: Option<PathBuf>,
    /// Keeps `.dev` in this folder instead of the repository
    #[arg(long, value_name = "FOLDER", hide = true)]
    home: Option<PathBuf>,
}

/// Runs it until it is interrupted, which is no failure, or until one of its processes ends, which is.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let begun = Instant::now();
    let home = Home::open(&arguments.home.clone().unwrap_or_else(cargo::root), arguments.port)?;
    let waiting = Step::begin("What an earlier run left behind");
    if leftovers::stop(&home.running())? {
        waiting.done("stopped");
    } else {
        drop(waiting);
    }
    if !servers::is_free(arguments.port) {
        let other = servers::next_free(arguments.port).unwrap_or_default();
        bail!(
            "port {0} is in use by another program: stop that one (`lsof -i :{0}` names it), or take another port: \
             cargo xtask dev --port {other}",
            arguments.port
        );
    }
    let plan = Plan::new(|name| std::env::var(name).ok(), arguments.port, arguments.hold.as_deref());
    plan.check_theirs()?;
    tools::ensure(&plan.tools(), arguments.yes)?;
    if arguments.fresh {
        home.forget()?;
        eprintln!("✓ The data of earlier runs is forgotten");
    }
    let secrets = home.secrets()?;
    home.turn_logs()?;

    let interrupt = Interrupt::hear()?;
    let mut chain = Chain::new(&home.running(), interrupt.clone())?;
    let result = start(arguments, &plan, &home, &secrets, &mut chain).and_then(|()| {
        eprintln!("\n  {} is ready after {} s", plan.public_url(), begun.elapsed().as_secs());
        eprintln!("  {}\n", home.told());
        watch(arguments, &home, &mut chain, &interrupt)
    });
    // Interrupted while it started, it has not failed either.
    let result = result.or_else(|error| if error.is::<Interrupted>() { Ok(()) } else { Err(error) });
    stop(chain, result.is_ok());
    result
}

/// Starts each process and waits for it, in order.
fn start(
    arguments: &Arguments,
    plan: &Plan,
    home: &Home,
    secrets: &home::Secrets,
    chain: &mut Chain,
) -> anyhow::Result<()> {
    let mut found = plan::Found::default();
    if plan.starts_postgres() {
        let step = Step::begin("Postgres");
        let mut postgres = Postgres::new(&home.folder("postgres"), &secrets.postgres, Durability::Kept)?;
        postgres.start(chain, plan::POSTGRES_PORT, &home.log("postgres"))?;
        postgres.create(plan::DATABASE)?;
        found.database_url = Some(postgres.url(plan::DATABASE));
        step.done(&format!("{} on {}", postgres.version()?, postgres.address()));
    }
    if plan.starts_redis() {
        let step = Step::begin("Redis");
        let mut redis = Redis::new(&home.folder("redis"), &secrets.redis);
        redis.start(chain, plan::REDIS_PORT, &home.log("redis"))?;
        found.redis = Some(redis.url());
        step.done(&format!("{} on {}", Redis::version()?, redis.address()));
    }
    let built = if let Some(folder) = &arguments.programs {
        build::found_in(folder, plan.starts_sandbox())
    } else {
        let step = Step::aloud("Building the marketplace; the first time takes minutes");
        let built = build::build(chain, &home.running().join("cargo.json"), arguments.release, plan.starts_sandbox())?;
        step.done("");
        built
    };
    if arguments.programs.is_none() {
        pages(arguments, chain)?;
    }
    if let Some(program) = &built.sandbox {
        let step = Step::begin("Stripe's stand-in");
        let state = home.folder("stripe");
        fs::create_dir_all(&state)?;
        let state = state.join("state.json");
        let port = servers::on_a_port(chain, plan::SANDBOX_PORT, |chain, port| {
            let mut sandbox =
                Program::new("stripe-sandbox", [program]).with_all(plan.sandbox_variables(port, &state, secrets));
            sandbox.log = Some(home.log("stripe-sandbox"));
            chain.start(sandbox)?;
            chain.wait("stripe-sandbox", READY_MAX, || Ok(servers::answers(&format!("127.0.0.1:{port}"))))?;
            Ok(port)
        })?;
        found.sandbox = Some(port);
        step.done(&format!("on 127.0.0.1:{port}; with STRIPE_KEY set it would be Stripe itself"));
    }
    if plan.starts_streaming() {
        found.streaming = Some((servers::port(plan::STREAMING_PORT)?, home.folder("streams")));
    }
    let step = Step::begin("Marketplace");
    let variables = plan.variables(&found, secrets);
    home.note(&variables)?;
    let mut marketplace = Program::new("marketplace", [&built.marketplace]).with_all(variables);
    (marketplace.log, marketplace.grace) = (Some(home.log("marketplace")), DRAIN_MAX);
    marketplace.folder = cargo::root();
    chain.start(marketplace)?;
    ready::wait(chain, arguments.port, &step)?;
    step.done(&plan.told(&found));
    Ok(())
}

/// Builds the web client, if it is out of date. Without it everything else is there, so that a missing Node is no failure.
fn pages(arguments: &Arguments, chain: &mut Chain) -> anyhow::Result<()> {
    let todo = client::outdated();
    if todo.is_empty() {
        return Ok(());
    }
    if let Err(error) = tools::ensure(&[&tools::NODE], arguments.yes) {
        eprintln!("· The web client is not built: {error:#}. The API is there all the same, at /docs");
        return Ok(());
    }
    let step = Step::aloud("Building the web client");
    client::build(chain, todo)?;
    step.done("");
    Ok(())
}

/// Until it is interrupted; fails when a process ends.
fn watch(arguments: &Arguments, home: &Home, chain: &mut Chain, interrupt: &Interrupt) -> anyhow::Result<()> {
    let mut logs = arguments.logs.then(|| logs::Logs::of(home));
    while !interrupt.is_heard() {
        chain.check()?;
        if let Some(logs) = &mut logs {
            logs.show();
        }
        std::thread::sleep(WATCH_INTERVAL);
    }
    Ok(())
}

/// Stops all of it in order, and says so.
fn stop(mut chain: Chain, asked: bool) {
    if chain.last().is_some() {
        let what = if asked { "Stopping" } else { "Stopping the rest" };
        eprintln!("\n· {what} (Ctrl-C again: it goes on without us)");
    }
    while let Some(name) = chain.last() {
        let step = Step::begin(name);
        match chain.stop_last() {
            Some((_, Ok(status))) if status.success() => step.done("stopped"),
            Some((_, Ok(status))) => step.done(&described(status)),
            Some((_, Err(error))) => step.done(&format!("cannot tell whether it stopped: {error}")),
            None => {}
        }
    }
}
