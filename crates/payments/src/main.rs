//! Settings in, exit code out. The service itself is [`payments::build`].

#[tokio::main]
async fn main() -> std::process::ExitCode {
    service::cli::main::<payments::Config>().await
}
