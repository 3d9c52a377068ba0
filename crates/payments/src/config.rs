//! What this service is told by its environment.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use service::{Program, Service, Settings};
use utoipa::openapi::OpenApi;

use crate::Terms;
use crate::routes::pay::PATIENCE;

/// The settings of `payments`.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "payments", version, about = "Money: charges, payment intents, refunds.")]
pub struct Config {
    /// What every service is told.
    #[command(flatten)]
    pub common: Settings,
    /// Where its tables are, like `postgres://payments@payments-postgres-srv/payments`.
    #[arg(long, env, hide_env_values = true)]
    pub payments_database_url: SecretString,
    /// The secret key of the Stripe account.
    #[arg(long, env, hide_env_values = true)]
    pub stripe_key: SecretString,
    /// Where Stripe is; a stand-in, for development.
    #[arg(long, env, default_value = "https://api.stripe.com/")]
    pub stripe_url: String,
    /// The secret that signs webhooks; while it is changed, the old and the new one, with a comma. Without it webhooks
    /// are refused, and a payment made in the browser is found out by asking: later.
    #[arg(long, env, hide_env_values = true)]
    pub stripe_webhook_secret: Option<SecretString>,
    /// The account's key for browsers. Without it there is no paying by intent.
    #[arg(long, env)]
    pub stripe_publishable_key: Option<String>,
    /// Where browsers get Stripe's script.
    #[arg(long, env, default_value = "https://js.stripe.com/v3/")]
    pub stripe_script_url: String,
    /// What is paid in: a currency with cents, by its three letters.
    #[arg(long, env, default_value = "usd")]
    pub currency: Currency,
    /// How often one account may try to pay a minute.
    #[arg(long, env, default_value_t = Terms::default().tries_per_account)]
    pub payments_tries_per_account: NonZeroU32,
    /// How often one address may, of which many may share one.
    #[arg(long, env, default_value_t = Terms::default().tries_per_address)]
    pub payments_tries_per_address: NonZeroU32,
}

impl Config {
    /// What payments go by.
    pub fn terms(&self) -> Terms {
        let secrets = self.stripe_webhook_secret.iter().flat_map(|secrets| secrets.expose_secret().split(','));
        Terms {
            currency: self.currency.clone(),
            publishable_key: self.stripe_publishable_key.clone(),
            script_url: self.stripe_script_url.clone(),
            webhook_secrets: secrets
                .map(str::trim)
                .filter(|secret| !secret.is_empty())
                .map(SecretString::from)
                .collect(),
            tries_per_account: self.payments_tries_per_account,
            tries_per_address: self.payments_tries_per_address,
            patience: patience(self.common.request_timeout),
        }
    }
}

/// A request must have its own answer before it is cut off without one.
fn patience(request_timeout: Duration) -> Duration {
    (request_timeout * 4 / 5).min(PATIENCE)
}

impl Program for Config {
    const NAME: &'static str = "payments";

    fn settings(&self) -> &Settings {
        &self.common
    }

    async fn service(&self) -> anyhow::Result<Service> {
        crate::service(self).await
    }

    fn openapi() -> OpenApi {
        crate::openapi()
    }
}

/// A currency of two decimals, by its three letters in lower case: all amounts are kept in cents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Currency(String);

/// Why a text is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotACurrency {
    /// It is no code.
    #[error("a currency is three letters, like usd")]
    Code,
    /// Its smallest unit is no hundredth: what is a cent here would be something else to the provider.
    #[error("prices have two decimals, and this currency has not")]
    Decimals,
}

impl Currency {
    /// What other services and the provider know as a currency that has no cents, or thousandths
    /// (docs.stripe.com/currencies#zero-decimal, #three-decimal).
    const OTHER_DECIMALS: [&str; 21] = [
        "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf",
        "bhd", "jod", "kwd", "omr", "tnd",
    ];

    /// Its letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Currency {
    type Err = NotACurrency;

    fn from_str(text: &str) -> Result<Self, NotACurrency> {
        let code = text.trim().to_ascii_lowercase();
        if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Err(NotACurrency::Code);
        }
        if Self::OTHER_DECIMALS.contains(&&*code) {
            return Err(NotACurrency::Decimals);
        }
        Ok(Self(code))
    }
}

impl Default for Currency {
    fn default() -> Self {
        Self("usd".to_owned())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(set: &[(&str, &str)]) -> Result<Config, String> {
        let needed = [("NATS_URL", "nats://n"), ("JWT_KEY", "0123456789abcdef0123456789abcdef")];
        let variables = |name: &str| {
            let pairs = set.iter().chain(&needed);
            pairs.into_iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        service::settings::read(variables, []).map_err(|refused| refused.to_string())
    }

    const OURS: [(&str, &str); 2] = [("PAYMENTS_DATABASE_URL", "postgres://db"), ("STRIPE_KEY", "sk_test_1")];

    #[test]
    fn what_is_missing_is_named() {
        let refused = config(&[]).unwrap_err();
        assert!(refused.contains("STRIPE_KEY is missing") && refused.contains("PAYMENTS_DATABASE_URL"), "{refused}");
    }

    #[test]
    fn it_starts_with_what_the_reference_has() {
        let config = config(&OURS).unwrap();
        let terms = config.terms();
        assert_eq!((config.stripe_url.as_str(), terms.currency.as_str()), ("https://api.stripe.com/", "usd"));
        assert!(terms.webhook_secrets.is_empty() && terms.publishable_key.is_none());
        assert!(terms.patience < config.common.request_timeout);
    }

    #[test]
    fn two_webhook_secrets_count_while_they_change() {
        let set = [OURS.as_slice(), &[("STRIPE_WEBHOOK_SECRET", "whsec_new, whsec_old,")]].concat();
        let secrets = config(&set).unwrap().terms().webhook_secrets;
        let secrets: Vec<_> = secrets.iter().map(ExposeSecret::expose_secret).collect();
        assert_eq!(secrets, ["whsec_new", "whsec_old"]);
    }

    #[test]
    fn secrets_are_not_shown() {
        let set = [OURS.as_slice(), &[("STRIPE_WEBHOOK_SECRET", "whsec_new")]].concat();
        let shown = format!("{:?}", config(&set).unwrap());
        assert!(!shown.contains("sk_test_1") && !shown.contains("whsec_new"), "{shown}");
    }

    #[test]
    fn a_currency_without_cents_is_refused() {
        assert_eq!("EUR".parse::<Currency>().unwrap().as_str(), "eur");
        assert_eq!("jpy".parse::<Currency>(), Err(NotACurrency::Decimals));
        assert_eq!("kwd".parse::<Currency>(), Err(NotACurrency::Decimals));
        for text in ["", "us", "usdt", "u1d", "€"] {
            assert_eq!(text.parse::<Currency>(), Err(NotACurrency::Code), "{text}");
        }
    }
}
