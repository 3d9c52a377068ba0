//! What every service is told by its environment. What is its own, it adds to this.
//!
//! `read.rs` reads them, and names everything that is missing or wrong at once.

mod read;
mod url;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use secrecy::SecretString;

pub use self::read::{Refused, parse, read, read_matches};
pub use self::url::{NotAnOrigin, PublicUrl};

/// The shortest key that may sign sessions outside of development: as long as what HS256 makes of it.
pub const JWT_KEY_BYTES_MIN: usize = 32;

/// What every service is told. Each has a flag too, which counts more than the variable; `<VARIABLE>_FILE` may name a file
/// that holds the value, as secrets do.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// Where to listen: the address of an interface, or 0.0.0.0 for all.
    #[arg(long, env, default_value_t = IpAddr::V4(Ipv4Addr::UNSPECIFIED))]
    pub listen: IpAddr,
    /// The port to listen on; 0 takes any that is free.
    #[arg(long, env, default_value_t = 3000)]
    pub port: u16,
    /// Where the broker is, like `nats://nats-srv:4222`.
    #[arg(long, env)]
    pub nats_url: String,
    /// The name under which the broker sees this process: the pod's.
    #[arg(long, env, default_value_t = host_name())]
    pub nats_client_id: String,
    /// The broker's cluster, which clients of STAN had to name. Deployments still do; nothing depends on it.
    #[arg(long, env, default_value = "ticketing")]
    pub nats_cluster_id: String,
    /// How many servers of the broker's cluster keep a copy of each stream. A stream with more keeps them.
    #[arg(long, env, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    pub nats_replicas: u8,
    /// The secret that signs sessions, the same for every service.
    #[arg(long, env, hide_env_values = true)]
    pub jwt_key: SecretString,
    /// Where browsers find the marketplace.
    #[arg(long, env, default_value = "https://ticketing.dev")]
    pub public_url: PublicUrl,
    /// How the log is written.
    #[arg(long, env, value_enum, default_value_t = LogFormat::Json)]
    pub log_format: LogFormat,
    /// How many proxies stand before the service and add to X-Forwarded-For; 0 believes nobody.
    #[arg(long, env, default_value_t = 0)]
    pub trusted_proxy_hops: u8,
    /// How long a request may take.
    #[arg(long, env, default_value = "15s", value_parser = duration)]
    pub request_timeout: Duration,
    /// How long to go on serving after the signal to stop, while those who send requests learn of it.
    #[arg(long, env, default_value = "2s", value_parser = duration)]
    pub shutdown_delay: Duration,
    /// How long the end may take in all; what is not done by then is cut off.
    #[arg(long, env, default_value = "25s", value_parser = duration)]
    pub shutdown_grace: Duration,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// For people.
    Pretty,
}

fn host_name() -> String {
    let kernel = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = std::env::var("HOSTNAME").ok().or_else(kernel).unwrap_or_default();
    match name.trim() {
        "" => "ticketing".to_owned(),
        name => name.to_owned(),
    }
}

/// Reads a duration: `250ms`, `20s`, `15m`, `2h`, `7d`, and several of them together: `1m30s`.
pub fn duration(text: &str) -> Result<Duration, String> {
    const EXAMPLE: &str = "a duration is written like 250ms, 20s, 15m, 2h or 1m30s";
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return Err(EXAMPLE.to_owned());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or(EXAMPLE)?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let milliseconds: u64 = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(EXAMPLE.to_owned()),
        };
        let number: u64 = number.parse().map_err(|_| EXAMPLE)?;
        let part = number.checked_mul(milliseconds).map(Duration::from_millis).ok_or("that is too long")?;
        total = total.checked_add(part).ok_or("that is too long")?;
        rest = tail;
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_and_a_unit_or_several() {
        for (text, milliseconds) in [("250ms", 250), ("20s", 20_000), ("15m", 900_000), ("1m30s", 90_000), ("0s", 0)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "5", "s", "5 s", "5y", "-5s", "1.5s", "99999999999999999999d", "9999999999999999d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
