//! The binary: starts with its settings, tells where it is, stops when told.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[test]
fn it_tells_what_it_can_do() {
    let output = Command::new(env!("CARGO_BIN_EXE_stripe-sandbox")).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for named in ["SANDBOX_PORT", "12111", "sk_test_sandbox", "--state", "4242 4242 4242 4242", "/sandbox/ledger"] {
        assert!(help.contains(named), "{named} is missing in\n{help}");
    }
}

#[test]
fn a_webhook_needs_its_secret() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stripe-sandbox"));
    let output = command.args(["--port", "0", "--webhook-url", "http://127.0.0.1:9/"]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("--webhook-secret"));
}

#[test]
fn it_serves_until_it_is_told_to_stop() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stripe-sandbox"));
    let mut child = command.args(["--port", "0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let kill = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(kill.success());
    assert!(child.wait().unwrap().success(), "{line}");
    assert!(line.contains("http://127.0.0.1:"), "{line}");
}
