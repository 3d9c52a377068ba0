//! `streaming-server pub` and `sub`: the tutorials' programs, as one runs them in a terminal.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use protocol::stan::{ConnectRequest, Message as _};
use serde_json::json;

use super::monitoring::tell;
use super::{CLUSTER, HEARTBEATS, Program, program};
use crate::harness::{PATIENCE, Server, eventually, ours};
use crate::tls::Certificates;

const PROGRAM: &str = env!("CARGO_BIN_EXE_streaming-server");

fn server(args: &[&str]) -> Option<Server> {
    ours().then(|| Server::start(&[&["-m", "-1", "-cid", CLUSTER, "-st", "file"], args].concat()))
}

fn command(server: &Server, words: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(words).args(["--cluster-id", CLUSTER, "--server", &server.url()]).stdin(Stdio::null());
    command
}

/// Publishes, and says what was printed.
#[track_caller]
fn publish(server: &Server, channel: &str, data: &str, words: &[&str]) -> String {
    let output = command(server, &[&["pub", channel, data], words].concat()).output().expect("the program");
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8(output.stdout).expect("text")
}

/// The one line that a program says that cannot go on.
#[track_caller]
fn refused(command: &mut Command) -> String {
    let output = command.output().expect("the program");
    let told = stderr(&output);
    assert_eq!((output.status.code(), told.lines().count()), (Some(2), 1), "{told}");
    told
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A listener.
struct Listener {
    child: Child,
    lines: Receiver<String>,
}

impl Listener {
    /// One that is connected.
    fn start(server: &Server, words: &[&str]) -> Self {
        let listener = Self::spawn(&mut command(server, &[&["sub"], words].concat()));
        assert_eq!(listener.line(), "Listener connected to NATS");
        listener
    }

    fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
        let output = BufReader::new(child.stdout.take().expect("its output")).lines();
        let (tell, lines) = channel();
        std::thread::spawn(move || output.map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Self { child, lines }
    }

    #[track_caller]
    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("another line")
    }

    /// Presses Ctrl-C, and says what was printed after that.
    #[track_caller]
    fn interrupt(self) -> Vec<String> {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        assert!(sent.expect("the kill command").success());
        self.rest()
    }

    /// What is printed until it ends well.
    #[track_caller]
    fn rest(mut self) -> Vec<String> {
        let lines = self.lines.iter().collect();
        assert_eq!(self.child.wait().expect("it ended").code(), Some(0));
        lines
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until so many are subscribed to the channel.
async fn subscribed(server: &Server, channel: &str, count: usize) {
    eventually("the subscriptions", async || {
        let told = tell(server, "channelsz?subs=1");
        let channels = told["channels"].as_array().cloned().unwrap_or_default();
        let there = channels.iter().find(|it| it["name"] == channel);
        let subscriptions = there.and_then(|it| it["subscriptions"].as_array());
        subscriptions.filter(|all| all.len() == count).map(drop)
    })
    .await;
}

#[test]
fn the_tutorial_goes_as_it_is_written() {
    let Some(server) = server(&[]) else { return };
    let event = r#"{"id":"123","title":"concert","price":20}"#;
    let told = publish(&server, "ticket:created", event, &[]);
    assert_eq!(told, "Publisher connected to NATS\nEvent published\n");
    let durable = ["ticket:created", "--queue", "group", "--durable", "service", "--manual-ack", "--all"];
    let listener = Listener::start(&server, &durable);
    assert_eq!(listener.line(), format!("Received event #1, with data: {event}"));
    publish(&server, "ticket:created", "second", &[]);
    assert_eq!(listener.line(), "Received event #2, with data: second");
    assert_eq!(listener.interrupt(), ["NATS connection closed!"]);
    let told = tell(&server, "channelsz?channel=ticket:created&subs=1");
    let kept = &told["subscriptions"][0];
    assert_eq!((&kept["is_offline"], &kept["last_sent"], &kept["pending_count"]), (&json!(true), &json!(2), &json!(0)));
    assert_eq!(tell(&server, "clientsz")["total"], 0, "nobody is left behind");
    publish(&server, "ticket:created", "third", &[]);
    let listener = Listener::start(&server, &[&durable[..], &["--count", "1", "--unsubscribe"]].concat());
    assert_eq!(listener.rest(), ["Received event #3, with data: third", "NATS connection closed!"]);
    let told = tell(&server, "channelsz?channel=ticket:created&subs=1");
    assert_eq!(told["subs_count"], 0, "it is forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_members_of_a_queue_group_share_the_events() {
    let Some(server) = server(&[]) else { return };
    let words = ["c", "--queue", "group", "--count", "10", "--max-in-flight", "1", "--manual-ack"];
    let two = [Listener::start(&server, &words), Listener::start(&server, &words)];
    subscribed(&server, "c", 2).await;
    publish(&server, "c", "event", &["--count", "20"]);
    let mut all = BTreeSet::new();
    for listener in two {
        let lines = listener.rest();
        assert_eq!(lines.len(), 11, "{lines:?}");
        all.extend(lines);
    }
    let wanted: BTreeSet<_> = (1..=20).map(|n| format!("Received event #{n}, with data: event")).collect();
    all.remove("NATS connection closed!");
    assert_eq!(all, wanted);
}

#[test]
fn a_listener_begins_where_it_is_told_to() {
    let Some(server) = server(&[]) else { return };
    publish(&server, "c", "event", &["--count", "5"]);
    for (start, first) in [
        (&["--all"][..], 1),
        (&["--from-sequence", "3"], 3),
        (&["--last"], 5),
        (&["--since", "1h"], 1),
        (&["--since", "1000d"], 1),
    ] {
        let lines = Listener::start(&server, &[&["c", "--count", "1"], start].concat()).rest();
        assert_eq!(lines[0], format!("Received event #{first}, with data: event"), "{start:?}");
    }
}

#[test]
fn what_is_not_acknowledged_comes_again() {
    let Some(server) = server(&[]) else { return };
    publish(&server, "c", "event", &[]);
    let lines = Listener::start(&server, &["c", "--all", "--no-ack", "--ack-wait", "1", "--count", "2"]).rest();
    assert_eq!(lines[..2], ["Received event #1, with data: event"; 2].map(String::from));
}

#[test]
fn an_event_may_come_by_standard_input() {
    let Some(server) = server(&["--max_payload", "4096"]) else { return };
    let from_input = |event: &[u8]| {
        let mut program = command(&server, &["pub", "c", "-"]);
        let mut child =
            program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
        child.stdin.take().expect("its input").write_all(event).expect("it reads");
        child.wait_with_output().expect("it ended")
    };
    assert!(from_input("über — 100 €".as_bytes()).status.success());
    let lines = Listener::start(&server, &["c", "--all", "--count", "1"]).rest();
    assert_eq!(lines[0], "Received event #1, with data: über — 100 €");
    let told = stderr(&from_input(&[b'x'; 5000]));
    assert!(told.contains("the event has 5000 bytes, and the server takes 4096"), "{told}");
}

#[test]
fn what_goes_wrong_is_said_with_what_to_do() {
    let Some(server) = server(&[]) else { return };
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    let nobody = refused(Command::new(PROGRAM).args(["pub", "c", "x", "-s", &free.to_string()]));
    assert!(nobody.contains(&format!("pub: cannot connect to {free}: Connection refused")), "{nobody}");
    assert!(nobody.contains("Is the server running? Start one with"), "{nobody}");
    let wrong = refused(Command::new(PROGRAM).args(["sub", "c", "--cluster-id", "other", "-s", &server.url()]));
    assert!(wrong.contains("stan: connect request timeout (possibly wrong cluster ID?)"), "{wrong}");
    assert!(wrong.contains("nobody serves cluster \"other\""), "{wrong}");
    let _first = Listener::start(&server, &["c", "--client-id", "ann"]);
    let taken = refused(&mut command(&server, &["sub", "c", "--client-id", "ann"]));
    assert!(taken.contains("stan: clientID already registered: \"ann\" is connected"), "{taken}");
    let monitoring = server.says("Starting http monitor on ");
    let not_nats = refused(Command::new(PROGRAM).args(["pub", "c", "x", "-s", &monitoring]));
    assert!(not_nats.contains("does not answer like a NATS server"), "{not_nats}");
    let no_tls = refused(&mut command(&server, &["pub", "c", "x", "--tls"]));
    assert!(no_tls.contains("does not speak TLS"), "{no_tls}");
    let words = Command::new(PROGRAM).args(["pub", "a.*", "x"]).output().expect("the program");
    assert!(words.status.code() == Some(2) && stderr(&words).contains("without wildcards"), "{}", stderr(&words));
}

#[test]
fn a_user_says_who_it_is() {
    let Some(server) = server(&["--user", "ann", "--pass", "secret"]) else { return };
    let refusal = refused(&mut command(&server, &["pub", "c", "x"]));
    assert!(refusal.contains("Authorization Violation. Give --user and --pass, or --token"), "{refusal}");
    publish(&server, "c", "x", &["--user", "ann", "--pass", "secret"]);
    let url = server.url().replace("nats://", "nats://ann:secret@");
    let named = Command::new(PROGRAM).args(["pub", "c", "x", "-s", &url, "--cluster-id", CLUSTER]).output();
    assert!(named.expect("the program").status.success());
}

#[test]
fn an_encrypted_server_is_spoken_to_if_it_is_vouched_for() {
    if !ours() {
        return;
    }
    let certificates = Certificates::new();
    let server = certificates.server(&["-cid", CLUSTER]);
    let wants = refused(&mut command(&server, &["pub", "c", "x"]));
    assert!(wants.contains("wants TLS: give --tlscacert"), "{wants}");
    let authority = certificates.path("ca.pem");
    publish(&server, "c", "x", &["--tlscacert", authority.to_str().expect("text")]);
    let other = Certificates::new().path("ca.pem");
    let unknown = refused(&mut command(&server, &["pub", "c", "x", "--tlscacert", other.to_str().expect("text")]));
    assert!(unknown.contains("TLS:"), "{unknown}");
}

/// One that does not answer its heartbeats is removed, one that does stays.
#[tokio::test(flavor = "multi_thread")]
async fn a_listener_shows_that_it_lives() {
    let Some(server) = server(&HEARTBEATS) else { return };
    let listener = Listener::start(&server, &["c", "--client-id", "listener"]);
    subscribed(&server, "c", 1).await;
    let silent = async_nats::connect(server.url()).await.expect("a connection");
    let inbox = silent.new_inbox();
    let _deaf = silent.subscribe(inbox.clone()).await.expect("subscribed");
    let request = ConnectRequest { client_id: "silent".into(), heartbeat_inbox: inbox, ..ConnectRequest::default() };
    let discover = format!("_STAN.discover.{CLUSTER}");
    silent.request(discover, request.encode_to_vec().into()).await.expect("a welcome");
    let names = || {
        tell(&server, "clientsz")["clients"].as_array().map(|all| {
            all.iter().map(|client| client["id"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        })
    };
    assert_eq!(names(), Some(vec!["listener".to_owned(), "silent".to_owned()]));
    eventually("the silent client to go", async || names().filter(|names| *names == ["listener"]).map(drop)).await;
    publish(&server, "c", "still there", &[]);
    assert_eq!(listener.line(), "Received event #1, with data: still there");
}

#[test]
fn a_listener_whose_server_dies_says_so() {
    let Some(mut server) = server(&[]) else { return };
    let mut listener = Listener::start(&server, &["c", "--reconnect", "0"]);
    server.stop();
    assert_eq!(listener.lines.recv_timeout(PATIENCE).ok(), None, "it says nothing more");
    assert_eq!(listener.child.wait().expect("it ended").code(), Some(2));
    let mut told = String::new();
    let output = listener.child.stderr.take().expect("its errors");
    BufReader::new(output).read_line(&mut told).expect("a line");
    assert_eq!(told, "sub: the server closed the connection\n");
}

#[test]
fn a_listener_goes_on_when_its_server_is_there_again() {
    let Some(mut server) = server(&[]) else { return };
    let listener = Listener::start(&server, &["c", "--all"]);
    publish(&server, "c", "before", &[]);
    let mut heard = listener.line();
    assert_eq!(heard, "Received event #1, with data: before");
    for (round, restart) in [Server::restart, Server::kill9].into_iter().enumerate() {
        restart(&mut server);
        publish(&server, "c", &format!("after {round}"), &[]);
        let mut line = listener.line();
        if line == heard {
            // Its acknowledgement was not on disk yet.
            line = listener.line();
        }
        assert_eq!(line, format!("Received event #{}, with data: after {round}", round + 2));
        heard = line;
    }
    assert_eq!(listener.interrupt(), ["NATS connection closed!"]);
}

#[test]
fn the_tutorials_own_client_is_on_the_other_side() {
    if !program::is_installed() {
        return;
    }
    let Some(server) = server(&[]) else { return };
    let listener = Listener::start(&server, &["c", "--all"]);
    let mut node = Program::connected(&server, "node");
    node.subscribe(&json!({ "channel": "c", "tag": "s", "options": { "start": "all" } }));
    node.publish("c", "from node");
    assert_eq!(listener.line(), "Received event #1, with data: from node");
    publish(&server, "c", "to node", &[]);
    assert_eq!(node.messages(2), ["from node", "to node"]);
    assert_eq!(node.messages_until_quiet(Duration::from_millis(50)), []);
    node.close();
    assert_eq!(listener.line(), "Received event #2, with data: to node");
}
