//! The binary's settings, from arguments or the environment, and its life from start to signal.

use std::io::IsTerminal;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::clock::Clock;
use crate::sandbox::{Deliveries, Options, Sandbox, Webhook};

/// A stand-in for Stripe, for development and tests. Never for production.
///
/// It answers Stripe's API at /v1/… with Stripe's shapes, errors, test cards and idempotency keys, sends signed
/// webhooks, and serves a stand-in for Stripe.js at /v3/.
#[derive(Debug, Clone, Parser)]
#[command(name = "stripe-sandbox", version, after_long_help = HELP)]
pub struct Config {
    /// Where to listen
    #[arg(long, env = "SANDBOX_HOST", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub host: IpAddr,
    /// On which port
    #[arg(long, env = "SANDBOX_PORT", default_value_t = 12111)]
    pub port: u16,
    /// The secret key; requests with another are refused. The publishable key is the same with pk_ for sk_
    #[arg(long, env = "SANDBOX_KEY", default_value = "sk_test_sandbox", hide_env_values = true)]
    pub key: String,
    /// Where events are sent; none are without it, unless endpoints are made by the API
    #[arg(long, env = "SANDBOX_WEBHOOK_URL", requires = "webhook_secret")]
    pub webhook_url: Option<String>,
    /// What events are signed with
    #[arg(long, env = "SANDBOX_WEBHOOK_SECRET", hide_env_values = true)]
    pub webhook_secret: Option<String>,
    /// Where browsers find the sandbox, if not at http://HOST:PORT
    #[arg(long, env = "SANDBOX_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// A file that keeps the state over restarts; without it all is forgotten
    #[arg(long, env = "SANDBOX_STATE", value_name = "FILE")]
    pub state: Option<PathBuf>,
}

const HELP: &str = "\
Stripe's API, for servers (Authorization: Bearer KEY) and, where marked *, for browsers (publishable key):
  payment_intents        POST create, GET list, GET* one, POST update, POST* confirm, POST cancel
  charges                POST create (source=tok_…), GET list, GET one, POST update, GET refunds
  refunds                POST create, GET list, GET one, POST update
  payment_methods        POST* create, GET one
  tokens                 POST* create, GET one
  customers              POST create, GET one
  events                 GET list, GET one
  balance, balance_transactions
  webhook_endpoints      POST create, GET list, GET one, DELETE

Test cards, as https://docs.stripe.com/testing has them (any date to come, any security code):
  4242 4242 4242 4242    pays                      tok_visa, pm_card_visa; tok_mastercard, tok_amex, …
  4000 0000 0000 0002    is declined               tok_visa_chargeDeclined
  4000 0000 0000 9995    has insufficient funds    tok_visa_chargeDeclinedInsufficientFunds
  4000 0000 0000 9987    was lost (9979: stolen)   tok_visa_chargeDeclinedLostCard, …StolenCard
  4000 0000 0000 0069    has expired               tok_chargeDeclinedExpiredCard
  4000 0000 0000 0127    has another code          tok_chargeDeclinedIncorrectCvc
  4000 0000 0000 0119    can't be processed        tok_chargeDeclinedProcessingError
  4000 0025 0000 3155    wants authentication      pm_card_authenticationRequired

Strings for tests, as JSON:
  POST /sandbox/faults           {\"calls\": \"POST /v1/refunds\", \"fault\": \"lose_answer\", \"times\": 1}
                                 lose_request, lose_answer, hold, hold_answer, locked, {\"fail\": 500}
  POST /sandbox/faults/clear     forgets what is planned
  POST /sandbox/release          {\"most\": 1} lets held calls go on; GET /sandbox/held lists them
  POST /sandbox/outcomes         {\"outcome\": \"processing\"} or {\"outcome\": {\"card\": {\"declines\": \"lost_card\"}}}
  POST /sandbox/payment_intents/ID/authenticate   {\"passed\": true}
  POST /sandbox/payment_intents/ID/settle         {} or {\"declined\": \"insufficient_funds\"}
  POST /sandbox/refunds/ID/settle                 {\"succeeded\": true}
  POST /sandbox/webhooks/hold    and /sandbox/webhooks/resume
  POST /sandbox/webhooks         {\"body\": \"…\", \"signature\": \"…\"} or {…, \"secret\": \"…\", \"timestamp\": 1} sends a forged one
  POST /sandbox/events/ID/deliver   sends one again; GET /sandbox/undelivered lists what was not taken
  GET  /sandbox/ledger           every charge that was paid, what was given back, what is left";

/// Serves until it is told to stop.
pub async fn run(config: Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_env("SANDBOX_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(std::io::stdout().is_terminal()).init();
    let (mut interrupted, mut terminated) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);

    let webhook = config.webhook_url.zip(config.webhook_secret).map(|(url, secret)| Webhook { url, secret });
    let handle = Sandbox::start(Options {
        address: SocketAddr::new(config.host, config.port),
        public_url: config.public_url,
        secret_key: config.key,
        webhook,
        deliveries: Deliveries::AtOnce,
        clock: Clock::system(),
        state: config.state,
    })
    .await?;
    tracing::info!(
        url = handle.url,
        script = handle.script_url(),
        publishable_key = handle.publishable_key(),
        "the Stripe sandbox answers"
    );
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    handle.stop().await;
    Ok(())
}
