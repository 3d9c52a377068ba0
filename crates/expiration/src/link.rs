//! The connection to Redis: made when first needed, made anew after any failure, and never waited for without a bound.
//!
//! Not `redis::aio::ConnectionManager`: that one gives up for good when a reconnection is refused by the server itself
//! (still loading, a password being changed), and keeps a connection whose answers stopped coming.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, FromRedisValue, Pipeline, RedisResult, ScriptInvocation};
use tokio::sync::Mutex;

/// How long connecting may take: name, TCP, TLS and log-in inside one cluster are well under a second.
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// How long an answer may take: the longest script works a few milliseconds, a fork or a slow disk pauses for more.
const ANSWER_MAX: Duration = Duration::from_secs(3);

/// One multiplexed connection that everybody in the process shares.
#[derive(Clone)]
pub struct Link {
    client: Client,
    current: Arc<Mutex<Current>>,
}

/// The connection in use, if there is one, and how many there were: whoever meets a failure drops only the one it used.
#[derive(Default)]
struct Current {
    generation: u64,
    connection: Option<MultiplexedConnection>,
}

impl Link {
    /// A link to the server at `address`, which need not be up.
    pub fn open(address: &Address) -> Self {
        Self { client: address.0.clone(), current: Arc::default() }
    }

    /// Runs a script; all of it happens or nothing does. After an error it is unknown which.
    pub async fn invoke<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> RedisResult<T> {
        let (generation, mut connection) = self.connection().await?;
        let answer = script.invoke_async(&mut connection).await;
        self.keep_if(answer.is_ok(), generation).await;
        answer
    }

    /// Sends the commands at once and gives their answers.
    pub async fn query<T: FromRedisValue>(&self, commands: &Pipeline) -> RedisResult<T> {
        let (generation, mut connection) = self.connection().await?;
        let answer = commands.query_async(&mut connection).await;
        self.keep_if(answer.is_ok(), generation).await;
        answer
    }

    async fn connection(&self) -> RedisResult<(u64, MultiplexedConnection)> {
        let mut current = self.current.lock().await;
        if let Some(connection) = &current.connection {
            return Ok((current.generation, connection.clone()));
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_MAX))
            .set_response_timeout(Some(ANSWER_MAX));
        let connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        current.generation += 1;
        current.connection = Some(connection.clone());
        Ok((current.generation, connection))
    }

    /// Any error ends the connection, also one the server answered with: it may have become a replica, or another
    /// server may answer to the name by now.
    async fn keep_if(&self, well: bool, generation: u64) {
        if well {
            return;
        }
        let mut current = self.current.lock().await;
        if current.generation == generation {
            current.connection = None;
        }
    }
}

/// Where a Redis is. It may hold a password, so `Debug` does not show it.
#[derive(Clone)]
pub struct Address(Client);

/// A text that names no Redis.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it must be a host, host:port, or a redis:// or rediss:// URL")]
pub struct NotAnAddress;

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let text = text.trim();
        // `::1` is a host without a port, `[::1]:7000` one with it.
        let bare_ipv6 = !text.starts_with('[') && text.matches(':').count() > 1;
        let url = match text {
            url if url.contains("://") => url.to_owned(),
            host if bare_ipv6 => format!("redis://[{host}]"),
            host => format!("redis://{host}"),
        };
        // The error would tell the URL, and with it the password.
        Client::open(url).map(Self).map_err(|_| NotAnAddress)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.0.get_connection_info().addr())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads_to(text: &str) -> String {
        text.parse::<Address>().unwrap().0.get_connection_info().addr().to_string()
    }

    #[test]
    fn a_host_a_host_with_port_and_a_url_are_understood() {
        for (text, expected) in [
            ("expiration-redis-srv", "expiration-redis-srv:6379"),
            ("localhost:7000", "localhost:7000"),
            ("10.0.0.7", "10.0.0.7:6379"),
            ("::1", "::1:6379"),
            ("[::1]:7000", "::1:7000"),
            ("redis://:secret@cache:7000/3", "cache:7000"),
            ("rediss://cache", "cache:6379"),
        ] {
            assert_eq!(leads_to(text), expected, "{text}");
        }
        let address: Address = "redis://:secret@cache/3".parse().unwrap();
        assert_eq!(address.0.get_connection_info().redis_settings().db(), 3);
    }

    #[test]
    fn a_url_with_two_s_means_tls_with_a_certificate_that_is_looked_at() {
        let address: Address = "rediss://cache".parse().unwrap();
        let address = address.0.get_connection_info().addr();
        assert!(matches!(address, redis::ConnectionAddr::TcpTls { insecure: false, .. }), "{address:?}");
    }

    #[test]
    fn what_names_no_server_is_refused() {
        for text in ["http://cache", "cache:port", "", "a b"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let address: Address = "redis://ann:sesame@cache:7000".parse().unwrap();
        assert_eq!(format!("{address:?}"), "Address(cache:7000)");
    }
}
