//! A client as a process: `stan-node/program.js`, told what to do and telling what happens, a line of JSON each.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::CLUSTER;
use crate::harness::{PATIENCE, Server, skipped};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stan-node");

/// Whether the client is there, after an attempt to install it. Where `TEST_NODE` is `required` it has to be.
pub fn is_installed() -> bool {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    let installed = *INSTALLED.get_or_init(install);
    if !installed {
        let why = "there is no npm to install node-nats-streaming with";
        assert!(std::env::var("TEST_NODE").as_deref() != Ok("required"), "{why}");
        skipped(why);
    }
    installed
}

fn install() -> bool {
    let lock = File::open(Path::new(FOLDER).join("package-lock.json")).expect("what is to be installed");
    // Another run of the tests may be at it, in the same folder.
    lock.lock().expect("a lock");
    let changed = |file: &str| Path::new(FOLDER).join(file).metadata().and_then(|about| about.modified()).ok();
    // Written last: without it an installation was broken off.
    let is_there = || changed("node_modules/.package-lock.json") >= changed("package-lock.json");
    if is_there() {
        return true;
    }
    let npm = Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(FOLDER).output();
    assert!(npm.is_err() || is_there(), "npm ci: {npm:?}");
    npm.is_ok()
}

/// One client.
pub struct Program {
    child: Child,
    commands: ChildStdin,
    events: Receiver<Value>,
    /// What was told while something else was waited for.
    passed: Vec<Value>,
}

impl Program {
    /// A client that is connected.
    pub fn connected(server: &Server, client: &str) -> Self {
        Self::connected_to(server, CLUSTER, client)
    }

    /// A client that is connected to a cluster of another id.
    pub fn connected_to(server: &Server, cluster: &str, client: &str) -> Self {
        let mut program = Self::spawn(&server.url(), cluster, &[client]);
        program.expect("connected");
        program
    }

    /// Many clients in one process, all connected. Commands say by which: `by`.
    pub fn crowd(server: &Server, name: &str, count: usize) -> Self {
        let mut program = Self::spawn(&server.url(), CLUSTER, &[name, &count.to_string()]);
        for _ in 0..count {
            program.expect("connected");
        }
        program
    }

    /// A client that tries to connect.
    pub fn start(server: &Server, client: &str) -> Self {
        Self::spawn(&server.url(), CLUSTER, &[client])
    }

    /// A client of that name, connected as that NATS user, whose password is the same word.
    pub fn of_user(server: &Server, user: &str) -> Self {
        let url = server.url().replace("://", &format!("://{user}:{user}@"));
        let mut program = Self::spawn(&url, CLUSTER, &[user]);
        program.expect("connected");
        program
    }

    fn spawn(url: &str, cluster: &str, words: &[&str]) -> Self {
        let mut child = Command::new("node")
            .args(["program.js", url, cluster])
            .args(words)
            .current_dir(FOLDER)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node");
        let commands = child.stdin.take().expect("its input");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let (tell, events) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no event: {line}"));
                if tell.send(event).is_err() {
                    return;
                }
            }
        });
        Self { child, commands, events, passed: Vec::new() }
    }

    /// Tells it to do something.
    pub fn tell(&mut self, command: &Value) {
        writeln!(self.commands, "{command}").expect("a living program");
    }

    /// The next event of this kind.
    #[track_caller]
    pub fn expect(&mut self, kind: &str) -> Value {
        self.expect_where(kind, |_| true)
    }

    /// The next event of this kind that is meant.
    #[track_caller]
    pub fn expect_where(&mut self, kind: &str, is_meant: impl Fn(&Value) -> bool) -> Value {
        let meant = |event: &Value| event["on"] == kind && is_meant(event);
        if let Some(at) = self.passed.iter().position(meant) {
            return self.passed.remove(at);
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(event) if meant(&event) => return event,
                Ok(event) => self.passed.push(event),
                Err(error) => panic!("waited in vain for {kind:?} ({error}); it told {:?}", self.passed),
            }
        }
    }

    /// Publishes, and waits until it is acknowledged.
    #[track_caller]
    pub fn publish(&mut self, channel: &str, data: &str) {
        self.tell(&json!({ "do": "publish", "channel": channel, "data": data, "tag": data }));
        let told = self.expect_where("published", |event| event["tag"] == data);
        assert_eq!(told["error"], Value::Null, "{told}");
    }

    /// Publishes what must be refused: the error.
    #[track_caller]
    pub fn publish_refused(&mut self, channel: &str, data: &str) -> String {
        self.tell(&json!({ "do": "publish", "channel": channel, "data": data, "tag": data }));
        let told = self.expect_where("published", |event| event["tag"] == data);
        told["error"].as_str().unwrap_or_else(|| panic!("it was taken: {told}")).to_owned()
    }

    /// Subscribes where it must be refused: the error.
    #[track_caller]
    pub fn subscribe_refused(&mut self, command: &Value) -> String {
        let mut command = command.clone();
        command["do"] = "subscribe".into();
        self.tell(&command);
        let told = self.expect_where("refused", |event| event["tag"] == command["tag"]);
        told["error"].as_str().expect("an error").to_owned()
    }

    /// Ends a subscription, `unsubscribe` or `close_subscription`, and waits until it has.
    #[track_caller]
    pub fn end(&mut self, how: &str, tag: &str) {
        self.tell(&json!({ "do": how, "tag": tag }));
        let told = if how == "unsubscribe" { "unsubscribed" } else { "subscription_closed" };
        self.expect_where(told, |event| event["tag"] == tag);
    }

    /// Subscribes, and waits until it is.
    #[track_caller]
    pub fn subscribe(&mut self, command: &Value) {
        let mut command = command.clone();
        command["do"] = "subscribe".into();
        self.tell(&command);
        self.expect_where("ready", |event| event["tag"] == command["tag"]);
    }

    /// The next message: its data, and whether it came before.
    #[track_caller]
    pub fn message(&mut self) -> (String, bool) {
        let message = self.expect("message");
        (message["data"].as_str().expect("text").to_owned(), message["again"].as_bool().expect("a truth"))
    }

    /// The data of the next messages.
    #[track_caller]
    pub fn messages(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.message().0).collect()
    }

    /// The data of all messages until there was none for so long, which must come to pass.
    pub fn messages_until_quiet(&mut self, quiet: Duration) -> Vec<(String, bool)> {
        let told = |event: &Value| (event["data"].as_str().expect("text").into(), event["again"] == true);
        self.events_until_quiet(quiet).iter().map(told).collect()
    }

    /// The same, as they were told.
    pub fn events_until_quiet(&mut self, quiet: Duration) -> Vec<Value> {
        let mut all: Vec<Value> = self.passed.extract_if(.., |event| event["on"] == "message").collect();
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "it is never quiet: {} messages, and more", all.len());
            match self.events.recv_timeout(quiet) {
                Ok(event) if event["on"] == "message" => all.push(event),
                Ok(event) => self.passed.push(event),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        all
    }

    /// What was acknowledged so far.
    pub fn published(&mut self) -> Vec<String> {
        self.passed.extend(self.events.try_iter());
        let published = self.passed.extract_if(.., |event| event["on"] == "published" && event["error"].is_null());
        published.filter_map(|event| event["tag"].as_str().map(str::to_owned)).collect()
    }

    /// Ends as the notes' programs do at Ctrl-C.
    pub fn close(mut self) {
        self.tell(&json!({ "do": "close" }));
        self.expect("closed");
    }

    /// Dies without a word.
    pub fn kill(mut self) {
        self.child.kill().and_then(|()| self.child.wait()).expect("it can be killed");
    }

    /// Stops where it stands: its connection stays open, and it hears nothing.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Goes on.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.expect("the kill command").success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
