//! A conversation cut in two at each of its bytes is answered like the whole one.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::harness::{PATIENCE, Server};

/// Of each kind of command one, in one segment.
const COMMANDS: &[u8] = b"CONNECT {\"verbose\":true,\"headers\":true}\r\nSUB a.* 1\r\nsub b  workers\t2\r\n\
    PUB a.b reply 4\r\n\r\nhi\r\nHPUB b 18 20\r\nNATS/1.0\r\nA: b\r\n\r\nhi\r\nPUB a.c 0\r\n\r\nUNSUB 1 3\r\n\
    +OK\r\nPONG\r\nPUB a.d 1\r\nx\r\nPUB a.d 1\r\ny\r\nUNSUB 2\r\nPUB b 1\r\nz\r\nPING\r\n";

const ANSWERS: &[u8] = b"+OK\r\n+OK\r\n+OK\r\n+OK\r\nMSG a.b 1 reply 4\r\n\r\nhi\r\n\
    +OK\r\nHMSG b 2 18 20\r\nNATS/1.0\r\nA: b\r\n\r\nhi\r\n+OK\r\nMSG a.c 1 0\r\n\r\n+OK\r\n\
    +OK\r\nMSG a.d 1 1\r\nx\r\n+OK\r\n+OK\r\n+OK\r\nPONG\r\n";

/// Long enough for a server to read the first part by itself, as a rule; what is tested holds in any case.
const PAUSE: Duration = Duration::from_micros(300);

/// All the server says to `parts`, up to as much as is expected of it.
fn answers(server: &Server, parts: &[&[u8]]) -> Vec<u8> {
    let address = server.url();
    let mut stream = TcpStream::connect(address.trim_start_matches("nats://")).expect("a connection");
    stream.set_nodelay(true).expect("an option");
    stream.set_read_timeout(Some(PATIENCE)).expect("an option");
    let mut greeting = Vec::new();
    while !greeting.ends_with(b"\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("INFO");
        greeting.push(byte[0]);
    }
    for part in parts {
        stream.write_all(part).expect("an open connection");
        std::thread::sleep(PAUSE);
    }
    let mut received = vec![0; ANSWERS.len()];
    let mut length = 0;
    while length < received.len() {
        match stream.read(&mut received[length..]) {
            Ok(read) if read > 0 => length += read,
            _ => break,
        }
    }
    received.truncate(length);
    received
}

#[test]
fn commands_cut_at_every_byte_are_answered_alike() {
    let server = Server::start(&[]);
    for cut in 0..COMMANDS.len() {
        let (before, after) = COMMANDS.split_at(cut);
        let said = answers(&server, &[before, after]);
        assert_eq!(said.escape_ascii().to_string(), ANSWERS.escape_ascii().to_string(), "cut at {cut}");
    }
}
