//! Settings in, exit code out. The service itself is [`expiration::service`].

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    service::cli::main::<expiration::Config>().await
}
