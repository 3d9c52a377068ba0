//! `/accountz`: the accounts, of which there is one. `?acc=` tells more of it.

use serde::Serialize;

use super::answer::{Answer, Refusal};
use super::parameters::Parameters;
use super::{ACCOUNT, Monitor};

#[derive(Serialize)]
struct Accountz<'a> {
    server_id: &'a str,
    now: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    accounts: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_detail: Option<Account>,
}

#[derive(Serialize)]
struct Account {
    #[serde(rename = "account_name")]
    name: &'static str,
    update_time: String,
    expired: bool,
    complete: bool,
    jetstream_enabled: bool,
    leafnode_connections: usize,
    client_connections: usize,
    subscriptions: usize,
}

pub(super) fn answer(monitor: &Monitor, parameters: &Parameters) -> Result<Answer, Refusal> {
    let server = &monitor.server;
    let (accounts, account_detail) = match parameters.text("acc") {
        None => (Some([ACCOUNT]), None),
        Some(ACCOUNT) => (
            None,
            Some(Account {
                name: ACCOUNT,
                update_time: protocol::time::rfc3339(server.started),
                expired: false,
                complete: true,
                jetstream_enabled: server.jetstream.is_some(),
                leafnode_connections: 0,
                client_connections: server.connections.count(),
                subscriptions: server.router.len(),
            }),
        ),
        Some(other) => return Err(Refusal::Unfit(format!("Account {other} does not exist"))),
    };
    let now = protocol::time::rfc3339(server.clock.now());
    Answer::json(&Accountz { server_id: &server.id, now, accounts, account_detail })
}
