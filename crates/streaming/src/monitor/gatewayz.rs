//! `/gatewayz`: gateways to other clusters, of which we have none.

use serde::Serialize;

use super::Monitor;
use super::answer::{Answer, Refusal};
use super::parameters::Parameters;

#[derive(Serialize)]
struct Gatewayz<'a> {
    server_id: &'a str,
    now: String,
    outbound_gateways: Empty,
    inbound_gateways: Empty,
}

#[derive(Serialize)]
struct Empty {}

pub(super) fn answer(monitor: &Monitor, _: &Parameters) -> Result<Answer, Refusal> {
    Answer::json(&Gatewayz {
        server_id: &monitor.server.id,
        now: protocol::time::rfc3339(monitor.server.clock.now()),
        outbound_gateways: Empty {},
        inbound_gateways: Empty {},
    })
}
