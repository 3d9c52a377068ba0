//! What the server tells on `$JS.EVENT.ADVISORY.>` of what happened to streams and consumers, in `nats-server`'s shape.
//!
//! Nothing is put together, and nothing published, unless somebody listens.

use protocol::time;
use serde::Serialize;

use crate::turn::{Message, Turn};

/// Signs of an advisory's id.
const ID_SIGNS: usize = 22;

/// What became of a stream or a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    /// It was made.
    Create,
    /// It was changed.
    Modify,
    /// It was deleted.
    Delete,
}

impl Action {
    fn past(self) -> &'static str {
        match self {
            Self::Create => "CREATED",
            Self::Modify => "UPDATED",
            Self::Delete => "DELETED",
        }
    }
}

/// What happened to a message a consumer delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate<'a> {
    /// It was delivered as often as allowed, and never acknowledged.
    GivenUp,
    /// It is not to be delivered again.
    Terminated {
        /// As the client put it.
        reason: Option<&'a str>,
    },
    /// It is asked for again.
    Naked,
}

/// A delivery, as an advisory tells it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivery<'a> {
    /// The stream's name.
    pub stream: &'a str,
    /// The consumer's name.
    pub consumer: &'a str,
    /// The delivery's number.
    pub consumer_seq: u64,
    /// The message's sequence.
    pub stream_seq: u64,
    /// How many times it was delivered.
    pub deliveries: u64,
}

/// Publishes that a stream was made, changed or deleted.
pub(super) fn stream(turn: &mut Turn, stream: &str, action: Action) {
    #[derive(Serialize)]
    struct StreamAction<'a> {
        stream: &'a str,
        action: Action,
    }
    let subject = format!("$JS.EVENT.ADVISORY.STREAM.{}.{stream}", action.past());
    publish(turn, &subject, "stream_action", &StreamAction { stream, action });
}

/// Publishes that a consumer was made or deleted.
pub(crate) fn consumer(turn: &mut Turn, stream: &str, consumer: &str, action: Action) {
    #[derive(Serialize)]
    struct ConsumerAction<'a> {
        stream: &'a str,
        consumer: &'a str,
        action: Action,
    }
    let subject = format!("$JS.EVENT.ADVISORY.CONSUMER.{}.{stream}.{consumer}", action.past());
    publish(turn, &subject, "consumer_action", &ConsumerAction { stream, consumer, action });
}

/// Publishes that a consumer was paused, or goes on. `until` is the end of the pause.
pub(crate) fn paused(turn: &mut Turn, stream: &str, consumer: &str, until: Option<i64>, paused: bool) {
    #[derive(Serialize)]
    struct ConsumerPause<'a> {
        stream: &'a str,
        consumer: &'a str,
        paused: bool,
        #[serde(skip_serializing_if = "Option::is_none", with = "time::json_option")]
        pause_until: Option<i64>,
    }
    let subject = format!("$JS.EVENT.ADVISORY.CONSUMER.PAUSE.{stream}.{consumer}");
    publish(turn, &subject, "consumer_pause", &ConsumerPause { stream, consumer, paused, pause_until: until });
}

/// Publishes what became of a delivery.
pub(crate) fn delivery(turn: &mut Turn, about: Delivery<'_>, fate: Fate<'_>) {
    let (verb, kind) = match fate {
        Fate::GivenUp => ("MAX_DELIVERIES", "max_deliver"),
        Fate::Terminated { .. } => ("MSG_TERMINATED", "terminated"),
        Fate::Naked => ("MSG_NAKED", "nak"),
    };
    let subject = format!("$JS.EVENT.ADVISORY.CONSUMER.{verb}.{}.{}", about.stream, about.consumer);
    publish(turn, &subject, kind, &Told::new(about, fate));
}

#[derive(Serialize)]
struct Told<'a> {
    stream: &'a str,
    consumer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumer_seq: Option<u64>,
    stream_seq: u64,
    deliveries: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> Told<'a> {
    fn new(about: Delivery<'a>, fate: Fate<'a>) -> Self {
        Self {
            stream: about.stream,
            consumer: about.consumer,
            // That of which there were several has no number.
            consumer_seq: (fate != Fate::GivenUp).then_some(about.consumer_seq),
            stream_seq: about.stream_seq,
            deliveries: about.deliveries,
            reason: match fate {
                Fate::Terminated { reason } => reason,
                Fate::GivenUp | Fate::Naked => None,
            },
        }
    }
}

fn publish(turn: &mut Turn, subject: &str, kind: &str, body: &impl Serialize) {
    let server = turn.server().clone();
    if !server.router.has_interest(subject) {
        return;
    }
    let domain = server.jetstream.as_ref().and_then(|jetstream| jetstream.options.domain.as_deref());
    let payload = written(kind, &crate::name::random(ID_SIGNS), turn.now, body, domain);
    turn.publish(&Message { subject, reply: None, headers: &[], payload: &payload, from: None });
}

/// The whole advisory.
fn written(kind: &str, id: &str, now: i64, body: &impl Serialize, domain: Option<&str>) -> Vec<u8> {
    #[derive(Serialize)]
    struct Event<'a, T> {
        r#type: String,
        id: &'a str,
        #[serde(with = "time::json")]
        timestamp: i64,
        #[serde(flatten)]
        body: &'a T,
        #[serde(skip_serializing_if = "Option::is_none")]
        domain: Option<&'a str>,
    }
    let r#type = format!("io.nats.jetstream.advisory.v1.{kind}");
    let event = Event { r#type, id, timestamp: now, body, domain };
    serde_json::to_vec(&event).unwrap_or_else(|_| unreachable!("a struct of plain fields is always JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_218_936_500_000_000;
    const HEAD: &str = r#""id":"ID","timestamp":"2026-11-20T23:55:36.5Z","stream":"S","consumer":"C""#;

    #[test]
    fn a_deliverys_fate_is_told_as_nats_server_tells_it() {
        let about = Delivery { stream: "S", consumer: "C", consumer_seq: 7, stream_seq: 5, deliveries: 2 };
        let told =
            |kind, fate, domain| String::from_utf8(written(kind, "ID", NOW, &Told::new(about, fate), domain)).unwrap();
        let prefix = "io.nats.jetstream.advisory.v1";
        assert_eq!(
            told("max_deliver", Fate::GivenUp, None),
            format!(r#"{{"type":"{prefix}.max_deliver",{HEAD},"stream_seq":5,"deliveries":2}}"#)
        );
        assert_eq!(
            told("terminated", Fate::Terminated { reason: Some("broken") }, Some("hub")),
            format!(
                r#"{{"type":"{prefix}.terminated",{HEAD},"consumer_seq":7,"stream_seq":5,"deliveries":2,"reason":"broken","domain":"hub"}}"#
            )
        );
        assert_eq!(
            told("nak", Fate::Naked, None),
            format!(r#"{{"type":"{prefix}.nak",{HEAD},"consumer_seq":7,"stream_seq":5,"deliveries":2}}"#)
        );
    }
}
