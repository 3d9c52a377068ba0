//! `STREAM.MSG.…`: one message of a stream, read and deleted.

use protocol::jetstream::api::{MsgDeleteRequest, MsgGetRequest, StoredMessage, Success};
use protocol::jetstream::error;

use super::request::{Answered, Request};
use crate::stream::Which;
use crate::turn::Turn;

/// `STREAM.MSG.GET.<stream>`
pub(super) fn get(request: &Request<'_>, stream: &str) -> Answered {
    let asked: MsgGetRequest = request.read()?;
    // What would take several messages to answer is for `DIRECT.GET` only.
    if asked.batch > 0 || asked.max_bytes > 0 || !asked.multi_last.is_empty() {
        return Err(error::BAD_REQUEST);
    }
    let which = which(&asked).ok_or(error::BAD_REQUEST)?;
    let stream = request.stream(stream)?;
    let found = stream.find(which).ok_or(error::NO_MESSAGE_FOUND)?;
    Ok(request.now(&StoredMessage {
        subject: &found.subject,
        seq: found.sequence,
        headers: if asked.no_hdr { &[] } else { &found.headers },
        data: &found.payload,
        time: found.time,
    }))
}

/// Which message is meant; `None` where nothing is, or more than one thing.
pub(super) fn which(asked: &MsgGetRequest) -> Option<Which<'_>> {
    let set = |subject: &'_ Option<String>| subject.as_ref().is_some_and(|subject| !subject.is_empty());
    let (last, next) = (asked.last_by_subj.as_deref().unwrap_or(""), asked.next_by_subj.as_deref().unwrap_or(">"));
    let next = if next.is_empty() { ">" } else { next };
    match (asked.seq, asked.start_time, set(&asked.last_by_subj), set(&asked.next_by_subj)) {
        (0, None, true, false) => Some(Which::Last(last)),
        (seq, None, false, true) => Some(Which::Next(seq, next)),
        (0, Some(time), false, _) => Some(Which::Since(time, next)),
        (1.., None, false, false) => Some(Which::At(asked.seq)),
        _ => None,
    }
}

/// `STREAM.MSG.DELETE.<stream>`
pub(super) fn delete(turn: &mut Turn, request: &Request<'_>, stream: &str) -> Answered {
    let asked: MsgDeleteRequest = request.read()?;
    if asked.seq == 0 {
        return Err(error::BAD_REQUEST);
    }
    let stream = request.stream(stream)?;
    stream.delete_message(turn, asked.seq, !asked.no_erase)?;
    Ok(request.durably(stream, &Success { success: true }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(json: &str) -> Option<String> {
        let asked: MsgGetRequest = serde_json::from_str(json).unwrap();
        which(&asked).map(|which| format!("{which:?}"))
    }

    #[test]
    fn one_message_is_meant_or_none() {
        for (json, meant) in [
            (r#"{"seq":7}"#, Some("At(7)")),
            (r#"{"last_by_subj":"a"}"#, Some("Last(\"a\")")),
            (r#"{"next_by_subj":"a"}"#, Some("Next(0, \"a\")")),
            (r#"{"seq":7,"next_by_subj":"a.*"}"#, Some("Next(7, \"a.*\")")),
            (r#"{"start_time":"1970-01-01T00:00:01Z"}"#, Some("Since(1000000000, \">\")")),
            (r#"{"start_time":"1970-01-01T00:00:01Z","next_by_subj":"a"}"#, Some("Since(1000000000, \"a\")")),
            ("{}", None),
            (r#"{"last_by_subj":""}"#, None),
            (r#"{"seq":7,"last_by_subj":"a"}"#, None),
            (r#"{"seq":7,"start_time":"1970-01-01T00:00:01Z"}"#, None),
            (r#"{"last_by_subj":"a","next_by_subj":"a"}"#, None),
            (r#"{"last_by_subj":"a","start_time":"1970-01-01T00:00:01Z"}"#, None),
        ] {
            assert_eq!(told(json).as_deref(), meant, "{json}");
        }
    }
}
