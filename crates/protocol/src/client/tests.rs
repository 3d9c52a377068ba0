//! Commands as clients send them: whole, in pieces, in rows, broken, at random. Where a case says what a server does,
//! `nats-server` 2.9.10 did it.

use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits { control_line_bytes_max: 64, payload_bytes_max: 1000 };

fn publish_of<'a>(subject: &'a str, reply: Option<&'a str>, headers: &'a str, payload: &'a str) -> Command<'a> {
    Command::Publish { subject, reply, headers: headers.as_bytes(), payload: payload.as_bytes() }
}

/// The first command, which must take everything.
fn whole(input: &str) -> Result<Option<Command<'_>>, Violation> {
    decode(input.as_bytes(), &LIMITS).map(|found| {
        found.map(|(command, taken)| {
            assert_eq!(taken, input.len(), "{input:?}");
            command
        })
    })
}

#[test]
fn commands_are_read_as_they_may_be_written() {
    let subscribe = |subject, queue, sid| Command::Subscribe { subject, queue, sid };
    let unsubscribe = |sid, max| Command::Unsubscribe { sid, max };
    for (input, command) in [
        ("PING\r\n", Command::Ping),
        ("PING\n", Command::Ping),
        ("ping  \r\n", Command::Ping),
        ("PING\t what follows is ignored\r\n", Command::Ping),
        ("PONG\r\n", Command::Pong),
        ("+OK\r\n", Command::Ok),
        ("-ERR 'x'\r\n", Command::Err(b"'x'")),
        ("INFO {}\r\n", Command::Info(b"{}")),
        ("CONNECT {\"a b\":1} \r\n", Command::Connect(b"{\"a b\":1}")),
        ("connect\r\n", Command::Connect(b"")),
        ("SUB a 1\r\n", subscribe("a", None, "1")),
        ("sUb\ta.>\t q  1 \n", subscribe("a.>", Some("q"), "1")),
        ("SUB a\u{0}b 1\r\n", subscribe("a\u{0}b", None, "1")),
        ("UNSUB 1\r\n", unsubscribe("1", None)),
        ("UNSUB 1 5\r\n", unsubscribe("1", Some(5))),
        ("UNSUB 1 0\r\n", unsubscribe("1", None)),
        ("UNSUB 1 x\r\n", unsubscribe("1", None)),
        ("UNSUB 1 99999999999999999999\r\n", unsubscribe("1", Some(u64::MAX))),
        ("PUB a 2\r\nhi\r\n", publish_of("a", None, "", "hi")),
        ("pub a r 2\nhi\r\n", publish_of("a", Some("r"), "", "hi")),
        ("PUB\ta..b \t 002 \r\nhi\r\n", publish_of("a..b", None, "", "hi")),
        ("PUB a 0\r\n\r\n", publish_of("a", None, "", "")),
        ("PUB a 4\r\n\r\n\r\n\r\n", publish_of("a", None, "", "\r\n\r\n")),
        ("HPUB a 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", publish_of("a", None, "NATS/1.0\r\n\r\n", "hi")),
        ("hpub a r 12 12\r\nNATS/1.0\r\n\r\n\r\n", publish_of("a", Some("r"), "NATS/1.0\r\n\r\n", "")),
        ("HPUB a 0 2\r\nhi\r\n", publish_of("a", None, "", "hi")),
    ] {
        assert_eq!(whole(input), Ok(Some(command)), "{input:?}");
    }
}

#[test]
fn what_breaks_the_protocol_is_told_apart() {
    use Violation::{MaximumControlLine, MaximumPayload, ParserError, UnknownOperation};
    let long = "a".repeat(LIMITS.control_line_bytes_max + 1);
    for (input, violation) in [
        ("\r\n", UnknownOperation),
        (" PING\r\n", UnknownOperation),
        ("G", UnknownOperation),
        ("GET / HTTP/1.1\r\n", UnknownOperation),
        ("MSG a 1 2\r\nhi\r\n", UnknownOperation),
        ("PUX", UnknownOperation),
        ("PUBX a 2\r\n", UnknownOperation),
        ("PUB\r\n", UnknownOperation),
        ("SUB\r\n", UnknownOperation),
        ("-ERR\r\n", UnknownOperation),
        ("PINGX\r\n", UnknownOperation),
        ("PUB \r\n", ParserError),
        ("PUB a\r\n", ParserError),
        ("PUB a b c 1\r\n", ParserError),
        ("PUB a b c d e f 1\r\n", ParserError),
        ("PUB a -1\r\n", ParserError),
        ("PUB a +1\r\n", ParserError),
        ("PUB a 1x\r\n", ParserError),
        ("PUB a\rb 2\r\nhi\r\n", ParserError),
        ("HPUB a 12\r\n", ParserError),
        ("HPUB a 15 14\r\n", ParserError),
        ("HPUB a x 14\r\n", ParserError),
        ("SUB a\r\n", ParserError),
        ("SUB a b c d\r\n", ParserError),
        ("UNSUB \r\n", ParserError),
        ("UNSUB 1 1 1\r\n", ParserError),
        ("PUB a 2\r\nhi\n", UnknownOperation),
        ("PUB a 2\r\nhi\rX", UnknownOperation),
        ("PUB a 2\r\nhi!", UnknownOperation),
        // At the control line, before any of it was waited for.
        ("PUB a 1001\r\n", MaximumPayload),
        ("PUB a 1000000000\r\n", MaximumPayload),
        ("PUB a 99999999999999999999999999\r\n", MaximumPayload),
        ("HPUB a 12 1000000000\r\n", MaximumPayload),
        (&format!("PUB {long}"), MaximumControlLine),
        (&format!("SUB {long}"), MaximumControlLine),
        (&format!("SUB {long}\r\n"), MaximumControlLine),
        (&format!("CONNECT {long}\r\n"), MaximumControlLine),
        (&format!("CONNECT {long}!"), MaximumControlLine),
        (&format!("PING {long}!"), MaximumControlLine),
    ] {
        assert_eq!(whole(input), Err(violation), "{input:?}");
    }
    for input in
        [&b"PUB \xff 2\r\n"[..], b"PUB a \xff 2\r\n", b"SUB \xff 1\r\n", b"SUB a \xff 1\r\n", b"UNSUB \xff\r\n"]
    {
        assert_eq!(decode(input, &LIMITS), Err(ParserError), "{input:?}");
    }
}

#[test]
fn the_longest_lines_and_payloads_pass() {
    let subject = "a".repeat(LIMITS.control_line_bytes_max - 2);
    assert!(matches!(whole(&format!("SUB {subject} 1\r\n")), Ok(Some(Command::Subscribe { .. }))));
    assert_eq!(whole(&format!("SUB {subject} 12\r\n")), Err(Violation::MaximumControlLine));
    let name = "a".repeat(LIMITS.control_line_bytes_max);
    assert_eq!(whole(&format!("CONNECT {name}\r\n")), Ok(Some(Command::Connect(name.as_bytes()))));
    let payload = "a".repeat(LIMITS.payload_bytes_max);
    assert_eq!(whole(&format!("PUB a 1000\r\n{payload}\r\n")), Ok(Some(publish_of("a", None, "", &payload))));
}

#[test]
fn violations_are_named_as_clients_know_them() {
    let names = [
        (Violation::ParserError, "Parser Error"),
        (Violation::UnknownOperation, "Unknown Protocol Operation"),
        (Violation::MaximumPayload, "Maximum Payload Violation"),
        (Violation::MaximumControlLine, "maximum control line exceeded"),
    ];
    for (violation, name) in names {
        assert_eq!(violation.to_string(), name);
    }
}

/// Any command, as a client of ours writes it.
fn written() -> impl Strategy<Value = Vec<u8>> {
    let word = "[!-~äß]{1,9}";
    let block =
        prop_oneof![Just(String::new()), "[ -~]{0,9}".prop_map(|value| format!("NATS/1.0\r\nA: {value}\r\n\r\n"))];
    let publish = (word, prop::option::of(word), block, prop::collection::vec(any::<u8>(), 0..40)).prop_map(
        |(subject, reply, headers, payload)| {
            let mut out = Vec::new();
            super::publish(&mut out, &subject, reply.as_deref(), headers.as_bytes(), &payload);
            out
        },
    );
    let subscribe = (word, prop::option::of(word), word).prop_map(|(subject, queue, sid)| {
        let mut out = Vec::new();
        super::subscribe(&mut out, &subject, queue.as_deref(), &sid);
        out
    });
    let unsubscribe = (word, prop::option::of(1..u64::MAX)).prop_map(|(sid, max)| {
        let mut out = Vec::new();
        super::unsubscribe(&mut out, &sid, max);
        out
    });
    let others = prop::sample::select(vec!["PING\r\n", "PONG\r\n", "+OK\r\n", "CONNECT {}\r\n", "INFO {}\r\n"]);
    prop_oneof![4 => publish, 2 => subscribe, 1 => unsubscribe, 1 => others.prop_map(|text| text.as_bytes().to_vec())]
}

/// Writes `command` as a client of ours would.
fn rewrite(command: &Command<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    match *command {
        Command::Connect(json) => out = [b"CONNECT ", json, b"\r\n"].concat(),
        Command::Info(json) => out = [b"INFO ", json, b"\r\n"].concat(),
        Command::Err(text) => out = [b"-ERR ", text, b"\r\n"].concat(),
        Command::Ok => out = b"+OK\r\n".to_vec(),
        Command::Ping => ping(&mut out),
        Command::Pong => pong(&mut out),
        Command::Publish { subject, reply, headers, payload } => publish(&mut out, subject, reply, headers, payload),
        Command::Subscribe { subject, queue, sid } => subscribe(&mut out, subject, queue, sid),
        Command::Unsubscribe { sid, max } => unsubscribe(&mut out, sid, max),
    }
    out
}

proptest! {
    #[test]
    fn what_is_written_is_read_however_it_is_cut(commands in prop::collection::vec(written(), 1..5)) {
        let stream = commands.concat();
        let mut at = 0;
        for expected in &commands {
            for cut in at..at + expected.len() {
                prop_assert_eq!(decode(&stream[at..cut], &LIMITS), Ok(None), "cut at {}", cut - at);
            }
            let (command, taken) = decode(&stream[at..], &LIMITS).unwrap().expect("it is whole");
            prop_assert_eq!(taken, expected.len());
            prop_assert_eq!(&rewrite(&command), expected);
            at += taken;
        }
        prop_assert_eq!(at, stream.len());
    }

    #[test]
    fn more_bytes_never_change_an_answer(
        words in prop::collection::vec(
            prop::sample::select(vec!["PUB", "HPUB", "SUB", "UNSUB", "CONNECT", "PING", "-ERR", "a", "é", "7", "70", " ",
                "\t", "\r", "\n", "\r\n", "\r\n\r\n", "NATS/1.0\r\n", "\0"]), 0..30),
        noise: Vec<u8>,
    ) {
        for input in [words.concat().into_bytes(), noise] {
            let answer = decode(&input, &LIMITS);
            for cut in 0..input.len() {
                let early = decode(&input[..cut], &LIMITS);
                prop_assert!(early == Ok(None) || early == answer, "{:?} at {} and {:?}", early, cut, answer);
            }
        }
    }
}
