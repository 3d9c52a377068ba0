//! What this service is told by its environment, and the service that makes.

use events::Timestamp;
use secrecy::SecretString;
use service::{Clock, Program, Service, Sessions, Settings, database};
use time::Duration;
use utoipa::openapi::OpenApi;

use crate::store::Holds;
use crate::{App, Error, MIGRATOR, SCHEMA};

/// The longest that may be set: a ticket that is held for longer is as good as sold.
const LONGEST: Duration = Duration::days(30);

/// Who holds a ticket, until when, and who owns it in the end.
#[derive(Debug, clap::Parser)]
pub struct Config {
    /// What every service is told.
    #[command(flatten)]
    pub common: Settings,
    /// The database: `postgres://user:password@host/name`.
    #[arg(long, env, hide_env_values = true)]
    pub orders_database_url: SecretString,
    /// How long, and how many.
    #[command(flatten)]
    pub rules: Rules,
}

/// How long a ticket is held, how many of them, and how long to wait for `payments`.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Rules {
    /// How long an order holds its ticket unpaid.
    #[arg(long = "order-hold", env = "ORDER_HOLD", default_value = "15m", value_parser = duration)]
    pub hold: Duration,
    /// How many unpaid tickets a user may hold at a time.
    #[arg(long, env, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub live_holds_max: u32,
    /// How long an order whose time is up waits to be told how the payment under way ended.
    #[arg(long, env, default_value = "2m", value_parser = duration)]
    pub payment_answer_max: Duration,
}

fn duration(text: &str) -> Result<Duration, String> {
    match Duration::try_from(service::settings::duration(text)?) {
        Ok(duration) if duration.is_positive() && duration <= LONGEST => Ok(duration),
        _ => Err(format!("it must be more than nothing and at most {} days", LONGEST.whole_days())),
    }
}

/// What an operator gets who sets nothing.
impl Default for Rules {
    fn default() -> Self {
        Self { hold: Duration::minutes(15), live_holds_max: 10, payment_answer_max: Duration::minutes(2) }
    }
}

impl Rules {
    /// Whether a user who has `holds` at the moment `now` may take another ticket; if not, when to come again.
    pub fn allow_another(&self, holds: &Holds, now: Timestamp) -> Result<(), Error> {
        if holds.count < i64::from(self.live_holds_max) {
            return Ok(());
        }
        // Nothing left: one of them ran out, and is about to be cancelled.
        let left = holds.first_expires_at.map(|first| first - now);
        let retry_after = left.and_then(|left| left.try_into().ok()).unwrap_or_default();
        Err(Error::TooManyHolds { retry_after })
    }
}

impl Program for Config {
    const NAME: &'static str = SCHEMA;

    fn settings(&self) -> &Settings {
        &self.common
    }

    async fn service(&self) -> anyhow::Result<Service> {
        let (db, clock) = (database::open(&self.orders_database_url, SCHEMA, &MIGRATOR).await?, Clock::system());
        let sessions = Sessions::new(&self.common.jwt_key, db.clone(), clock.clone(), &self.common.public_url);
        Ok(crate::build(App::new(db, sessions, clock, self.rules)))
    }

    fn openapi() -> OpenApi {
        crate::openapi()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use service::settings::read;

    use super::*;

    const REQUIRED: [(&str, &str); 3] = [
        ("NATS_URL", "nats://localhost"),
        ("JWT_KEY", "a key of at least thirty-two bytes"),
        ("ORDERS_DATABASE_URL", "postgres://localhost/orders"),
    ];

    fn with(own: &[(&str, &str)]) -> Result<Config, String> {
        let known: Vec<_> = REQUIRED.iter().chain(own).collect();
        let variable = |name: &str| Some(known.iter().rev().find(|(known, _)| *known == name)?.1.to_owned());
        read(variable, []).map_err(|refused| refused.to_string())
    }

    #[test]
    fn what_is_not_set_is_as_agreed() {
        let rules = with(&[]).unwrap().rules;
        let default = Rules::default();
        assert_eq!((rules.hold, rules.live_holds_max), (Duration::minutes(15), 10));
        assert_eq!((rules.hold, rules.live_holds_max), (default.hold, default.live_holds_max));
        assert_eq!(rules.payment_answer_max, default.payment_answer_max);
    }

    #[test]
    fn how_long_and_how_many_is_for_the_operator_to_say() {
        let set = [("ORDER_HOLD", "20s"), ("LIVE_HOLDS_MAX", "3"), ("PAYMENT_ANSWER_MAX", "1m30s")];
        let rules = with(&set).unwrap().rules;
        assert_eq!((rules.hold, rules.live_holds_max), (Duration::seconds(20), 3));
        assert_eq!(rules.payment_answer_max, Duration::seconds(90));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_its_name() {
        for (name, value) in [
            ("ORDER_HOLD", "0s"),
            ("ORDER_HOLD", "31d"),
            ("ORDER_HOLD", "soon"),
            ("PAYMENT_ANSWER_MAX", "99999999d"),
            ("LIVE_HOLDS_MAX", "0"),
        ] {
            let refused = with(&[(name, value)]).unwrap_err();
            assert!(refused.contains(name), "{name}={value}: {refused}");
        }
        let refused = read::<Config>(|_| None, []).unwrap_err().to_string();
        assert!(REQUIRED.iter().all(|(name, _)| refused.contains(name)), "{refused}");
        Config::command().debug_assert();
    }

    #[test]
    fn who_holds_too_many_is_told_when_the_first_runs_out() {
        let now = Timestamp::from_milliseconds(1_800_000_000_000).unwrap();
        let asked =
            |count, first_expires_at| match Rules::default().allow_another(&Holds { count, first_expires_at }, now) {
                Ok(()) => None,
                Err(Error::TooManyHolds { retry_after }) => Some(retry_after.as_secs()),
                Err(error) => panic!("{error}"),
            };
        assert_eq!(asked(9, Some(now)), None);
        assert_eq!(asked(10, Some(now + Duration::seconds(90))), Some(90));
        assert_eq!(asked(11, Some(now - Duration::seconds(90))), Some(0));
    }
}
