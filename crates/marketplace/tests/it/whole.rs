//! All of it in one process: the broker's and Redis's and Stripe's part played by the real ones and the stand-in.

use marketplace::Config;
use serde_json::{Value, json};
use stripe_sandbox::{Deliveries, Handle, Sandbox, Webhook};
use tempfile::TempDir;
use testkit::{Broker, User, eventually};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What signs webhooks here.
const WEBHOOK_SECRET: &str = "whsec_the_secret_of_the_stories";

/// A marketplace on a port, with everything it stands on.
pub struct Marketplace {
    /// Where it answers.
    pub url: String,
    /// Who takes the money.
    pub stripe: Handle,
    _broker: Broker,
    _folder: TempDir,
    _stop: DropGuard,
}

impl Marketplace {
    /// Starts one as it is.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts one with settings of its own.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        let broker = testkit::broker().await;
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let webhook = Webhook { url: format!("{url}/api/payments/webhook"), secret: WEBHOOK_SECRET.to_owned() };
        let sandbox = stripe_sandbox::Options {
            webhook: Some(webhook),
            deliveries: Deliveries::AtOnce,
            ..stripe_sandbox::Options::default()
        };
        let stripe = Sandbox::start(sandbox).await.unwrap();
        let database = database().await;
        let redis = testkit::redis().await;
        let usual: [(&str, &str); 12] = [
            ("NATS_URL", &broker.url),
            ("DATABASE_URL", &database),
            ("REDIS_HOST", &redis),
            ("JWT_KEY", testkit::KEY),
            ("PUBLIC_URL", &url),
            ("STRIPE_URL", &stripe.url),
            ("STRIPE_KEY", stripe.secret_key()),
            ("STRIPE_PUBLISHABLE_KEY", stripe.publishable_key()),
            ("STRIPE_SCRIPT_URL", &stripe.script_url()),
            ("STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET),
            ("SHUTDOWN_DELAY", "0s"),
            ("CLIENT_DIR", folder.path().to_str().unwrap()),
        ];
        let config = config(&[settings, &usual].concat());
        let stop = CancellationToken::new();
        let running = marketplace::run_until(config, listener, stop.clone());
        tokio::spawn(async move { Box::pin(running).await.unwrap() });
        let marketplace = Self { url, stripe, _broker: broker, _folder: folder, _stop: stop.drop_guard() };
        let anyone = User::at(&marketplace.url);
        eventually("all of it is ready", async || {
            let answer = anyone.get("/readyz").await;
            if answer.status == 200 { Ok(()) } else { Err(answer.text) }
        })
        .await;
        marketplace
    }

    /// Somebody new, signed up.
    pub async fn sign_up(&self, name: &str) -> User {
        let user = User::at(&self.url);
        let email = format!("{name}@example.com");
        user.post("/api/users/signup", json!({ "email": email, "password": "correct horse" })).await.is(201);
        user
    }
}

/// A database for all services, each of which makes its own schema in it.
async fn database() -> String {
    static NOTHING: sqlx::migrate::Migrator = sqlx::migrate::Migrator::DEFAULT;
    let pool = testkit::database("marketplace", &NOTHING).await;
    // Kept open by whoever uses it from now on.
    let url = testkit::Database::of(&pool).url();
    std::mem::forget(pool);
    url
}

/// Settings as these variables say.
pub fn config(variables: &[(&str, &str)]) -> Config {
    let given = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Config::read(given, []).unwrap_or_else(|refused| panic!("{refused}"))
}

/// The id in an answer.
pub fn id(of: &Value) -> String {
    of["id"].as_str().unwrap_or_else(|| panic!("no id in {of}")).to_owned()
}
