//! The program, asked about servers that are well, ill, strange and absent.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Command, Output};
use std::thread::{self, JoinHandle};

/// A server that answers one request with `answer`: its URL, and what it was asked.
fn server(answer: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/readyz", listener.local_addr().unwrap());
    let served = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let lines = BufReader::new(socket.try_clone().unwrap()).lines().map(Result::unwrap);
        let asked: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        socket.write_all(answer.as_bytes()).unwrap();
        asked.join("\n")
    });
    (url, served)
}

fn run(words: &[&str], variable: Option<&str>) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_healthcheck"));
    program.args(words).env_remove("HEALTHCHECK_URL");
    program.envs(variable.map(|url| ("HEALTHCHECK_URL", url)));
    program.output().unwrap()
}

fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn who_answers_200_is_well() {
    let (url, served) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(said(&run(&[&url], None)), (Some(0), String::new()));
    let asked = served.join().unwrap();
    assert!(asked.starts_with("GET /readyz HTTP/1.1\nHost: 127.0.0.1:"), "{asked}");
}

#[test]
fn the_environment_tells_whom_to_ask_unless_the_command_line_does() {
    let (url, served) = server("HTTP/1.1 200 OK\r\n\r\n");
    assert_eq!(said(&run(&[], Some(&url))), (Some(0), String::new()));
    served.join().unwrap();
    let (url, served) = server("HTTP/1.1 200 OK\r\n\r\n");
    assert_eq!(said(&run(&[&url], Some("http://127.0.0.1:1/"))), (Some(0), String::new()));
    served.join().unwrap();
}

#[test]
fn whoever_answers_anything_else_or_not_at_all_is_not() {
    let (url, served) = server("HTTP/1.1 503 Service Unavailable\r\n\r\n");
    assert_eq!(said(&run(&[&url], None)), (Some(1), format!("healthcheck: {url} answers 503\n")));
    served.join().unwrap();
    let (url, served) = server("INFO {}\r\n");
    assert_eq!(said(&run(&[&url], None)), (Some(1), format!("healthcheck: {url}: that is no answer of HTTP\n")));
    served.join().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, why) = said(&run(&[&format!("http://{taken}/")], None));
    assert!(code == Some(1) && why.contains("refused"), "{why}");
}

#[test]
fn who_asks_wrongly_is_told_how() {
    for words in [&["--help"][..], &["http://a/", "http://b/"]] {
        let (code, why) = said(&run(words, None));
        assert!(code == Some(2) && why.starts_with("usage: healthcheck [URL]"), "{why}");
    }
    let (code, why) = said(&run(&[], None));
    assert!(code == Some(2) && why.contains("HEALTHCHECK_URL"), "{why}");
    let (code, why) = said(&run(&["localhost:3000"], None));
    assert!(code == Some(1) && why.contains("http://127.0.0.1:3000/readyz"), "{why}");
}
