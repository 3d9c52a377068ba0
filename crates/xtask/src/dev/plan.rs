//! What to start and what the environment names instead, and the variables that follow from it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::bail;

use super::home::Secrets;
use crate::servers;
use crate::tools::{self, Tool};

/// Where our Postgres answers, unless something else does.
pub const POSTGRES_PORT: u16 = 55432;
/// Where our Redis answers, unless something else does.
pub const REDIS_PORT: u16 = 56379;
/// Where Stripe's stand-in answers, unless something else does.
pub const SANDBOX_PORT: u16 = 12111;
/// Where the streaming server answers, unless something else does.
pub const STREAMING_PORT: u16 = 4222;
/// The one database of all services, whose schemas are apart.
pub const DATABASE: &str = "ticketing";

/// What suits a developer's machine, and no other: read by people, seen by nobody else, without anybody who had to learn
/// that it stops.
const DEFAULTS: [(&str, &str); 3] = [("LISTEN", "127.0.0.1"), ("LOG_FORMAT", "pretty"), ("SHUTDOWN_DELAY", "0s")];

/// What the environment asks for.
pub struct Plan {
    port: u16,
    hold: Option<String>,
    public_url: Option<String>,
    /// Variables that only marketplace cares for, each with what it is here unless the environment says more.
    defaults: Vec<(&'static str, &'static str)>,
    jwt_key: Option<String>,
    database_url: Option<String>,
    redis_host: Option<String>,
    nats_url: Option<String>,
    stripe_key: Option<String>,
}

/// Where the servers of our own were found to be, once started.
#[derive(Default)]
pub struct Found {
    /// The URL of Postgres.
    pub database_url: Option<String>,
    /// The URL of Redis.
    pub redis: Option<String>,
    /// The port of Stripe's stand-in.
    pub sandbox: Option<u16>,
    /// The port and the store of the streaming server.
    pub streaming: Option<(u16, PathBuf)>,
}

impl Plan {
    /// The plan for an environment, of which `variable` tells.
    pub fn new(variable: impl Fn(&str) -> Option<String>, port: u16, hold: Option<&str>) -> Self {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        Self {
            defaults: DEFAULTS.into_iter().filter(|(name, _)| set(name).is_none()).collect(),
            port,
            hold: hold.map(Into::into),
            public_url: set("PUBLIC_URL"),
            jwt_key: set("JWT_KEY"),
            database_url: set("DATABASE_URL"),
            redis_host: set("REDIS_HOST"),
            nats_url: set("NATS_URL"),
            stripe_key: set("STRIPE_KEY"),
        }
    }

    /// Whether Postgres is ours to start.
    pub fn starts_postgres(&self) -> bool {
        self.database_url.is_none()
    }

    /// Whether Redis is ours to start.
    pub fn starts_redis(&self) -> bool {
        self.redis_host.is_none()
    }

    /// Whether the streaming server is ours to start.
    pub fn starts_streaming(&self) -> bool {
        self.nats_url.is_none()
    }

    /// Whether Stripe's stand-in is ours to start.
    pub fn starts_sandbox(&self) -> bool {
        self.stripe_key.is_none()
    }

    /// What has to be installed for it.
    pub fn tools(&self) -> Vec<&'static Tool> {
        let wanted = [(self.starts_postgres(), &tools::POSTGRES), (self.starts_redis(), &tools::REDIS)];
        wanted.into_iter().filter_map(|(wanted, tool)| wanted.then_some(tool)).collect()
    }

    /// Fails if a server that the environment names does not answer.
    pub fn check_theirs(&self) -> anyhow::Result<()> {
        let theirs = [
            ("DATABASE_URL", &self.database_url, 5432),
            ("REDIS_HOST", &self.redis_host, 6379),
            ("NATS_URL", &self.nats_url, 4222),
        ];
        for (name, value, port) in theirs {
            let Some(address) = value.as_deref().map(|value| address(value, port)) else { continue };
            if !servers::answers(&address) {
                bail!(
                    "{name} names {address}, which does not answer: start it, or unset {name} to have one started here"
                );
            }
        }
        Ok(())
    }

    /// Where people find the marketplace.
    pub fn public_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://localhost:{}", self.port))
    }

    /// The variables that `marketplace` gets. What the environment has set already it inherits.
    pub fn variables(&self, found: &Found, secrets: &Secrets) -> Vec<(&'static str, OsString)> {
        let mut variables: Vec<(&'static str, OsString)> =
            vec![("PORT", self.port.to_string().into()), ("PUBLIC_URL", self.public_url().into())];
        if self.jwt_key.is_none() {
            variables.push(("JWT_KEY", secrets.jwt.clone().into()));
        }
        variables.extend(self.defaults.iter().map(|(name, value)| (*name, (*value).into())));
        variables.extend(self.hold.clone().map(|hold| ("ORDER_HOLD", hold.into())));
        variables.extend(found.database_url.clone().map(|url| ("DATABASE_URL", url.into())));
        variables.extend(found.redis.clone().map(|url| ("REDIS_HOST", url.into())));
        if let Some((port, store)) = &found.streaming {
            variables.push(("STREAMING_PORT", port.to_string().into()));
            variables.push(("STREAMING_STORE_DIR", store.into()));
        }
        if let Some(port) = found.sandbox {
            variables.extend([
                ("STRIPE_KEY", secrets.stripe_key().into()),
                ("STRIPE_PUBLISHABLE_KEY", secrets.stripe_publishable_key().into()),
                ("STRIPE_WEBHOOK_SECRET", secrets.stripe_webhook_secret().into()),
                ("STRIPE_URL", format!("http://127.0.0.1:{port}/").into()),
                ("STRIPE_SCRIPT_URL", format!("http://127.0.0.1:{port}/v3/").into()),
            ]);
        }
        variables
    }

    /// The variables that Stripe's stand-in gets.
    pub fn sandbox_variables(&self, port: u16, state: &Path, secrets: &Secrets) -> Vec<(&'static str, OsString)> {
        let webhook = format!("http://127.0.0.1:{}/api/payments/webhook", self.port);
        vec![
            ("SANDBOX_PORT", port.to_string().into()),
            ("SANDBOX_STATE", state.into()),
            ("SANDBOX_KEY", secrets.stripe_key().into()),
            ("SANDBOX_WEBHOOK_URL", webhook.into()),
            ("SANDBOX_WEBHOOK_SECRET", secrets.stripe_webhook_secret().into()),
        ]
    }

    /// What is worth knowing of where things are.
    pub fn told(&self, found: &Found) -> String {
        let streaming = match &found.streaming {
            Some((port, _)) => format!("streaming server on 127.0.0.1:{port}"),
            None => format!("streams on {}", self.nats_url.as_deref().unwrap_or_default()),
        };
        let stripe =
            if self.starts_sandbox() { "no card is charged" } else { "STRIPE_KEY is set: Stripe itself is asked" };
        format!("on port {}, {streaming}; {stripe}", self.port)
    }
}

/// The host and the port of a URL, or of a bare host with or without a port.
fn address(url: &str, port: u16) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', ',']).next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.is_empty() && !port.ends_with(']'));
    if has_port { host.to_owned() } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(set: &[(&str, &str)]) -> Plan {
        let value = |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        Plan::new(value, 3000, None)
    }

    fn names(variables: &[(&'static str, OsString)]) -> Vec<&'static str> {
        variables.iter().map(|(name, _)| *name).collect()
    }

    #[test]
    fn an_empty_environment_has_everything_started() {
        let plan = plan(&[("DATABASE_URL", "")]);
        assert!(plan.starts_postgres() && plan.starts_redis() && plan.starts_streaming() && plan.starts_sandbox());
        assert_eq!(plan.tools().len(), 2);
        let found = Found {
            database_url: Some("postgres://localhost".into()),
            redis: Some("redis://localhost".into()),
            sandbox: Some(12111),
            streaming: Some((4222, "/streams".into())),
        };
        let variables = plan.variables(&found, &Secrets::for_tests());
        let expected = [
            "PORT",
            "PUBLIC_URL",
            "JWT_KEY",
            "LISTEN",
            "LOG_FORMAT",
            "SHUTDOWN_DELAY",
            "DATABASE_URL",
            "REDIS_HOST",
            "STREAMING_PORT",
            "STREAMING_STORE_DIR",
            "STRIPE_KEY",
            "STRIPE_PUBLISHABLE_KEY",
            "STRIPE_WEBHOOK_SECRET",
            "STRIPE_URL",
            "STRIPE_SCRIPT_URL",
        ];
        assert_eq!(names(&variables), expected);
    }

    #[test]
    fn what_the_environment_names_is_neither_started_nor_overwritten() {
        let set = [
            "DATABASE_URL",
            "REDIS_HOST",
            "NATS_URL",
            "STRIPE_KEY",
            "JWT_KEY",
            "PUBLIC_URL",
            "LISTEN",
            "LOG_FORMAT",
            "SHUTDOWN_DELAY",
        ]
        .map(|name| (name, "x"));
        let plan = plan(&set);
        assert!(!plan.starts_postgres() && !plan.starts_redis() && !plan.starts_streaming() && !plan.starts_sandbox());
        assert!(plan.tools().is_empty());
        let variables = plan.variables(&Found::default(), &Secrets::for_tests());
        assert_eq!(variables, [("PORT", "3000".into()), ("PUBLIC_URL", "x".into())]);
    }

    #[test]
    fn a_server_that_does_not_answer_is_named_with_its_variable() {
        let error = plan(&[("REDIS_HOST", "127.0.0.1:1")]).check_theirs().unwrap_err().to_string();
        assert!(error.starts_with("REDIS_HOST names 127.0.0.1:1, which does not answer: "), "{error}");
    }

    #[test]
    fn an_address_is_found_in_every_kind_of_url() {
        for (url, expected) in [
            ("postgres://me:p%40ss@db.example/ticketing?sslmode=require", "db.example:5432"),
            ("postgres://db:1234/x", "db:1234"),
            ("nats://one:4222,two:4222", "one:4222"),
            ("redis", "redis:5432"),
            ("redis:6380", "redis:6380"),
            ("postgres://[::1]/x", "[::1]:5432"),
            ("postgres://[::1]:7/x", "[::1]:7"),
        ] {
            assert_eq!(address(url, 5432), expected);
        }
    }
}
