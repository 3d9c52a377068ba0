//! Settings in, exit code out. The stand-in itself is [`stripe_sandbox`].

use clap::Parser;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    stripe_sandbox::run(stripe_sandbox::Config::parse()).await
}
