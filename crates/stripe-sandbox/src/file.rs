//! The file that keeps the state over restarts of a development environment.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use crate::sandbox::Inner;
use crate::state::State;

/// The shortest time between two writings, so that a busy minute is not spent writing.
const AT_MOST_EVERY: Duration = Duration::from_millis(200);

/// What the file holds; nothing if it isn't there yet.
pub fn read(path: &Path) -> anyhow::Result<State> {
    match std::fs::read(path) {
        Ok(bytes) => State::from_json(&bytes)
            .with_context(|| format!("{} is not a state of this version of the sandbox: remove it", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(State::default()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Writes the state after every change, until `stop`, and once more then.
pub async fn run(inner: Arc<Inner>, path: PathBuf, stop: CancellationToken) {
    loop {
        let is_last = tokio::select! {
            () = stop.cancelled() => true,
            () = inner.unsaved.notified() => false,
        };
        if let Err(error) = write(&inner, &path) {
            tracing::warn!(error = format!("{error:#}"), "cannot write the state");
        }
        if is_last {
            return;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(AT_MOST_EVERY) => {}
        }
    }
}

/// As a whole or not at all: written beside it, then moved over it.
fn write(inner: &Inner, path: &Path) -> anyhow::Result<()> {
    let json = inner.state.lock().to_json()?;
    let beside = path.with_extension("new");
    std::fs::write(&beside, json).with_context(|| format!("cannot write {}", beside.display()))?;
    std::fs::rename(&beside, path).with_context(|| format!("cannot replace {}", path.display()))
}
