//! What an earlier run left behind because it was killed: stopped before another run begins.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::bail;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::keeper::LOCK;
use super::{LOOK_INTERVAL, identity};

/// How long the programs of a run that was killed may take to stop: all of their graces together.
const STOP_MAX: Duration = Duration::from_mins(2);

/// Waits for the keepers of an earlier run, which may still be stopping its programs, and stops what lost its keeper.
/// Says whether there was any.
pub fn stop(folder: &Path) -> anyhow::Result<bool> {
    let mut any = false;
    let keepers = File::create(folder.join(LOCK))?;
    let begun = Instant::now();
    while keepers.try_lock().is_err() {
        any = true;
        if begun.elapsed() > STOP_MAX {
            bail!(
                "programs of an earlier run are still stopping after {} s: try again, or end them",
                STOP_MAX.as_secs()
            );
        }
        std::thread::sleep(LOOK_INTERVAL);
    }
    for entry in fs::read_dir(folder)?.flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "pid") {
            continue;
        }
        if let Some(pid) = identity::still_runs(&path) {
            any = true;
            end(pid)?;
        }
        fs::remove_file(&path)?;
    }
    Ok(any)
}

/// Asks a process that is not our child to end, and kills it if it does not.
fn end(pid: Pid) -> anyhow::Result<()> {
    for (signal, patience) in [(Signal::TERM, 50), (Signal::INT, 100), (Signal::KILL, 50)] {
        let _ = kill_process(pid, signal);
        for _ in 0..patience {
            if test_kill_process(pid).is_err() {
                return Ok(());
            }
            std::thread::sleep(LOOK_INTERVAL);
        }
    }
    bail!("process {} of an earlier run does not end: end it by hand", pid.as_raw_nonzero())
}
