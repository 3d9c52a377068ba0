//! The core protocol byte for byte: each file in `wire/` is a conversation that any NATS server leads alike.
//!
//! ```text
//! # What it shows; empty lines and lines like this one say nothing.
//! config                          what follows, indented, is the server's configuration
//!   max_payload: 100
//! C1 opens                        connects as C1 and is greeted by INFO
//! C1 dials                        connects only: the transcript says what the server says first
//! C1> PING                        C1 sends this and CR LF
//! C1>> PI                         C1 sends this and nothing more
//! C1< PONG                        C1 receives just this and CR LF, and nothing before it
//! C1< INFO {"proto":1,…}          these fields, among others; "<string>", "<number>", "<absent>" stand for any such
//! C1<* MSG a 1 1\r\nx             such lines, one below the other, come in any order
//! C1<? -ERR 'Parser Error'        may come before what comes next, once or more often: servers differ here
//! C1|C2< MSG a 1 1\r\nx           one of them receives this, and the others nothing
//! C1< (nothing)                   all that C1 sent has been dealt with and said nothing
//! C1 closed                       the server ends C1 and says nothing more
//! C1 hangs up                     C1 ends
//! ```
//!
//! `\r`, `\n`, `\t`, `\\` and `\x7f` are bytes; `<x*5000>` is x five thousand times. At the end there must be
//! nothing left to receive on any connection.
//!
//! Each is played three times: each line sent at once; byte by byte; and as many lines together as lie
//! between two answers. With `TEST_SERVER=nats-server` the real one is played with.

mod player;
mod split;
mod transcript;

use crate::harness::Server;
use player::{Mode, Player};
use transcript::Transcript;

fn play(name: &str, text: &str, mode: Mode) {
    let transcript = Transcript::parse(text).unwrap_or_else(|error| panic!("wire/{name}.txt:{error}"));
    let server = match &transcript.config {
        Some(config) => Server::with_config(config),
        None => Server::start(&[]),
    };
    if let Err(error) = Player::new(&server.url(), mode).play(&transcript) {
        panic!("wire/{name}.txt:{error}");
    }
}

macro_rules! transcripts {
    ($($name:ident)+) => {
        $(mod $name {
            use super::{Mode, play};

            const TEXT: &str = include_str!(concat!("wire/", stringify!($name), ".txt"));

            #[test]
            fn line_by_line() {
                play(stringify!($name), TEXT, Mode::Lines);
            }

            #[test]
            fn byte_by_byte() {
                play(stringify!($name), TEXT, Mode::Bytes);
            }

            #[test]
            fn all_at_once() {
                play(stringify!($name), TEXT, Mode::Together);
            }
        })+

        const NAMES: &[&str] = &[$(stringify!($name)),+];
    };
}

transcripts! {
    auth_timeout
    auth_token
    auth_user
    connect
    connect_refused
    duplicate_sid
    echo
    half_a_command
    headers
    info
    invalid_subjects
    max_connections
    max_control_line
    max_payload
    max_subscriptions
    no_auth_user
    no_responders
    parser_errors
    payloads
    permissions_publish
    permissions_responses
    permissions_subscribe
    ping
    publish
    queue_groups
    request_reply
    spelling
    stale
    subjects
    unknown_operation
    unsubscribe
    verbose
}

#[test]
fn every_transcript_is_played() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/wire");
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .expect("the transcripts")
        .filter_map(|file| {
            let name = file.expect("a file").file_name();
            name.to_str()?.strip_suffix(".txt").map(str::to_owned)
        })
        .collect();
    found.sort();
    assert_eq!(found, NAMES);
}
