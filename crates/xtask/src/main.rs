//! The commands of the repository: `cargo xtask dev` runs the marketplace, `cargo xtask test` every check and test.
//!
//! - `dev.rs` the marketplace on this machine: every process, port and variable on one page
//! - `test.rs` the steps of a full run · `programs.rs` test programs run again · `layers.rs` who may import whom · `deny.rs` licences and what we never link
//! - `client.rs` the web client: built, checked, tried in a browser
//! - `infra/` manifests, images, workflows: checked without a cluster · `cluster.rs` the secrets of a development cluster
//! - `containers/` the images: built, run by docker compose, tried through the cluster's Ingress
//! - `sql.rs` what the checked queries need in `.sqlx`
//! - `servers/` Postgres, Redis and `nats-server` of our own · `processes/` programs that end with us, however we end
//! - `tools.rs` what has to be installed first · `cargo.rs` · `http.rs` · `interrupt.rs` Ctrl-C · `progress.rs` what people see

#![allow(clippy::print_stderr, clippy::print_stdout, reason = "it talks to whoever runs it")]

mod cargo;
mod client;
mod cluster;
mod containers;
mod deny;
mod dev;
mod http;
mod infra;
mod interrupt;
mod layers;
mod processes;
mod programs;
mod progress;
mod servers;
mod sql;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs the commands of the repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the marketplace on this machine with all it needs, installing what is missing
    Dev(dev::Arguments),
    /// Runs every check and test, installing what it needs
    Test(test::Arguments),
    /// Writes anew what the checked queries need to be built without a database
    Sql(sql::Arguments),
    /// Checks who imports whom against the table in the README
    Layers,
    /// Checks manifests, images, compose, skaffold and workflows as far as it goes without a cluster
    CheckInfra(infra::Arguments),
    /// Makes the secrets and the certificate of a development cluster, where they are missing
    Cluster(cluster::Arguments),
    /// Keeps one program; `dev` and `sql` run it
    #[command(hide = true)]
    Keep(processes::keeper::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Dev(arguments) => dev::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Sql(arguments) => sql::run(&arguments),
        Command::Layers => layers::check(),
        Command::CheckInfra(arguments) => infra::run(&arguments),
        Command::Cluster(arguments) => cluster::run(&arguments),
        Command::Keep(arguments) => match processes::keeper::run(&arguments) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
