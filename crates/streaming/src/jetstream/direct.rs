//! `DIRECT.GET`: messages as they are stored, without JSON and without a consumer (ADR-31).
//!
//! One message, several in a row (`batch`), or the last of several subjects (`multi_last`); what comes in several ends
//! with the status `204 EOB`, which tells how many are left and where to go on. Only streams that allow it answer; for
//! the others, as for those that do not exist, nobody is there.

use std::sync::Arc;

use protocol::headers::{self, Writer};
use protocol::jetstream::api::{self, MsgGetRequest};
use protocol::server::NO_RESPONDERS;
use protocol::time;

use super::JetStream;
use super::messages::which;
use crate::stream::{Found, Stream, Which};
use crate::turn::{Message, Turn};

/// The most bytes of one answer, whatever the request allows: far below what a client may have pending. It asks again.
const ANSWER_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// The most subjects `multi_last` may stand for, as `nats-server` has it.
const SUBJECTS_MAX: usize = 1024;

const EMPTY_REQUEST: (u16, &str) = (408, "Empty Request");
const MALFORMED_REQUEST: (u16, &str) = (408, "Malformed Request");
const BAD_REQUEST: (u16, &str) = (408, "Bad Request");
const NOT_FOUND: (u16, &str) = (404, "Message Not Found");
const NO_RESULTS: (u16, &str) = (404, "No Results");
const TOO_MANY_RESULTS: (u16, &str) = (413, "Too Many Results");

/// `DIRECT.GET.<stream>`, and `DIRECT.GET.<stream>.<subject>` for the last message of that subject.
pub(super) fn get(
    turn: &mut Turn,
    jetstream: &JetStream,
    stream: &str,
    subject: Option<&str>,
    body: &[u8],
    reply: Option<&str>,
) {
    let Some(reply) = reply else { return };
    let Some(stream) = jetstream.stream(stream).filter(|stream| stream.allows_direct()) else {
        turn.reply_headers(reply, NO_RESPONDERS);
        return;
    };
    let mut get = Get { turn, stream, reply, block: Vec::new() };
    let answered = match subject {
        Some(_) if !body.is_empty() => Err(BAD_REQUEST),
        Some(subject) => get.one(Which::Last(subject)),
        None => ask(body).and_then(|asked| get.answer(&asked)),
    };
    if let Err((code, description)) = answered {
        get.status(code, description, |block| block);
    }
}

fn ask(body: &[u8]) -> Result<MsgGetRequest, (u16, &'static str)> {
    if body.trim_ascii().is_empty() {
        return Err(EMPTY_REQUEST);
    }
    let asked: MsgGetRequest = api::parse(body).map_err(|_| MALFORMED_REQUEST)?;
    let set = |subject: &Option<String>| subject.as_ref().is_some_and(|subject| !subject.is_empty());
    if asked.multi_last.is_empty() {
        let nothing = !set(&asked.last_by_subj) && !set(&asked.next_by_subj);
        if asked.seq == 0 && asked.start_time.is_none() && nothing {
            return Err(EMPTY_REQUEST);
        }
        if which(&asked).is_none() || (set(&asked.last_by_subj) && asked.batch > 0) {
            return Err(BAD_REQUEST);
        }
    } else if set(&asked.last_by_subj) || set(&asked.next_by_subj) || (asked.seq > 0 && asked.start_time.is_some()) {
        return Err(BAD_REQUEST);
    }
    if asked.up_to_seq > 0 && asked.up_to_time.is_some() {
        return Err(BAD_REQUEST);
    }
    Ok(asked)
}

/// A request that is being answered.
struct Get<'a> {
    turn: &'a mut Turn,
    stream: Arc<Stream>,
    reply: &'a str,
    block: Vec<u8>,
}

/// How much of an answer may still be sent.
struct Room {
    /// What the request allows, counted as `nats-server` counts: subjects, headers and bodies as they are stored.
    asked: u64,
    /// What we allow, counted as sent.
    ours: u64,
}

impl Room {
    fn of(asked: &MsgGetRequest) -> Self {
        Self { asked: if asked.max_bytes == 0 { u64::MAX } else { asked.max_bytes }, ours: ANSWER_BYTES_MAX }
    }

    /// Takes what was sent off; false when nothing is left. So a message too large goes out all the same, alone.
    fn take(&mut self, found: &Found, sent: usize) -> bool {
        let stored = found.subject.len() + found.headers.len() + found.payload.len();
        self.asked = self.asked.saturating_sub(stored as u64);
        self.ours = self.ours.saturating_sub(sent as u64);
        self.asked > 0 && self.ours > 0
    }
}

/// A message's place in an answer of several.
#[derive(Clone, Copy)]
struct Place {
    pending: u64,
    last: u64,
}

type Answered = Result<(), (u16, &'static str)>;

impl Get<'_> {
    fn answer(&mut self, asked: &MsgGetRequest) -> Answered {
        if !asked.multi_last.is_empty() {
            return self.last_of_each(asked);
        }
        let which = which(asked).ok_or(BAD_REQUEST)?;
        if asked.batch == 0 { self.one(which) } else { self.batch(asked, which) }
    }

    fn one(&mut self, which: Which<'_>) -> Answered {
        let found = self.stream.find(which).ok_or(NOT_FOUND)?;
        self.send(&found, None);
        Ok(())
    }

    /// Messages from one on. A message says how many there are from it on; the end, how many follow it.
    fn batch(&mut self, asked: &MsgGetRequest, first: Which<'_>) -> Answered {
        let filter = asked.next_by_subj.as_deref().filter(|filter| !filter.is_empty()).unwrap_or(">");
        let mut next = Some(self.stream.find(first).ok_or(NOT_FOUND)?);
        let mut place = Place { pending: next.as_ref().map_or(0, |f| self.stream.count(f.sequence, filter)), last: 0 };
        let mut room = Room::of(asked);
        for _ in 0..asked.batch {
            let Some(found) = next.take() else { break };
            let sent = self.send(&found, Some(place));
            place = Place { pending: place.pending.saturating_sub(1), last: found.sequence };
            if !room.take(&found, sent) {
                break;
            }
            next = self.stream.find(Which::Next(found.sequence + 1, filter));
        }
        self.end(place, None);
        Ok(())
    }

    /// The last message of every subject, as of one moment. A message says how many follow it.
    fn last_of_each(&mut self, asked: &MsgGetRequest) -> Answered {
        let state = self.stream.summary();
        let up_to = match asked.up_to_time {
            Some(time) => {
                let first_after = self.stream.find(Which::Since(time, ">"));
                let up_to = first_after.map_or(state.last_seq, |found| found.sequence - 1);
                if up_to < state.first_seq {
                    return Err(NO_RESULTS);
                }
                up_to
            }
            None if asked.up_to_seq == 0 => state.last_seq,
            None => asked.up_to_seq,
        };
        let mut sequences = self.stream.last_of_each(&asked.multi_last, up_to);
        if sequences.len() > SUBJECTS_MAX {
            return Err(TOO_MANY_RESULTS);
        }
        if sequences.is_empty() {
            return Err(NO_RESULTS);
        }
        sequences.retain(|sequence| *sequence >= asked.seq);
        let mut place = Place { pending: sequences.len() as u64, last: 0 };
        let mut room = Room::of(asked);
        let most = if asked.batch == 0 { SUBJECTS_MAX } else { usize::try_from(asked.batch).unwrap_or(usize::MAX) };
        for sequence in sequences.into_iter().take(most) {
            place.pending -= 1;
            // One that went meanwhile is passed over: the rest is as asked.
            let Some(found) = self.stream.find(Which::At(sequence)) else { continue };
            let sent = self.send(&found, Some(place));
            place.last = sequence;
            if !room.take(&found, sent) {
                break;
            }
        }
        self.end(place, Some(up_to));
        Ok(())
    }

    /// Sends one message with its whereabouts after its own headers; returns its bytes.
    fn send(&mut self, found: &Found, place: Option<Place>) -> usize {
        self.block.clear();
        let mut block = Writer::copy(&mut self.block, &found.headers, |_| true)
            .field(headers::STREAM, self.stream.name.as_bytes())
            .field(headers::SUBJECT, &found.subject)
            .number(headers::SEQUENCE, found.sequence)
            .field(headers::TIME_STAMP, time::rfc3339(found.time));
        if let Some(place) = place {
            block = block.number(headers::NUM_PENDING, place.pending).number(headers::LAST_SEQUENCE, place.last);
        }
        block.finish();
        let bytes = self.block.len() + found.payload.len();
        let message =
            Message { subject: self.reply, reply: None, headers: &self.block, payload: &found.payload, from: None };
        self.turn.publish(&message);
        bytes
    }

    fn end(&mut self, place: Place, up_to: Option<u64>) {
        self.status(204, "EOB", |block| {
            let block = block.number(headers::NUM_PENDING, place.pending).number(headers::LAST_SEQUENCE, place.last);
            match up_to {
                Some(up_to) => block.number(headers::UP_TO_SEQUENCE, up_to),
                None => block,
            }
        });
    }

    fn status(&mut self, code: u16, description: &str, fields: impl FnOnce(Writer<'_>) -> Writer<'_>) {
        self.block.clear();
        fields(Writer::status(&mut self.block, code, description)).finish();
        self.turn.reply_headers(self.reply, &self.block);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let refused = |body: &str| ask(body.as_bytes()).err();
        for body in ["", " ", "null", "{}", r#"{"seq":0,"last_by_subj":""}"#, r#"{"batch":5}"#] {
            assert_eq!(refused(body), Some(EMPTY_REQUEST), "{body}");
        }
        for body in ["{", "7", r#"{"seq":"1"}"#] {
            assert_eq!(refused(body), Some(MALFORMED_REQUEST), "{body}");
        }
        for body in [
            r#"{"seq":1,"last_by_subj":"a"}"#,
            r#"{"seq":1,"start_time":"2026-01-01T00:00:00Z"}"#,
            r#"{"last_by_subj":"a","start_time":"2026-01-01T00:00:00Z"}"#,
            r#"{"last_by_subj":"a","next_by_subj":"a"}"#,
            r#"{"last_by_subj":"a","batch":2}"#,
            r#"{"last_by_subj":"a","multi_last":["b"]}"#,
            r#"{"next_by_subj":"a","multi_last":["b"]}"#,
            r#"{"multi_last":["b"],"up_to_seq":1,"up_to_time":"2026-01-01T00:00:00Z"}"#,
        ] {
            assert_eq!(refused(body), Some(BAD_REQUEST), "{body}");
        }
        for body in [
            r#"{"seq":1}"#,
            r#"{"next_by_subj":"a"}"#,
            r#"{"seq":1,"next_by_subj":"a","batch":10,"max_bytes":1}"#,
            r#"{"start_time":"2026-01-01T00:00:00Z","batch":10}"#,
            r#"{"multi_last":["a.>","b"],"batch":10,"seq":4,"up_to_seq":9}"#,
        ] {
            assert_eq!(refused(body), None, "{body}");
        }
    }

    #[test]
    fn room_ends_with_the_message_that_fills_it() {
        let found = Found { sequence: 1, time: 0, subject: "s.a".into(), headers: vec![], payload: b"12345".into() };
        let mut room = Room::of(&MsgGetRequest { max_bytes: 17, ..MsgGetRequest::default() });
        assert!(room.take(&found, 100));
        assert!(room.take(&found, 100));
        assert!(!room.take(&found, 100), "24 bytes of 17");
        let mut room = Room::of(&MsgGetRequest::default());
        assert!(!room.take(&found, 8 * 1024 * 1024));
    }
}
