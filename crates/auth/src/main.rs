//! Settings in, exit code out. The service itself is [`auth::service`].

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    service::cli::main::<auth::Config>().await
}
