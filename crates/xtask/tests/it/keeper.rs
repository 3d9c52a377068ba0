//! One program and its keeper.

use std::fs;
use std::io::{self, PipeWriter};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::Pid;

use super::run::{all_gone, eventually};

/// A keeper of `sh -c script`, and the pipe it watches.
fn keeper(folder: &Path, grace: &str, script: &str) -> (Child, PipeWriter) {
    let (read, lifeline) = io::pipe().unwrap();
    let mut keeper = Command::new(env!("CARGO_BIN_EXE_xtask"));
    keeper.args(["keep", "--name", "it", "--stop", "term", "--grace-seconds", grace, "--folder"]).arg(folder);
    keeper.arg("--log").arg(folder.join("log")).args(["--", "sh", "-c", script]);
    (keeper.stdin(read).stdout(Stdio::null()).process_group(0).spawn().unwrap(), lifeline)
}

fn program(folder: &Path) -> Pid {
    let mut found = None;
    eventually("the program runs", || {
        let note = fs::read_to_string(folder.join("it.pid")).unwrap_or_default();
        found = note.split_once(' ').and_then(|(pid, _)| Pid::from_raw(pid.parse().ok()?));
        found.is_some()
    });
    found.unwrap()
}

#[test]
fn it_stops_its_program_when_the_pipe_closes() {
    let folder = tempfile::tempdir().unwrap();
    let (mut keeper, lifeline) = keeper(folder.path(), "60", "exec sleep 1000");
    let program = program(folder.path());
    drop(lifeline);
    assert_eq!(keeper.wait().unwrap().code(), Some(0));
    all_gone(&[program]);
    assert!(!folder.path().join("it.pid").exists());
}

#[test]
fn a_program_that_will_not_end_is_killed_when_its_time_is_up() {
    let folder = tempfile::tempdir().unwrap();
    let (mut keeper, lifeline) = keeper(folder.path(), "0", "trap '' TERM; echo ready; while :; do sleep 0.1; done");
    let program = program(folder.path());
    eventually("it ignores the signal", || fs::read_to_string(folder.path().join("log")).unwrap().contains("ready"));
    drop(lifeline);
    assert_eq!(keeper.wait().unwrap().code(), Some(0));
    all_gone(&[program]);
}

#[test]
fn it_ends_as_its_program_did() {
    for (script, code) in [("exit 7", 7), ("kill -9 $$", 137)] {
        let folder = tempfile::tempdir().unwrap();
        let (mut keeper, _lifeline) = keeper(folder.path(), "60", script);
        assert_eq!(keeper.wait().unwrap().code(), Some(code));
    }
}

#[test]
fn whoever_ends_the_keeper_ends_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let (mut keeper, _lifeline) = keeper(folder.path(), "60", "exec sleep 1000");
    let program = program(folder.path());
    let pid = Pid::from_raw(keeper.id().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(keeper.wait().unwrap().code(), Some(0));
    all_gone(&[program]);
}
