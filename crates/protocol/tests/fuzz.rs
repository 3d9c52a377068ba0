//! The fuzz targets' checks on a stable compiler: good input, mutated as a fuzzer would.

#[path = "../fuzz/checks.rs"]
#[allow(clippy::expect_used)] // A check that fails has found something.
mod checks;

use proptest::prelude::*;

/// Where mutation begins: inputs that get far.
const SEEDS: &[&str] = &[
    "CONNECT {\"verbose\":false}\r\nSUB a.> q 1\r\nPUB a.b r 5\r\nhello\r\nHPUB a.b 12 14\r\nNATS/1.0\r\n\r\nhi\r\nUNSUB 1 5\r\nPING\r\n",
    "INFO {}\r\nMSG a 1 r 2\r\nhi\r\nHMSG a 1 12 14\r\nNATS/1.0\r\n\r\nhi\r\n-ERR 'x'\r\n+OK\r\nPONG\r\n",
    "NATS/1.0 404 No Messages\r\nNats-Msg-Id: 1\r\nA: b\r\nA: c\r\n\r\n",
    "a.b.c\na.*.c\na.>",
    "$JS.ACK.S.D.1.2.3.4.5",
    "-NAK {\"delay\":5}",
    "{\"batch\":5,\"expires\":100,\"no_wait\":true,\"group\":null}",
    "{\"name\":\"S\",\"subjects\":[\"a\",\"b.*\"],\"max_age\":1000000000,\"sources\":[{\"name\":\"x\"}],\"filter_subject\":\"a\"}",
    "{\"name\":\"S\",\"ack_policy\":\"explicit\",\"backoff\":[1,2],\"max_deliver\":5,\"deliver_subject\":\"d\",\"idle_heartbeat\":100000000}",
    "\n\u{2}me\u{12}\u{5}guid1\u{1a}\u{3}foo*\u{5}hello2\u{6}conn-1",
    "\u{8}\u{1}\u{12}\u{3}foo\"\u{5}hello(\u{7}0\u{1}8\u{2}",
    "{\"name\":\"S\",\"allow_msg_schedules\":true,\"republish\":{\"dest\":\"x\"},\"opt_start_time\":\"2026-11-20T23:55:36.79Z\"}",
];

/// Words of the protocol: to be put where they do not belong.
const WORDS: &[&str] = &[
    "\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    "0",
    "9",
    "99999999999",
    "-1",
    ".",
    "*",
    ">",
    ":",
    "PUB ",
    "HPUB ",
    "NATS/1.0\r\n",
    "null",
    "{",
    "}",
    "\"",
    "é",
];

#[derive(Debug, Clone)]
enum Mutation {
    Flip(usize, u8),
    Insert(usize, &'static str),
    Remove(usize, usize),
    Repeat(usize, usize),
    Append(&'static str),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, bits)| Mutation::Flip(at, bits)),
        (any::<usize>(), prop::sample::select(WORDS)).prop_map(|(at, word)| Mutation::Insert(at, word)),
        (any::<usize>(), 1..9usize).prop_map(|(at, length)| Mutation::Remove(at, length)),
        (any::<usize>(), 1..40usize).prop_map(|(at, length)| Mutation::Repeat(at, length)),
        prop::sample::select(SEEDS).prop_map(Mutation::Append),
    ]
}

fn apply(input: &mut Vec<u8>, mutation: &Mutation) {
    let size = input.len();
    match *mutation {
        Mutation::Flip(at, bits) if size > 0 => input[at % size] ^= bits,
        Mutation::Insert(at, word) => drop(input.splice(at % (size + 1)..at % (size + 1), word.bytes())),
        Mutation::Remove(at, length) if size > 0 => drop(input.drain(at % size..(at % size + length).min(size))),
        Mutation::Repeat(at, length) if size > 0 => {
            let again = input[at % size..(at % size + length).min(size)].to_vec();
            input.splice(at % size..at % size, again);
        }
        Mutation::Append(seed) => input.extend_from_slice(seed.as_bytes()),
        Mutation::Flip(..) | Mutation::Remove(..) | Mutation::Repeat(..) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_must_hold_holds_for_mutated_input(
        seed in prop::sample::select(SEEDS),
        mutations in prop::collection::vec(mutation(), 0..6),
    ) {
        let mut input = seed.as_bytes().to_vec();
        for mutation in &mutations {
            apply(&mut input, mutation);
        }
        for check in [checks::commands, checks::operations, checks::headers, checks::subjects, checks::jetstream, checks::stan] {
            check(&input);
        }
    }
}
