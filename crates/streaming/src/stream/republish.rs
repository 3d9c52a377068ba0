//! What is stored is published again under another subject, if the stream was asked to: for those who listen and need
//! no consumer.

use std::collections::VecDeque;

use journal::Everything;
use protocol::headers::{self, Writer};
use protocol::jetstream::config::StreamConfig;
use protocol::subject::{self, Transform};
use protocol::time;

use super::State;
use crate::turn::{Message, Turn};

/// Which messages are published again, and where.
pub(super) struct Republish {
    source: String,
    transform: Transform,
    headers_only: bool,
    /// Of each message that is staged, the last one of its subject before it.
    before: VecDeque<(u64, u64)>,
}

impl Republish {
    /// What a configuration asks for; it was checked when it was taken.
    pub fn of(config: &StreamConfig) -> Option<Self> {
        let republish = config.republish.as_ref()?;
        let source = if republish.src.is_empty() { ">" } else { &republish.src };
        let transform = Transform::new(source, &republish.dest).ok()?;
        Some(Self {
            source: source.to_owned(),
            transform,
            headers_only: republish.headers_only,
            before: VecDeque::new(),
        })
    }

    /// Notes which message of its subject a staged one follows; 0 for none.
    pub fn follows(&mut self, sequence: u64, before: u64) {
        // After a commit that failed sequences are given anew.
        while self.before.back().is_some_and(|(later, _)| *later >= sequence) {
            self.before.pop_back();
        }
        self.before.push_back((sequence, before));
    }

    fn before(&mut self, sequence: u64) -> u64 {
        while let Some((noted, before)) = self.before.pop_front() {
            if noted == sequence {
                return before;
            }
        }
        0
    }
}

impl State {
    /// Publishes the committed messages `first` to `last` again.
    pub fn republish(&mut self, turn: &mut Turn, first: u64, last: u64) {
        let Some(republish) = &mut self.republish else { return };
        let mut from = first;
        while let Ok(Some(record)) = self.log.next(from, &Everything) {
            let sequence = record.sequence;
            if sequence > last {
                break;
            }
            from = sequence + 1;
            let Ok(stored) = std::str::from_utf8(record.subject) else { continue };
            if !subject::matches(&republish.source, stored) {
                continue;
            }
            let Some(target) = republish.transform.apply(stored) else { continue };
            let mut block = Vec::new();
            let mut writer = Writer::copy(&mut block, record.headers, |_| true)
                .field(headers::STREAM, &self.config.name)
                .field(headers::SUBJECT, stored)
                .number(headers::SEQUENCE, sequence)
                .field(headers::TIME_STAMP, time::rfc3339(record.time));
            writer = writer.number(headers::LAST_SEQUENCE, republish.before(sequence));
            let mut payload = record.payload;
            if republish.headers_only {
                writer = writer.number(headers::MSG_SIZE, payload.len() as u64);
                payload = &[];
            }
            writer.finish();
            let message = Message { subject: &target, reply: None, headers: &block, payload, from: None };
            turn.publish(&message);
        }
    }
}
