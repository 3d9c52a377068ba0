//! `/routez`: routes to other servers of a cluster, of which we have none.

use serde::Serialize;

use super::Monitor;
use super::answer::{Answer, Refusal};
use super::parameters::Parameters;

#[derive(Serialize)]
struct Routez<'a> {
    server_id: &'a str,
    server_name: &'a str,
    now: String,
    num_routes: usize,
    routes: [(); 0],
}

pub(super) fn answer(monitor: &Monitor, _: &Parameters) -> Result<Answer, Refusal> {
    let server = &monitor.server;
    Answer::json(&Routez {
        server_id: &server.id,
        server_name: &server.name,
        now: protocol::time::rfc3339(server.clock.now()),
        num_routes: 0,
        routes: [],
    })
}
