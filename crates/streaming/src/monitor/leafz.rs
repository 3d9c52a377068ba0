//! `/leafz`: servers that lean on this one, of which there are none.

use serde::Serialize;

use super::Monitor;
use super::answer::{Answer, Refusal};
use super::parameters::Parameters;

#[derive(Serialize)]
struct Leafz<'a> {
    server_id: &'a str,
    now: String,
    leafnodes: usize,
    leafs: [(); 0],
}

pub(super) fn answer(monitor: &Monitor, _: &Parameters) -> Result<Answer, Refusal> {
    let server = &monitor.server;
    let now = protocol::time::rfc3339(server.clock.now());
    Answer::json(&Leafz { server_id: &server.id, now, leafnodes: 0, leafs: [] })
}
