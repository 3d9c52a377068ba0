//! Settings in, exit code out. The service itself is [`orders`].

#[tokio::main]
async fn main() -> std::process::ExitCode {
    service::cli::main::<orders::Config>().await
}
