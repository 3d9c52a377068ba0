//! `INFO`'s JSON: what a server says of itself, first of all and whenever it changes.

use serde::{Deserialize, Serialize};

/// A server, as its clients see it. Fields that do not apply are left out, as `nats-server` does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(clippy::struct_excessive_bools)] // They are independent switches on the wire.
pub struct Info {
    /// The server's identity, new at each start.
    pub server_id: String,
    /// Its name, which outlives a restart.
    pub server_name: String,
    /// Clients compare it to know what they may ask for.
    pub version: String,
    /// 1: sends `INFO` again when something changes.
    pub proto: i64,
    /// The commit it was built from.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub git_commit: String,
    /// What it was built with. Clients of old insist on the field.
    pub go: String,
    /// Where it listens.
    pub host: String,
    /// Where it listens.
    pub port: u16,
    /// It understands `HPUB`.
    pub headers: bool,
    /// Clients must say who they are.
    #[serde(skip_serializing_if = "is_off")]
    pub auth_required: bool,
    /// Clients must speak TLS.
    #[serde(skip_serializing_if = "is_off")]
    pub tls_required: bool,
    /// Clients must show a certificate.
    #[serde(skip_serializing_if = "is_off")]
    pub tls_verify: bool,
    /// Clients may speak TLS.
    #[serde(skip_serializing_if = "is_off")]
    pub tls_available: bool,
    /// The most headers and payload together, in bytes.
    pub max_payload: usize,
    /// `JetStream` is on.
    #[serde(skip_serializing_if = "is_off")]
    pub jetstream: bool,
    /// The client's address as the server sees it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub client_ip: String,
    /// The connection's number.
    #[serde(skip_serializing_if = "is_zero")]
    pub client_id: u64,
    /// What an nkey or JWT client has to sign.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub nonce: String,
    /// The cluster's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cluster: String,
    /// The `JetStream` domain.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub domain: String,
    /// Where else the client may connect.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub connect_urls: Vec<String>,
    /// The server is about to stop: clients should look for another.
    #[serde(skip_serializing_if = "is_off")]
    pub ldm: bool,
    /// The level of the `JetStream` API.
    #[serde(skip_serializing_if = "is_zero")]
    pub api_lvl: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature.
fn is_off(switch: &bool) -> bool {
    !switch
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature.
fn is_zero(number: &u64) -> bool {
    *number == 0
}
