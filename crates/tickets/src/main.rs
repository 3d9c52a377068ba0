//! Settings in, exit code out. The service itself is [`tickets::build`].

#[tokio::main]
async fn main() -> std::process::ExitCode {
    service::cli::main::<tickets::Config>().await
}
