//! What a developer may do to it.

use std::net::TcpListener;

use rustix::process::{Pid, Signal, kill_process};

use super::run::{Project, all_gone, eventually, runs};

#[test]
fn an_interrupt_stops_all_of_it_in_order_and_a_second_start_finds_the_data() {
    let project = Project::new();
    for (signal, start) in [(Signal::INT, "start 1"), (Signal::TERM, "start 2")] {
        let run = project.started(&["--hold", "20s"]);
        let programs = [run.programs(), run.keepers()].concat();
        run.signal(signal);
        let (status, output) = run.ends();
        assert!(status.success(), "an interrupt is no failure: {output}");
        all_gone(&programs);
        let log = project.log("marketplace");
        assert!(log.contains(&format!("{start}, a hold is 20s")), "{log}");
        assert!(log.contains("drained: Postgres says yes, Stripe yes"), "{log}");
        let stopped: Vec<&str> =
            output.lines().filter_map(|line| line.split_once(": stopped")).map(|(name, _)| name).collect();
        assert_eq!(stopped, ["✓ marketplace", "✓ stripe-sandbox", "✓ redis", "✓ postgres"]);
    }
    let run = project.started(&["--fresh"]);
    assert!(project.log("marketplace").contains("start 1,"), "the data is forgotten when asked to be");
    drop(run);
}

#[test]
fn nothing_outlives_a_kill_and_the_next_start_waits_for_it() {
    let project = Project::new();
    let run = project.started(&[]);
    let programs = [run.programs(), run.keepers()].concat();
    run.signal(Signal::KILL);
    drop(run);
    let second = project.started(&[]);
    all_gone(&programs);
    assert!(project.log("marketplace").contains("start 2,"));
    second.signal(Signal::TERM);
    assert!(second.ends().0.success());
}

#[test]
fn programs_that_lost_their_keepers_too_are_stopped_by_the_next_start() {
    let project = Project::new();
    let run = project.started(&[]);
    let programs = run.programs();
    let _orphans = Orphans(programs.clone());
    run.signal(Signal::KILL);
    for keeper in run.keepers() {
        let _ = kill_process(keeper, Signal::KILL);
    }
    drop(run);
    let second = project.started(&[]);
    all_gone(&programs);
    second.signal(Signal::TERM);
    assert!(second.ends().0.success());
}

/// Nobody else ends these if the test fails.
struct Orphans(Vec<Pid>);

impl Drop for Orphans {
    fn drop(&mut self) {
        for pid in self.0.iter().filter(|pid| runs(**pid)) {
            let _ = kill_process(*pid, Signal::KILL);
        }
    }
}

#[test]
fn a_second_run_is_one_line_that_says_what_to_do() {
    let project = Project::new();
    let first = project.started(&[]);
    let (status, output) = project.dev(&[]).ends();
    assert_eq!(status.code(), Some(1));
    assert_eq!(output.lines().count(), 1, "{output}");
    assert!(output.starts_with("error: cargo xtask dev runs here already, as process "), "{output}");
    first.signal(Signal::TERM);
    assert!(first.ends().0.success());
}

#[test]
fn a_port_that_is_taken_is_one_line_that_names_another() {
    let project = Project::new();
    let taken = TcpListener::bind(("127.0.0.1", project.port)).unwrap();
    let (status, output) = project.dev(&[]).ends();
    assert_eq!(status.code(), Some(1));
    assert_eq!(output.lines().count(), 1, "{output}");
    assert!(output.contains(&format!("port {} is in use", project.port)), "{output}");
    assert!(output.contains("cargo xtask dev --port "), "{output}");
    drop(taken);
}

#[test]
fn a_server_that_ends_stops_the_rest_and_is_named() {
    let project = Project::new();
    let run = project.started(&[]);
    let programs = run.programs();
    kill_process(run.program("redis"), Signal::KILL).unwrap();
    let (status, output) = run.ends();
    assert_eq!(status.code(), Some(1));
    let error = output.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
    assert!(error.starts_with("error: redis was ended by signal 9; the end of "), "{output}");
    all_gone(&programs);
}

#[test]
fn a_marketplace_that_does_not_start_says_why() {
    let project = Project::new();
    let (status, output) = project.dev_with(&[], &[("FAKE", "ends")]).ends();
    assert_eq!(status.code(), Some(1));
    assert!(output.contains("error: marketplace ended by itself with exit code 3; the end of "), "{output}");
    assert!(output.contains("JWT_KEY is too short"), "{output}");
}

#[test]
fn an_interrupt_while_it_starts_leaves_nothing_behind() {
    let project = Project::new();
    let mut run = project.dev(&[]);
    run.says("Postgres: ");
    let postgres = run.program("postgres");
    run.signal(Signal::INT);
    let (status, output) = run.ends();
    assert!(status.success(), "{output}");
    all_gone(&[postgres]);
}

#[test]
fn logs_are_shown_with_the_names_of_their_writers() {
    let project = Project::new();
    let mut run = project.started(&["--logs"]);
    run.says("   marketplace | start 1,");
    eventually("Postgres has logged", || run.output().contains("      postgres | "));
    run.signal(Signal::TERM);
    assert!(run.ends().0.success());
}
