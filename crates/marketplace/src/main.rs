//! Settings in, exit code out. The marketplace itself is [`marketplace::run`].

use std::io::{self, Write};
use std::process::ExitCode;

use marketplace::Config;

/// Buffers are made on one thread and dropped on another all the time: this allocator is made for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match marketplace::run(Config::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "marketplace: {error:#}"); // There is nobody else to tell.
            ExitCode::FAILURE
        }
    }
}
