//! The commands of the repository: `cargo xtask test` runs every check and test.
//!
//! `test.rs` the steps of a full run · `layers.rs` who may import whom · `tools.rs` what has to be installed first.

#![allow(clippy::print_stderr, reason = "it talks to whoever runs it")]

mod layers;
mod test;
mod tools;

use clap::{Parser, Subcommand};

/// Runs the commands of the repository.
#[derive(Parser)]
#[command(name = "cargo xtask", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs every check and test, installing what it needs.
    Test(test::Arguments),
    /// Checks who imports whom against the table in the README.
    Layers,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Test(arguments) => test::run(&arguments),
        Command::Layers => layers::check(),
    }
}
