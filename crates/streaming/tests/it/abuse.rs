//! A client that breaks the protocol loses its connection, and nobody else notices.
//!
//! Beside each abuse two well-behaved connections talk to one another the whole time; not one of their
//! messages may be lost or late beyond patience.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crate::harness::{PATIENCE, Server};

const HELLO: &[u8] = b"CONNECT {\"verbose\":false}\r\n";

/// A connection that has been greeted.
struct Peer {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Peer {
    fn to(server: &Server) -> Self {
        let url = server.url();
        let stream = TcpStream::connect(url.trim_start_matches("nats://")).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("an option");
        stream.set_write_timeout(Some(PATIENCE)).expect("an option");
        stream.set_nodelay(true).expect("an option");
        let reader = BufReader::new(stream.try_clone().expect("a second handle"));
        let mut peer = Self { stream, reader };
        let greeting = peer.line();
        assert!(greeting.starts_with("INFO {"), "{greeting:?}");
        peer
    }

    /// Writes as far as the other side listens.
    fn say(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Writes much more than anybody may, or as much as is taken.
    fn flood(&mut self) {
        let much = vec![b'x'; 4 * 1024 * 1024];
        self.say(&much);
    }

    /// The next line, but for the server's own question whether we are there, which is answered.
    fn line(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line).expect("a line in time");
            if line != "PING\r\n" {
                return line;
            }
            self.say(b"PONG\r\n");
        }
    }

    /// Fails unless the server ends the connection. What it says before is of no matter.
    fn ends(&mut self, why: &str) {
        let mut rest = Vec::new();
        match self.reader.read_to_end(&mut rest) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
            Err(error) => panic!("{why}, and its connection lives: {error}"),
        }
    }
}

/// Two connections that behave, and expect to be served.
struct Bystanders {
    stop: Arc<AtomicBool>,
    talk: JoinHandle<u64>,
}

impl Bystanders {
    fn of(server: &Server) -> Self {
        let (mut speaker, mut listener) = (Peer::to(server), Peer::to(server));
        assert!(listener.say(HELLO) && listener.say(b"SUB talk 1\r\nPING\r\n"));
        assert_eq!(listener.line(), "PONG\r\n");
        assert!(speaker.say(HELLO));
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let talk = std::thread::spawn(move || {
            let mut said = 0_u64;
            // The last exchange begins after all abuse is over.
            loop {
                let last = stopped.load(Ordering::Acquire);
                let word = said.to_string();
                let publish = format!("PUB talk {}\r\n{word}\r\n", word.len());
                assert!(speaker.say(publish.as_bytes()), "the speaker has been cut off");
                assert_eq!(heard(&mut listener), word);
                said += 1;
                if last {
                    return said;
                }
            }
        });
        Self { stop, talk }
    }

    /// They have been served to the end.
    fn are_content(self) {
        self.stop.store(true, Ordering::Release);
        let said = self.talk.join().expect("undisturbed talk");
        assert!(said > 0);
    }
}

/// The next message's payload.
fn heard(listener: &mut Peer) -> String {
    let line = listener.line();
    assert!(line.starts_with("MSG talk 1 "), "{line:?} instead of a message");
    listener.line().trim_end().to_owned()
}

#[test]
fn garbage() {
    let server = Server::start(&[]);
    let bystanders = Bystanders::of(&server);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for round in 0..50 {
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[0]
        })
        .take(20_000)
        .collect();
        let mut peer = Peer::to(&server);
        // Half of them begin as a client would.
        if round % 2 == 0 {
            peer.say(HELLO);
        }
        peer.say(&noise);
        peer.ends("it sent noise");
    }
    bystanders.are_content();
}

#[test]
fn other_protocols() {
    let server = Server::start(&[]);
    let bystanders = Bystanders::of(&server);
    for (name, bytes) in [
        ("HTTP", &b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..]),
        ("TLS", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03"),
        ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n"),
        ("Redis", b"*1\r\n$4\r\nPING\r\n"),
    ] {
        let mut peer = Peer::to(&server);
        peer.say(bytes);
        peer.ends(name);
    }
    bystanders.are_content();
}

#[test]
fn half_a_command_and_silence() {
    let server = Server::start(&[]);
    let bystanders = Bystanders::of(&server);
    let halves = [
        &b"CONN"[..],
        b"CONNECT {\"verbose\":",
        b"PUB talk 1",
        b"PUB talk 5\r\nhal",
        b"PUB talk 4\r\nhalf",
        b"PUB talk 4\r\nhalf\r",
        b"HPUB talk 12 14\r\nNATS/1.0\r\n",
        b"SUB talk",
        b"UNSUB",
        b"PIN",
    ];
    // All of them at once are open while the others talk, and then go.
    let mut silent = Vec::new();
    for half in halves.iter().cycle().take(200) {
        let mut peer = Peer::to(&server);
        peer.say(half);
        silent.push(peer);
    }
    drop(silent);
    bystanders.are_content();
}

#[test]
fn a_length_of_a_gigabyte() {
    let server = Server::start(&[]);
    let bystanders = Bystanders::of(&server);
    for command in [
        "PUB talk 1073741824\r\n",
        "PUB talk 999999999\r\n",
        "PUB talk 18446744073709551616\r\n",
        "HPUB talk 12 1073741824\r\n",
        "HPUB talk 1073741824 1073741824\r\n",
        "HPUB talk 1073741824 12\r\n",
    ] {
        let mut peer = Peer::to(&server);
        peer.say(b"CONNECT {\"verbose\":false,\"headers\":true}\r\n");
        peer.say(command.as_bytes());
        // Some of what it threatens with; the server need not take it.
        peer.flood();
        peer.ends(command);
    }
    bystanders.are_content();
}

#[test]
fn a_line_without_end() {
    let server = Server::start(&[]);
    let bystanders = Bystanders::of(&server);
    for verb in ["CONNECT {\"name\":\"", "SUB ", "PUB ", "HPUB ", "UNSUB ", "-ERR '"] {
        let mut peer = Peer::to(&server);
        peer.say(verb.as_bytes());
        peer.flood();
        peer.ends(verb);
    }
    bystanders.are_content();
}

#[test]
fn a_subscriber_that_does_not_read() {
    const MESSAGE_BYTES: usize = 64 * 1024;
    /// More than both kernels' buffers and what the server may keep for a client.
    const MESSAGES: usize = 256;
    let server = Server::with_config("max_pending: 2MB\nwrite_deadline: \"1s\"\n");
    let bystanders = Bystanders::of(&server);
    let (mut glutton, mut publisher) = (Peer::to(&server), Peer::to(&server));
    assert!(glutton.say(HELLO) && glutton.say(b"SUB flood 1\r\nPING\r\n"));
    assert_eq!(glutton.line(), "PONG\r\n");
    assert!(publisher.say(HELLO));
    let message = format!("PUB flood {MESSAGE_BYTES}\r\n{}\r\n", "x".repeat(MESSAGE_BYTES));
    for sent in 0..MESSAGES {
        assert!(publisher.say(message.as_bytes()), "the publisher was cut off after {sent}");
    }
    assert!(publisher.say(b"PING\r\n"));
    assert_eq!(publisher.line(), "PONG\r\n", "its publishes were taken to the last");
    glutton.ends("it did not read");
    bystanders.are_content();
}
