//! The settings of all services in one environment, where those they share are given once.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use service::Settings;
use service::settings::{Refused, read};

use crate::broker;

/// What `NATS_URL` is when the environment does not say: the streaming server inside this process.
const OWN: &str = "own";

/// The whole marketplace in one process.
///
/// Beside these, the settings of each service count: `ORDER_HOLD`, `STRIPE_KEY` and so on (`orders --help`, `payments --help`).
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "marketplace", version)]
pub struct Own {
    /// What every service is told. `NATS_URL` may be left out: the streaming server then runs inside this process.
    #[command(flatten)]
    pub common: Settings,
    /// The database of every service that is not told another by its own variable, like `TICKETS_DATABASE_URL`.
    #[arg(long, env, hide_env_values = true)]
    pub database_url: SecretString,
    /// Where clients of the streaming server inside this process connect; 0 takes any port that is free.
    #[arg(long, env, default_value_t = 4222)]
    pub streaming_port: u16,
    /// Where that server's monitoring answers HTTP; 0 for nowhere.
    #[arg(long, env, default_value_t = 0)]
    pub streaming_monitor_port: u16,
    /// Where that server keeps its streams.
    #[arg(long, env, default_value = ".dev/streams")]
    pub streaming_store_dir: PathBuf,
    /// The built web client. Where there is none, a page tells how to build it.
    #[arg(long, env, default_value = "client/dist")]
    pub client_dir: PathBuf,
    /// Stripe's script, which pages may load: as the payments service is told.
    #[arg(long, env, default_value = "https://js.stripe.com/v3/")]
    pub stripe_script_url: String,
}

/// The settings of each service.
#[derive(Debug)]
pub struct Services {
    /// Who is who.
    pub auth: auth::Config,
    /// What is for sale.
    pub tickets: tickets::Config,
    /// Who holds it.
    pub orders: orders::Config,
    /// Whose time is up.
    pub expiration: expiration::Config,
    /// Who paid.
    pub payments: payments::Config,
}

/// The settings of all of it.
#[derive(Debug)]
pub struct Config {
    /// This process's own.
    pub own: Own,
    /// Those of each service.
    pub services: Services,
}

impl Config {
    /// The settings of this process. Otherwise it ends, and tells everything that is missing, whichever service needs it.
    pub fn parse() -> Self {
        Self::read(|name| std::env::var(name).ok(), std::env::args().skip(1)).unwrap_or_else(|refused| refused.exit())
    }

    /// Reads the settings from `variables` and the `arguments` after the program's name.
    pub fn read(
        variables: impl Fn(&str) -> Option<String>,
        arguments: impl IntoIterator<Item = String>,
    ) -> Result<Self, Refused> {
        let given = |name: &str| variables(name).filter(|value| !value.trim().is_empty());
        let with_broker = |name: &str| given(name).or_else(|| (name == "NATS_URL").then(|| OWN.to_owned()));
        let own = match read::<Own>(with_broker, arguments) {
            Ok(own) => own,
            Err(Refused::Line(error)) => return Err(Refused::Line(error)),
            // Some of what the services need may be missing too: better to tell all of it now.
            Err(own) => {
                return Err(match Services::read(&given) {
                    Ok(_) => own,
                    Err(services) => both(own, services),
                });
            }
        };
        let mut services = Services::read(&|name| match name {
            "NATS_URL" => Some(own.common.nats_url.clone()),
            "JWT_KEY" => Some(own.common.jwt_key.expose_secret().to_owned()),
            "PUBLIC_URL" => Some(own.common.public_url.to_string()),
            "STRIPE_SCRIPT_URL" => Some(own.stripe_script_url.clone()),
            _ if name.ends_with("_DATABASE_URL") => {
                given(name).or_else(|| Some(own.database_url.expose_secret().to_owned()))
            }
            _ => given(name),
        })?;
        services.share(&own.common);
        Ok(Self { own, services })
    }

    /// The streaming server to be run inside this process; `None` where `NATS_URL` names another.
    pub fn own_broker(&self) -> Option<broker::Settings> {
        (self.own.common.nats_url == OWN).then(|| broker::Settings {
            port: self.own.streaming_port,
            monitor_port: Some(self.own.streaming_monitor_port).filter(|port| *port > 0),
            folder: self.own.streaming_store_dir.clone(),
        })
    }

    /// Lets everybody use the broker at `url`.
    pub fn use_broker(&mut self, url: String) {
        self.own.common.nats_url = url;
        self.services.share(&self.own.common);
    }
}

impl Services {
    /// Reads all of them; what is missing is told for all at once.
    fn read(given: &dyn Fn(&str) -> Option<String>) -> Result<Self, Refused> {
        let none = std::iter::empty::<String>;
        let auth = read(given, none());
        let tickets = read(given, none());
        let orders = read(given, none());
        let expiration = read(given, none());
        let payments = read(given, none());
        match (auth, tickets, orders, expiration, payments) {
            (Ok(auth), Ok(tickets), Ok(orders), Ok(expiration), Ok(payments)) => {
                Ok(Self { auth, tickets, orders, expiration, payments })
            }
            (auth, tickets, orders, expiration, payments) => {
                let refused = [auth.err(), tickets.err(), orders.err(), expiration.err(), payments.err()];
                Err(refused.into_iter().flatten().reduce(both).unwrap_or_else(|| Refused::Settings(Vec::new())))
            }
        }
    }

    /// Gives each the settings all of them share.
    fn share(&mut self, common: &Settings) {
        let Self { auth, tickets, orders, expiration, payments } = self;
        let all =
            [&mut auth.common, &mut tickets.common, &mut orders.common, &mut expiration.common, &mut payments.common];
        for settings in all {
            settings.clone_from(common);
        }
    }
}

/// What either says, once.
fn both(one: Refused, other: Refused) -> Refused {
    match (one, other) {
        (Refused::Settings(mut faults), Refused::Settings(more)) => {
            for fault in more {
                if !faults.contains(&fault) {
                    faults.push(fault);
                }
            }
            Refused::Settings(faults)
        }
        (Refused::Settings(_), line) | (line, _) => line,
    }
}
