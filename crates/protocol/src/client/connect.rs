//! `CONNECT`'s JSON: who a client is and how it wants to be spoken to.

use serde::{Deserialize, Deserializer, Serialize};

/// What a client says of itself. Fields it does not send, and those it sends as `null`, get `nats-server`'s defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(clippy::struct_excessive_bools)] // They are independent switches on the wire.
pub struct Connect {
    /// Answer each command with `+OK`.
    #[serde(deserialize_with = "on_if_null")]
    pub verbose: bool,
    /// Check what is usually trusted, subjects above all.
    #[serde(deserialize_with = "on_if_null")]
    pub pedantic: bool,
    /// Deliver a connection's own publications to its own subscriptions.
    #[serde(deserialize_with = "on_if_null")]
    pub echo: bool,
    /// It understands `HMSG`.
    #[serde(deserialize_with = "off_if_null")]
    pub headers: bool,
    /// It wants `503` when nobody can answer a request. Needs `headers`.
    #[serde(deserialize_with = "off_if_null")]
    pub no_responders: bool,
    /// 1: it understands an `INFO` that comes later.
    #[serde(deserialize_with = "off_if_null")]
    pub protocol: i64,
    /// The client library's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// The client library's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The connection's name, for whoever watches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// User name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pass: Option<String>,
    /// Token, where there are no users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_token: Option<String>,
    /// A user's JWT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt: Option<String>,
    /// A user's public key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nkey: Option<String>,
    /// The nonce of `INFO`, signed with the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sig: Option<String>,
    /// It insists on TLS.
    #[serde(deserialize_with = "off_if_null")]
    pub tls_required: bool,
}

impl Default for Connect {
    /// What `nats-server` assumes of a client that did not say, and before it has said `CONNECT`.
    fn default() -> Self {
        Self {
            verbose: true,
            pedantic: true,
            echo: true,
            headers: false,
            no_responders: false,
            protocol: 0,
            lang: None,
            version: None,
            name: None,
            user: None,
            pass: None,
            auth_token: None,
            jwt: None,
            nkey: None,
            sig: None,
            tls_required: false,
        }
    }
}

impl Connect {
    /// Reads the JSON of [`Command::Connect`](super::Command::Connect). Unknown fields are ignored.
    pub fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }
}

fn on_if_null<'de, D: Deserializer<'de>>(json: D) -> Result<bool, D::Error> {
    Ok(Option::deserialize(json)?.unwrap_or(true))
}

fn off_if_null<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(json: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(json)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_as_nats_server_assumes() {
        let silent = Connect::parse(b"{}").unwrap();
        assert!(silent.verbose && silent.pedantic && silent.echo && !silent.headers && !silent.no_responders);
        assert_eq!(Connect::parse(br#"{"verbose":null,"echo":null,"headers":null,"user":null}"#).unwrap(), silent);
    }

    #[test]
    fn what_is_said_is_taken_and_the_unknown_ignored() {
        let json = br#"{"lang":"node","version":"1.4.12","verbose":false,"pedantic":false,"protocol":1,"x":[{}]}"#;
        let said = Connect::parse(json).unwrap();
        let lang = Some("node".into());
        let version = Some("1.4.12".into());
        let expected = Connect { verbose: false, pedantic: false, protocol: 1, lang, version, ..Connect::default() };
        assert_eq!(said, expected);
    }

    #[test]
    fn nonsense_is_refused() {
        for json in [&b""[..], b"{bad", b"[]1", br#"{"verbose":"x"}"#] {
            assert!(Connect::parse(json).is_err(), "{}", String::from_utf8_lossy(json));
        }
    }
}
