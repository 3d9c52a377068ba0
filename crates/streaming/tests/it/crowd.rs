//! Many clients: idle ones cost little, one that takes nothing is cut off, and nobody else notices.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::harness::{Server, ours};

/// Clients that connect and then do nothing.
const IDLE: usize = 10_000;
/// What an idle client may cost the server, buffers and bookkeeping together.
const IDLE_BYTES_MAX: u64 = 16 * 1024;

/// Clients that read all they get.
const FAST: usize = 1_000;
/// What may be pending for a client before it is cut off.
const PENDING_BYTES_MAX: usize = 1024 * 1024;
/// Messages that are sent before the slowest of the fast clients had them: far less than may be pending.
const AHEAD: usize = 16;
/// For each message to all, so many to the slow client alone.
const MORE: usize = 16;
/// What each message weighs.
const PAYLOAD_BYTES: usize = 16 * 1024;
/// What the server may need above that for all the others.
const OTHERS_BYTES_MAX: u64 = 192 * 1024 * 1024;

fn client(server: &Server, greeting: &str) -> TcpStream {
    let mut socket = TcpStream::connect(server.address()).expect("the server takes clients");
    socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    socket.write_all(b"CONNECT {\"verbose\":false,\"pedantic\":false}\r\n").expect("it reads");
    socket.write_all(greeting.as_bytes()).expect("it reads");
    socket.write_all(b"PING\r\n").expect("it reads");
    read_until(&mut socket, b"PONG\r\n");
    socket
}

/// Reads until what came ends with `end`; returns how much it was.
fn read_until(socket: &mut TcpStream, end: &[u8]) -> usize {
    let mut seen = 0;
    let mut tail = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let n = socket.read(&mut buffer).expect("the server answers");
        assert!(n > 0, "the server hung up");
        seen += n;
        tail.extend_from_slice(&buffer[..n]);
        if tail.ends_with(end) {
            return seen;
        }
        let keep = tail.len().saturating_sub(end.len());
        tail.drain(..keep);
    }
}

#[test]
fn ten_thousand_idle_clients_cost_little_and_disturb_nobody() {
    more_files();
    let server = Server::start(&[]);
    let mut busy = client(&server, "SUB a 1\r\n");
    let before = server.resident_bytes();
    let idle: Vec<TcpStream> = (0..IDLE).map(|_| client(&server, "")).collect();
    let each = server.resident_bytes().saturating_sub(before) / IDLE as u64;
    println!("an idle client costs {each} bytes");
    if ours() {
        assert!(each <= IDLE_BYTES_MAX, "{each} bytes for an idle client");
    }
    busy.write_all(b"PUB a 2\r\nhi\r\n").expect("it reads");
    read_until(&mut busy, b"MSG a 1 2\r\nhi\r\n");
    drop(idle);
    busy.write_all(b"PUB a 2\r\nho\r\n").expect("it reads");
    read_until(&mut busy, b"MSG a 1 2\r\nho\r\n");
}

#[test]
fn one_slow_client_among_a_thousand_is_cut_off_and_the_others_get_everything() {
    more_files();
    let server = Server::with_config(&format!("max_pending: {PENDING_BYTES_MAX}\n"));
    let mut slow = client(&server, "SUB news 1\r\nSUB more 2\r\n");
    // What its own kernel takes for it is not the server's doing, and would only hide it.
    socket2::SockRef::from(&slow).set_recv_buffer_size(16 * 1024).expect("a small buffer");
    let fast: Vec<TcpStream> = (0..FAST).map(|_| client(&server, "SUB news 1\r\n")).collect();
    // The slow client gets much more than the others: its limit and what its sockets hold, several times.
    let payload = vec![b'x'; PAYLOAD_BYTES];
    let messages = PENDING_BYTES_MAX / PAYLOAD_BYTES;
    let (readers, rest) = fast.split_at(FAST / 2);
    let before = server.resident_bytes();
    let progress = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let peak = std::thread::scope(|scope| {
        let halves = [readers, rest].into_iter().zip(&progress);
        let reading: Vec<_> =
            halves.map(|(half, progress)| scope.spawn(move || read_all(half, messages, progress))).collect();
        let mut publisher = client(&server, "");
        let mut peak = 0;
        for sent in 0..messages {
            // On a busy machine the fast ones are not always fast; they must not come near the limit by our haste.
            while progress.iter().any(|read| read.load(Ordering::Relaxed) + AHEAD < sent) {
                std::thread::sleep(Duration::from_millis(1));
            }
            publisher.write_all(format!("PUB news {}\r\n", payload.len()).as_bytes()).expect("it reads");
            publisher.write_all(&payload).expect("it reads");
            publisher.write_all(b"\r\n").expect("it reads");
            for _ in 0..MORE {
                publisher.write_all(format!("PUB more {}\r\n", payload.len()).as_bytes()).expect("it reads");
                publisher.write_all(&payload).expect("it reads");
                publisher.write_all(b"\r\n").expect("it reads");
            }
            publisher.write_all(b"PING\r\n").expect("it reads");
            read_until(&mut publisher, b"PONG\r\n");
            peak = peak.max(server.resident_bytes());
        }
        for thread in reading {
            thread.join().expect("every fast client gets every message");
        }
        peak
    });
    println!("peak {} MiB above the start", peak.saturating_sub(before) / (1024 * 1024));
    assert!(peak.saturating_sub(before) < PENDING_BYTES_MAX as u64 + OTHERS_BYTES_MAX, "{peak} after {before}");
    // What was on its way still comes; then the server has hung up.
    let mut buffer = vec![0; 1024 * 1024];
    let mut taken = 0;
    loop {
        match slow.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(n) => taken += n,
        }
        assert!(taken < (1 + MORE) * messages * PAYLOAD_BYTES, "it was not cut off");
    }
}

/// Reads from many sockets in turn until each has had every message.
/// Tells in `progress` how many messages the slowest of them has had.
fn read_all(sockets: &[TcpStream], messages: usize, progress: &AtomicUsize) {
    let each = format!("MSG news 1 {PAYLOAD_BYTES}\r\n").len() + PAYLOAD_BYTES + 2;
    let whole = messages * each;
    let mut left: Vec<(TcpStream, usize)> =
        sockets.iter().map(|socket| (socket.try_clone().expect("a second handle"), whole)).collect();
    for (socket, _) in &left {
        socket.set_nonblocking(true).expect("a mode");
    }
    let mut buffer = vec![0; 256 * 1024];
    while !left.is_empty() {
        left.retain_mut(|(socket, left)| {
            match socket.read(&mut buffer) {
                Ok(0) => panic!("a fast client was cut off"),
                Ok(n) => *left -= n,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => panic!("a fast client was cut off: {error}"),
            }
            *left > 0
        });
        let slowest = left.iter().map(|(_, left)| *left).max().unwrap_or(0);
        progress.store((whole - slowest) / each, Ordering::Relaxed);
        std::thread::yield_now();
    }
}

/// Lets this process have as many sockets as the tests need.
fn more_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).expect("a limit below the maximum may be raised");
}
