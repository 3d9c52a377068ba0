//! Plays a transcript with a server: sends what it says and compares what comes.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use serde_json::{Map, Value};

use super::transcript::{Action, Step, Transcript};
use crate::harness::PATIENCE;

/// How what is sent is cut into writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Lines,
    Bytes,
    Together,
}

pub struct Player {
    address: String,
    mode: Mode,
    connections: BTreeMap<String, Connection>,
}

impl Player {
    /// Plays with the server at `url`.
    pub fn new(url: &str, mode: Mode) -> Self {
        Self { address: url.trim_start_matches("nats://").to_owned(), mode, connections: BTreeMap::new() }
    }

    /// Plays it to its end, or to the first line that goes otherwise.
    pub fn play(&mut self, transcript: &Transcript) -> Result<(), String> {
        let steps = match self.mode {
            Mode::Lines | Mode::Bytes => merge(&transcript.steps, |_, _| false),
            Mode::Together => merge(&transcript.steps, |one, other| one == other),
        };
        for (line, action) in &steps {
            self.step(action).map_err(|why| format!("{line}: ({:?}) {why}", self.mode))?;
        }
        let names: Vec<String> = self.connections.keys().cloned().collect();
        for name in names {
            self.step(&Action::Nothing(name.clone())).map_err(|why| format!("end: ({:?}) {name} {why}", self.mode))?;
        }
        Ok(())
    }

    fn step(&mut self, action: &Action) -> Result<(), String> {
        match action {
            Action::Dial(name) => self.dial(name),
            Action::Open(name) => {
                self.dial(name)?;
                self.of(name)?.info(&Map::new())
            }
            Action::Send(name, bytes) => {
                let mode = self.mode;
                self.of(name)?.send(bytes, mode);
                Ok(())
            }
            Action::Receive(name, bytes) => self.of(name)?.exactly(bytes),
            Action::ReceiveInfo(name, fields) => self.of(name)?.info(fields),
            Action::ReceiveAll(name, all) => self.of(name)?.in_any_order(all),
            Action::MayReceive(name, bytes) => self.of(name)?.perhaps(bytes),
            Action::OneReceives(names, bytes) => self.one_of(names, bytes),
            Action::Nothing(name) => {
                let mode = self.mode;
                let connection = self.of(name)?;
                connection.send(b"PING\r\n", mode);
                connection.exactly(b"PONG\r\n")
            }
            Action::Closed(name) => {
                self.of(name)?.end()?;
                self.connections.remove(name);
                Ok(())
            }
            Action::HangUp(name) => {
                self.of(name)?;
                self.connections.remove(name);
                Ok(())
            }
        }
    }

    fn of(&mut self, name: &str) -> Result<&mut Connection, String> {
        self.connections.get_mut(name).ok_or_else(|| format!("{name} has not been opened"))
    }

    fn dial(&mut self, name: &str) -> Result<(), String> {
        let connection = Connection::to(&self.address).map_err(|error| error.to_string())?;
        match self.connections.insert(name.to_owned(), connection) {
            None => Ok(()),
            Some(_) => Err(format!("{name} is open already")),
        }
    }

    /// Asks each of `names` for a PONG, so that all that was meant for it has come before.
    fn one_of(&mut self, names: &[String], bytes: &[u8]) -> Result<(), String> {
        let mut got = Vec::new();
        for name in names {
            let connection = self.of(name)?;
            connection.send(b"PING\r\n", Mode::Lines);
            let before = connection.until(b"PONG\r\n")?;
            if !before.is_empty() {
                got.push((name, before));
            }
        }
        match &got[..] {
            [(_, one)] if one == bytes => Ok(()),
            _ => {
                let got: Vec<String> = got.iter().map(|(name, bytes)| format!("{name}: {}", show(bytes))).collect();
                Err(format!("expected by one of them {}\n  got {got:?}", show(bytes)))
            }
        }
    }
}

/// The steps, with neighbouring sends joined where `same` says so of their connections.
fn merge(steps: &[Step], same: impl Fn(&str, &str) -> bool) -> Vec<(usize, Action)> {
    let mut merged: Vec<(usize, Action)> = Vec::new();
    for step in steps {
        match (merged.last_mut(), &step.action) {
            (Some((_, Action::Send(before, bytes))), Action::Send(name, more)) if same(before, name) => {
                bytes.extend_from_slice(more);
            }
            (_, action) => merged.push((step.line, action.clone())),
        }
    }
    merged
}

/// One socket and what has come over it and is not yet accounted for.
struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    ended: bool,
}

impl Connection {
    fn to(address: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, received: Vec::new(), ended: false })
    }

    /// A server that has hung up takes nothing more; what it said before will be read, so that is no failure here.
    fn send(&mut self, bytes: &[u8], mode: Mode) {
        let pieces = match mode {
            Mode::Bytes => 1,
            Mode::Lines | Mode::Together => bytes.len().max(1),
        };
        for piece in bytes.chunks(pieces) {
            if self.stream.write_all(piece).is_err() {
                return;
            }
        }
    }

    /// Reads once. `Err` if nothing came in time.
    fn more(&mut self) -> Result<(), String> {
        let mut bytes = vec![0; 64 * 1024];
        match self.stream.read(&mut bytes) {
            Ok(0) => self.ended = true,
            Ok(read) => self.received.extend_from_slice(&bytes[..read]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => self.ended = true,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Err(format!("waited in vain, with {} received", show(&self.received))),
        }
        Ok(())
    }

    /// A server asks by itself now and then whether we are there: no transcript can know when.
    fn drop_pings(&mut self, expected: &[u8]) {
        const PING: &[u8] = b"PING\r\n";
        while !expected.starts_with(PING) && self.received.starts_with(PING) {
            self.received.drain(..PING.len());
        }
    }

    fn exactly(&mut self, expected: &[u8]) -> Result<(), String> {
        loop {
            self.drop_pings(expected);
            if self.received.starts_with(expected) {
                self.received.drain(..expected.len());
                return Ok(());
            }
            let hopeless = !expected.starts_with(&self.received) && !b"PING\r\n".starts_with(&self.received);
            if hopeless || self.ended {
                let end = if self.ended { " and the end" } else { "" };
                return Err(format!("expected {}\n  got {}{end}", show(expected), show(&self.received)));
            }
            self.more().map_err(|why| format!("expected {}: {why}", show(expected)))?;
        }
    }

    fn in_any_order(&mut self, expected: &[Vec<u8>]) -> Result<(), String> {
        let mut left: Vec<&Vec<u8>> = expected.iter().collect();
        while !left.is_empty() {
            self.drop_pings(b"");
            if let Some(found) = left.iter().position(|bytes| self.received.starts_with(bytes)) {
                self.received.drain(..left.swap_remove(found).len());
                continue;
            }
            let received = &self.received;
            let hopeless = !left.iter().any(|bytes| bytes.starts_with(received)) && !b"PING\r\n".starts_with(received);
            if hopeless || self.ended {
                let left: Vec<String> = left.iter().map(|bytes| show(bytes)).collect();
                return Err(format!("expected in any order {left:?}\n  got {}", show(received)));
            }
            self.more()?;
        }
        Ok(())
    }

    /// What lies before `mark`, which ends all that has been received.
    fn until(&mut self, mark: &[u8]) -> Result<Vec<u8>, String> {
        while !self.received.ends_with(mark) {
            if self.ended {
                return Err(format!("it ended after {}", show(&self.received)));
            }
            self.more()?;
        }
        self.drop_pings(b"");
        let mut before = std::mem::take(&mut self.received);
        before.truncate(before.len() - mark.len());
        Ok(before)
    }

    /// Takes `expected` as often as it comes. Something else or the end must come after it.
    fn perhaps(&mut self, expected: &[u8]) -> Result<(), String> {
        loop {
            self.drop_pings(expected);
            if self.received.starts_with(expected) {
                self.received.drain(..expected.len());
            } else if self.ended || !expected.starts_with(&self.received) {
                return Ok(());
            } else {
                self.more()?;
            }
        }
    }

    fn info(&mut self, fields: &Map<String, Value>) -> Result<(), String> {
        let end = loop {
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                break end;
            }
            if self.ended {
                return Err(format!("expected INFO\n  got {} and the end", show(&self.received)));
            }
            self.more()?;
        };
        let line: Vec<u8> = self.received.drain(..=end).collect();
        let json = line
            .strip_prefix(b"INFO ")
            .filter(|_| line.ends_with(b"\r\n"))
            .and_then(|json| serde_json::from_slice(json).ok());
        let Some(Value::Object(info)) = json else {
            return Err(format!("expected INFO {{…}}\n  got {}", show(&line)));
        };
        for (name, expected) in fields {
            if !is(info.get(name), expected) {
                return Err(format!("expected INFO with {name:?}: {expected}\n  got {}", show(&line)));
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        while !self.ended {
            self.more().map_err(|why| format!("expected the end: {why}"))?;
        }
        self.drop_pings(b"");
        if self.received.is_empty() {
            return Ok(());
        }
        Err(format!("expected the end\n  got {} before", show(&self.received)))
    }
}

fn is(field: Option<&Value>, expected: &Value) -> bool {
    match (expected.as_str(), field) {
        (Some("<absent>"), field) => field.is_none(),
        (Some("<string>"), Some(field)) => field.as_str().is_some_and(|text| !text.is_empty()),
        (Some("<number>"), Some(field)) => field.is_number(),
        (_, field) => field == Some(expected),
    }
}

/// Bytes as a transcript would write them.
fn show(bytes: &[u8]) -> String {
    const SHOWN: usize = 300;
    let cut = if bytes.len() > SHOWN { "…" } else { "" };
    format!("“{}{cut}”", bytes[..bytes.len().min(SHOWN)].escape_ascii())
}
