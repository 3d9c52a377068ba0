//! Debian's `nats-server`, the oracle: what runs on it as on ours is `JetStream`, not a look-alike.

use std::path::Path;

use anyhow::Context;

use super::{READY_MAX, answers, port};
use crate::processes::{Chain, Program};
use crate::tools;

/// Starts it in `chain` with `JetStream`, its streams and its log in `folder`; gives the URL to connect to.
pub fn start(chain: &mut Chain, folder: &Path) -> anyhow::Result<String> {
    let program = tools::find("nats-server").context("nats-server is nowhere: install it")?;
    let port = port(0)?.to_string();
    let store = folder.join("streams");
    let words =
        [program.as_os_str(), "-js".as_ref(), "-a".as_ref(), "127.0.0.1".as_ref(), "-p".as_ref(), port.as_ref()];
    let mut program = Program::new("nats-server", words.into_iter().chain(["-sd".as_ref(), store.as_os_str()]));
    program.log = Some(folder.join("nats-server.log"));
    chain.start(program)?;
    let address = format!("127.0.0.1:{port}");
    chain.wait("nats-server", READY_MAX, || Ok(answers(&address)))?;
    Ok(format!("nats://{address}"))
}
