//! What administrators do, by HTTP and by `streaming-server admin`, and who is kept from it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::{CLUSTER, Program, program};
use crate::harness::{Server, server_program};

const TOKEN: &str = "a-token-of-thirty-two-signs-and-1";

fn server() -> Option<Server> {
    program::is_installed().then(|| {
        Server::with_config(&format!(
            "http: 127.0.0.1:-1
             streaming {{ cid: {CLUSTER}, store: file, dir: STORE, wildcards: true, admin_token: {TOKEN} }}"
        ))
    })
}

/// The answer to a request with this header: its head, status and body.
fn http(server: &Server, method: &str, path: &str, header: &str) -> (String, u16, String) {
    let mut socket = TcpStream::connect(server.monitor()).expect("a connection");
    write!(socket, "{method} {path} HTTP/1.0\r\n{header}\r\n\r\n").expect("sent");
    let mut text = String::new();
    socket.read_to_string(&mut text).expect("an answer");
    let (head, body) = text.split_once("\r\n\r\n").expect("a body");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    (head.to_lowercase(), status, body.to_owned())
}

/// Status and JSON of what an administrator is answered.
fn ask(server: &Server, method: &str, path: &str) -> (u16, Value) {
    let header = format!("Authorization: Bearer {TOKEN}");
    let (_, status, body) = http(server, method, &format!("/streaming/admin{path}"), &header);
    (status, serde_json::from_str(&body).unwrap_or_else(|_| panic!("no JSON: {body}")))
}

fn durable(queue: Option<&str>) -> Value {
    json!({ "channel": "c", "queue": queue, "tag": "s", "options": { "start": "all", "durable": "d" } })
}

#[test]
fn a_channel_is_purged_and_deleted_and_begins_anew() {
    let Some(mut server) = server() else { return };
    let mut ann = Program::connected(&server, "ann");
    for data in ["1", "2", "3"] {
        ann.publish("c", data);
    }
    assert_eq!(ask(&server, "POST", "/channels/c/purge"), (200, json!({ "channel": "c", "purged": 3 })));
    server.kill9();
    ann.expect("reconnected");
    ann.publish("c", "4");
    ann.subscribe(&json!({ "channel": "c", "tag": "s", "options": { "start": "all" } }));
    let message = ann.expect("message");
    assert_eq!((&message["data"], &message["sequence"]), (&json!("4"), &json!(4)), "sequences go on, the rest is gone");
    let told = ask(&server, "DELETE", "/channels/c");
    assert_eq!(told.0, 409, "somebody is subscribed: {}", told.1);
    assert_eq!(told.1["error"], "\"c\" is in use by \"ann\": disconnect that client first, or force it");
    assert_eq!(ask(&server, "DELETE", "/channels/c?force=true"), (200, json!({ "channel": "c", "deleted": true })));
    assert_eq!(ann.expect("lost")["error"], "client has been replaced or is no longer registered");
    assert_eq!(ask(&server, "DELETE", "/channels/c").0, 404);
    let mut bob = Program::connected(&server, "bob");
    bob.publish("c", "5");
    bob.subscribe(&json!({ "channel": "c", "tag": "s", "options": { "start": "all" } }));
    let message = bob.expect("message");
    assert_eq!((&message["data"], &message["sequence"]), (&json!("5"), &json!(1)));
}

#[test]
fn a_durable_is_dropped_when_nobody_uses_it() {
    let Some(mut server) = server() else { return };
    let mut publisher = Program::connected(&server, "publisher");
    publisher.publish("c", "1");
    for (queue, path) in [(None, "/channels/c/durables/d?client=ann"), (Some("q"), "/channels/c/durables/d?queue=q")] {
        let mut ann = Program::connected(&server, "ann");
        let asked = durable(queue);
        ann.subscribe(&asked);
        assert_eq!(ann.messages(1), ["1"]);
        let told = ask(&server, "DELETE", path);
        assert_eq!(
            (told.0, &told.1["error"]),
            (409, &json!("\"d\" is in use by \"ann\": disconnect that client first"))
        );
        ann.close();
        assert_eq!(ask(&server, "DELETE", path), (200, json!({ "channel": "c", "durable": "d", "dropped": true })));
        assert_eq!(ask(&server, "DELETE", path).0, 404);
        server.kill9();
        let mut ann = Program::connected(&server, "ann");
        ann.subscribe(&asked);
        assert_eq!(ann.messages(1), ["1"], "forgotten, and for good: {path}");
        ann.close();
    }
    let mut wide = Program::connected(&server, "wide");
    let asked = json!({ "channel": "*", "tag": "s", "options": { "start": "all", "durable": "w" } });
    wide.subscribe(&asked);
    assert_eq!(wide.messages(1), ["1"]);
    assert_eq!(ask(&server, "DELETE", "/channels/%2A/durables/w?client=wide").0, 409);
    wide.close();
    assert_eq!(ask(&server, "DELETE", "/channels/%2A/durables/w?client=wide").0, 200);
    assert_eq!(ask(&server, "DELETE", "/channels/%2A/durables/w?client=wide").0, 404);
    let mut wide = Program::connected(&server, "wide");
    wide.subscribe(&asked);
    assert_eq!(wide.messages(1), ["1"]);
    assert_eq!(ask(&server, "DELETE", "/channels/c/durables/d").0, 400, "whose?");
}

#[test]
fn a_client_is_disconnected_and_its_name_is_free() {
    let Some(server) = server() else { return };
    let mut ann = Program::connected(&server, "ann");
    assert_eq!(ask(&server, "DELETE", "/clients/ann"), (200, json!({ "client": "ann", "disconnected": true })));
    assert_eq!(ann.publish_refused("c", "1"), "stan: invalid publish request");
    assert_eq!(ask(&server, "DELETE", "/clients/ann"), (404, json!({ "error": "client \"ann\" not found" })));
    Program::connected(&server, "ann").publish("c", "2");
}

#[test]
fn without_the_token_nothing_is_done() {
    let Some(server) = server() else { return };
    let mut ann = Program::connected(&server, "ann");
    ann.publish("c", "1");
    let path = "/streaming/admin/channels/c";
    for header in ["Host: x", "Cookie: token=x", "Authorization: Basic eDp5", "Authorization: Bearer"] {
        let (head, status, body) = http(&server, "DELETE", path, header);
        assert_eq!(status, 401, "{header}: {body}");
        assert!(head.contains("www-authenticate: bearer") && !head.contains("access-control"), "{head}");
    }
    let (head, status, _) =
        http(&server, "OPTIONS", path, "Origin: http://evil\r\nAccess-Control-Request-Method: DELETE");
    assert!(status == 405 && !head.contains("access-control"), "no page of another origin may ask: {head}");
    assert_eq!(http(&server, "GET", path, &format!("Authorization: Bearer {TOKEN}")).1, 405);
    let wrong = "Authorization: Bearer wrong-token-0123456789";
    for n in 0..10 {
        assert_eq!(http(&server, "DELETE", path, wrong).1, 401, "{n}");
    }
    let (head, status, _) = http(&server, "DELETE", path, wrong);
    assert!(status == 429 && head.contains("retry-after: 60"), "{head}");
    assert_eq!(ask(&server, "DELETE", "/channels/c").0, 429, "nor is the right one tried, or one could go on guessing");
    ann.subscribe(&json!({ "channel": "c", "tag": "s", "options": { "start": "all" } }));
    assert_eq!(ann.messages(1), ["1"], "it is all there");
    assert!(!server.output().contains(TOKEN), "and the log does not tell");
}

#[test]
fn a_server_without_a_token_has_no_such_place() {
    if !program::is_installed() {
        return;
    }
    let server = Server::start(&["-m", "-1", "-cid", CLUSTER]);
    let header = format!("Authorization: Bearer {TOKEN}");
    assert_eq!(http(&server, "DELETE", "/streaming/admin/clients/ann", &header).1, 404);
    let told = command(&server, &["disconnect-client", "ann"], TOKEN);
    assert_eq!(told.status.code(), Some(1));
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.ends_with("has nothing for administrators: its admin_token is not set\n"), "{told}");
}

/// Runs `streaming-server admin`.
fn command(server: &Server, words: &[&str], token: &str) -> Output {
    let url = format!("http://{}", server.monitor());
    let mut command = Command::new(server_program());
    command.arg("admin").args(words).env("STREAMING_ADMIN_TOKEN", token);
    if !words.contains(&"--server") {
        command.args(["--server", &url]);
    }
    command.output().expect("it runs")
}

#[test]
fn the_command_does_it_and_says_so() {
    let Some(server) = server() else { return };
    let mut ann = Program::connected(&server, "ann");
    ann.publish("foo.bar", "1");
    ann.publish("c", "2");
    let asked = durable(None);
    ann.subscribe(&asked);
    assert_eq!(ann.messages(1), ["2"]);
    let run = |words: &[&str], token: &str| {
        let output = command(&server, words, token);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().expect("a code"), text(&output.stdout), text(&output.stderr))
    };
    let done = |words: &[&str]| {
        let (code, out, err) = run(words, TOKEN);
        assert_eq!((code, err.as_str()), (0, ""), "{words:?}");
        out
    };
    assert_eq!(done(&["purge-channel", "foo.bar"]), "1 messages of channel \"foo.bar\" are gone\n");
    assert_eq!(done(&["--json", "purge-channel", "foo.bar"]), "{\"channel\":\"foo.bar\",\"purged\":0}\n");
    assert_eq!(done(&["delete-channel", "foo.bar"]), "channel \"foo.bar\" is deleted\n");
    let in_use = "admin: \"d\" is in use by \"ann\": disconnect that client first\n";
    let drop = ["drop-durable", "c", "d", "--client", "ann"];
    assert_eq!(run(&drop, TOKEN), (1, String::new(), in_use.to_owned()));
    assert_eq!(done(&["disconnect-client", "ann"]), "client \"ann\" is disconnected\n");
    assert_eq!(done(&drop), "durable \"d\" of channel \"c\" is gone\n");
    assert_eq!(run(&drop, "not-the-token-at-all"), (1, String::new(), "admin: the token is wrong\n".to_owned()));
    let (code, _, told) = run(&drop, "");
    assert_eq!(
        (code, told.as_str()),
        (2, "admin: no token: set STREAMING_ADMIN_TOKEN, or name a file by --token-file\n")
    );
    let (code, _, told) = run(&["--server", "http://127.0.0.1:1", "disconnect-client", "ann"], TOKEN);
    assert!(code == 2 && told.starts_with("admin: cannot ask http://127.0.0.1:1: "), "{code} {told}");
    assert_eq!(run(&["drop-durable", "c", "d"], TOKEN).0, 2, "whose?");
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!("{TOKEN}\n")).expect("written");
    let path = file.path().to_str().expect("text");
    let (code, _, told) = run(&["disconnect-client", "nobody", "--token-file", path], "");
    assert_eq!((code, told.as_str()), (1, "admin: client \"nobody\" not found\n"));
}
