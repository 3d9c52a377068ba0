//! What a running server does when the operating system tells it something.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::Command;

use tempfile::TempDir;

use crate::harness::{PATIENCE, Server, eventually, ours};

/// A server with a configuration file that can be changed.
struct Configured {
    server: Server,
    home: TempDir,
}

impl Configured {
    fn by(config: &str) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("changing.conf");
        fs::write(&path, config).expect("written");
        Self { server: Server::start(&["-c", &path.display().to_string()]), home }
    }

    /// Changes the configuration, and has the server read it.
    fn reload(&self, config: &str) {
        fs::write(self.home.path().join("changing.conf"), config).expect("written");
        signal(&self.server, "HUP");
    }
}

fn signal(server: &Server, signal: &str) {
    let output = server.output();
    let process = output.strip_prefix('[').and_then(|rest| rest.split_once(']')).expect("a line with its number").0;
    let sent = Command::new("kill").args([&format!("-{signal}"), process]).status().expect("the kill command");
    assert!(sent.success());
}

/// Waits until the server says `text`.
async fn says(server: &Server, text: &str) {
    eventually(text, async || server.output().contains(text).then_some(())).await;
}

/// A connection that says nothing but hello, and reads line by line.
fn connect(server: &Server) -> BufReader<TcpStream> {
    let mut socket = TcpStream::connect(server.address()).expect("a connection");
    socket.set_read_timeout(Some(PATIENCE)).expect("an option");
    socket.write_all(b"CONNECT {\"verbose\":false,\"protocol\":1}\r\nPING\r\n").expect("sent");
    let mut reader = BufReader::new(socket);
    assert!(line(&mut reader).starts_with("INFO {"));
    assert_eq!(line(&mut reader), "PONG\r\n");
    reader
}

/// The next line, but for the server's own question whether we are there.
fn line(reader: &mut BufReader<TcpStream>) -> String {
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line in time");
        if line != "PING\r\n" {
            return line;
        }
    }
}

#[tokio::test]
async fn a_reload_changes_how_much_is_logged() {
    let server = Configured::by("debug: false");
    drop(connect(&server.server));
    assert!(!server.server.output().contains("[DBG]"));
    server.reload("debug: true");
    says(&server.server, "Reloaded server configuration").await;
    drop(connect(&server.server));
    says(&server.server, "[DBG]").await;
}

#[tokio::test]
async fn a_reload_that_cannot_be_changes_nothing() {
    let server = Configured::by("debug: false");
    for (nth, config) in ["debug: true\nport: x", "debug: true\njetstream: {"].into_iter().enumerate() {
        server.reload(config);
        eventually("it says so", async || {
            let output = server.server.output();
            let refusals = output.lines().filter(|line| line.contains("[ERR]") && line.contains("reload"));
            (refusals.count() > nth).then_some(())
        })
        .await;
    }
    drop(connect(&server.server));
    assert!(!server.server.output().contains("[DBG]"));
}

#[tokio::test]
async fn a_lame_duck_tells_its_clients_and_takes_no_more() {
    let server = Configured::by("lame_duck_duration: 30s\nlame_duck_grace_period: 29s");
    let mut client = connect(&server.server);
    signal(&server.server, "USR2");
    let info = line(&mut client);
    assert!(info.starts_with("INFO {") && info.contains("\"ldm\":true"), "{info}");
    eventually("nobody is taken any more", async || TcpStream::connect(server.server.address()).err()).await;
    client.get_mut().write_all(b"PING\r\n").expect("sent");
    assert_eq!(line(&mut client), "PONG\r\n", "who is here is served");

    if ours() {
        // Told to stop it does not wait for the rest of the half minute, as nats-server does.
        let mut server = server.server;
        server.stop();
    }
}

#[tokio::test]
async fn who_is_told_to_stop_tells_its_clients() {
    let mut server = Server::start(&[]);
    let mut client = connect(&server);
    server.stop();
    let mut last = String::new();
    while client.read_line(&mut last).is_ok_and(|n| n > 0) {}
    if ours() {
        assert!(last.contains("\"ldm\":true"), "{last}");
    }
}
