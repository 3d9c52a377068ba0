//! What a request asks for, told by its subject: `$JS.API.` and then one of these.
//!
//! | after the prefix | |
//! |---|---|
//! | `INFO` | the account |
//! | `STREAM.{CREATE,UPDATE,INFO,DELETE,PURGE}.<stream>`, `STREAM.{NAMES,LIST}` | streams |
//! | `STREAM.MSG.{GET,DELETE}.<stream>` | messages |
//! | `DIRECT.GET.<stream>[.<subject…>]` | messages, as they are |
//! | `CONSUMER.CREATE.<stream>[.<consumer>[.<filter…>]]`, `CONSUMER.DURABLE.CREATE.<stream>.<consumer>` | a consumer |
//! | `CONSUMER.{INFO,DELETE,PAUSE,RESET,UNPIN}.<stream>.<consumer>`, `CONSUMER.{NAMES,LIST}.<stream>` | consumers |
//! | `CONSUMER.MSG.NEXT.<stream>.<consumer>` | messages, please |
//! | `STREAM.{SNAPSHOT,RESTORE,PEER.REMOVE,LEADER.STEPDOWN}.<stream>`, `CONSUMER.LEADER.STEPDOWN.…` | not here |

use protocol::jetstream::api::Kind;

/// A stream and one of its consumers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub stream: &'a str,
    pub consumer: &'a str,
}

/// What is asked for. A single name is a stream's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb<'a> {
    AccountInfo,
    StreamCreate(&'a str),
    StreamUpdate(&'a str),
    StreamInfo(&'a str),
    StreamDelete(&'a str),
    StreamPurge(&'a str),
    StreamNames,
    StreamList,
    StreamSnapshot(&'a str),
    StreamRestore(&'a str),
    StreamRemovePeer(&'a str),
    StreamLeaderStepdown(&'a str),
    MessageGet(&'a str),
    MessageDelete(&'a str),
    /// Answered by a message rather than JSON.
    DirectGet {
        stream: &'a str,
        /// The last message of this subject; otherwise the body says which.
        subject: Option<&'a str>,
    },
    ConsumerCreate {
        stream: &'a str,
        name: Option<&'a str>,
        filter: Option<&'a str>,
    },
    /// As clients of old create what is to stay.
    DurableCreate(Place<'a>),
    ConsumerInfo(Place<'a>),
    ConsumerDelete(Place<'a>),
    ConsumerNames(&'a str),
    ConsumerList(&'a str),
    ConsumerPause(Place<'a>),
    ConsumerReset(Place<'a>),
    ConsumerUnpin(Place<'a>),
    ConsumerLeaderStepdown(Place<'a>),
    /// Answered by messages and statuses.
    MessageNext(Place<'a>),
}

impl<'a> Verb<'a> {
    /// Reads what follows the prefix. `None` is not answered at all.
    pub fn parse(subject: &'a str) -> Option<Self> {
        if subject == "INFO" {
            return Some(Self::AccountInfo);
        }
        let (noun, rest) = subject.split_once('.')?;
        match noun {
            "STREAM" => stream(rest),
            "CONSUMER" => consumer(rest),
            "DIRECT" => {
                let (stream, subject) = name_and_rest(rest.strip_prefix("GET.")?);
                Some(Self::DirectGet { stream, subject })
            }
            _ => None,
        }
    }

    /// The kind of its answer; `None` where that is no JSON.
    pub fn kind(self) -> Option<Kind> {
        Some(match self {
            Self::AccountInfo => Kind::AccountInfo,
            Self::StreamCreate(_) => Kind::StreamCreate,
            Self::StreamUpdate(_) => Kind::StreamUpdate,
            Self::StreamInfo(_) => Kind::StreamInfo,
            Self::StreamDelete(_) => Kind::StreamDelete,
            Self::StreamPurge(_) => Kind::StreamPurge,
            Self::StreamNames => Kind::StreamNames,
            Self::StreamList => Kind::StreamList,
            Self::StreamSnapshot(_) => Kind::StreamSnapshot,
            Self::StreamRestore(_) => Kind::StreamRestore,
            Self::StreamRemovePeer(_) => Kind::StreamRemovePeer,
            Self::StreamLeaderStepdown(_) => Kind::StreamLeaderStepdown,
            Self::MessageGet(_) => Kind::StreamMsgGet,
            Self::MessageDelete(_) => Kind::StreamMsgDelete,
            Self::ConsumerCreate { .. } | Self::DurableCreate(_) => Kind::ConsumerCreate,
            Self::ConsumerInfo(_) => Kind::ConsumerInfo,
            Self::ConsumerDelete(_) => Kind::ConsumerDelete,
            Self::ConsumerNames(_) => Kind::ConsumerNames,
            Self::ConsumerList(_) => Kind::ConsumerList,
            Self::ConsumerPause(_) => Kind::ConsumerPause,
            Self::ConsumerReset(_) => Kind::ConsumerReset,
            Self::ConsumerUnpin(_) => Kind::ConsumerUnpin,
            Self::ConsumerLeaderStepdown(_) => Kind::ConsumerLeaderStepdown,
            Self::DirectGet { .. } | Self::MessageNext(_) => return None,
        })
    }
}

/// `<verb>.<stream>`; a stream's name is one token, the last.
fn stream(rest: &str) -> Option<Verb<'_>> {
    match rest {
        "NAMES" => return Some(Verb::StreamNames),
        "LIST" => return Some(Verb::StreamList),
        _ => {}
    }
    let (verb, stream) = rest.rsplit_once('.')?;
    let make = match verb {
        "CREATE" => Verb::StreamCreate,
        "UPDATE" => Verb::StreamUpdate,
        "INFO" => Verb::StreamInfo,
        "DELETE" => Verb::StreamDelete,
        "PURGE" => Verb::StreamPurge,
        "SNAPSHOT" => Verb::StreamSnapshot,
        "RESTORE" => Verb::StreamRestore,
        "PEER.REMOVE" => Verb::StreamRemovePeer,
        "LEADER.STEPDOWN" => Verb::StreamLeaderStepdown,
        "MSG.GET" => Verb::MessageGet,
        "MSG.DELETE" => Verb::MessageDelete,
        _ => return None,
    };
    Some(make(stream))
}

/// `<verb>.<stream>`, `<verb>.<stream>.<consumer>`, and what creates.
fn consumer(rest: &str) -> Option<Verb<'_>> {
    if let Some(rest) = rest.strip_prefix("CREATE.") {
        let (stream, rest) = name_and_rest(rest);
        let (name, filter) = rest.map(name_and_rest).unzip();
        return Some(Verb::ConsumerCreate { stream, name, filter: filter.flatten() });
    }
    let (front, last) = rest.rsplit_once('.')?;
    match front {
        "NAMES" => return Some(Verb::ConsumerNames(last)),
        "LIST" => return Some(Verb::ConsumerList(last)),
        _ => {}
    }
    let (verb, stream) = front.rsplit_once('.')?;
    let make = match verb {
        "MSG.NEXT" => Verb::MessageNext,
        "INFO" => Verb::ConsumerInfo,
        "DELETE" => Verb::ConsumerDelete,
        "PAUSE" => Verb::ConsumerPause,
        "RESET" => Verb::ConsumerReset,
        "UNPIN" => Verb::ConsumerUnpin,
        "DURABLE.CREATE" => Verb::DurableCreate,
        "LEADER.STEPDOWN" => Verb::ConsumerLeaderStepdown,
        _ => return None,
    };
    Some(make(Place { stream, consumer: last }))
}

fn name_and_rest(text: &str) -> (&str, Option<&str>) {
    text.split_once('.').map_or((text, None), |(name, rest)| (name, Some(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place { stream: "S", consumer: "C" };

    #[test]
    fn a_subject_names_a_verb_and_whom_it_is_about() {
        let create = |name, filter| Verb::ConsumerCreate { stream: "S", name, filter };
        for (subject, verb) in [
            ("INFO", Verb::AccountInfo),
            ("STREAM.CREATE.S", Verb::StreamCreate("S")),
            ("STREAM.UPDATE.S", Verb::StreamUpdate("S")),
            ("STREAM.INFO.INFO", Verb::StreamInfo("INFO")),
            ("STREAM.DELETE.S", Verb::StreamDelete("S")),
            ("STREAM.PURGE.S", Verb::StreamPurge("S")),
            ("STREAM.NAMES", Verb::StreamNames),
            ("STREAM.LIST", Verb::StreamList),
            ("STREAM.MSG.GET.S", Verb::MessageGet("S")),
            ("STREAM.MSG.DELETE.S", Verb::MessageDelete("S")),
            ("STREAM.SNAPSHOT.S", Verb::StreamSnapshot("S")),
            ("STREAM.LEADER.STEPDOWN.S", Verb::StreamLeaderStepdown("S")),
            ("DIRECT.GET.S", Verb::DirectGet { stream: "S", subject: None }),
            ("DIRECT.GET.KV_B.$KV.B.k", Verb::DirectGet { stream: "KV_B", subject: Some("$KV.B.k") }),
            ("CONSUMER.CREATE.S", create(None, None)),
            ("CONSUMER.CREATE.S.C", create(Some("C"), None)),
            ("CONSUMER.CREATE.S.C.s.*.>", create(Some("C"), Some("s.*.>"))),
            ("CONSUMER.DURABLE.CREATE.S.C", Verb::DurableCreate(PLACE)),
            ("CONSUMER.INFO.S.C", Verb::ConsumerInfo(PLACE)),
            ("CONSUMER.DELETE.S.C", Verb::ConsumerDelete(PLACE)),
            ("CONSUMER.NAMES.S", Verb::ConsumerNames("S")),
            ("CONSUMER.LIST.S", Verb::ConsumerList("S")),
            ("CONSUMER.PAUSE.S.C", Verb::ConsumerPause(PLACE)),
            ("CONSUMER.RESET.S.C", Verb::ConsumerReset(PLACE)),
            ("CONSUMER.MSG.NEXT.S.C", Verb::MessageNext(PLACE)),
        ] {
            assert_eq!(Verb::parse(subject), Some(verb), "{subject}");
        }
    }

    #[test]
    fn other_subjects_are_not_answered() {
        for subject in [
            "",
            "INFO.S",
            "NOSUCH.API",
            "STREAM",
            "STREAM.CREATE",
            "STREAM.CREATE.S.T",
            "STREAM.NAMES.S",
            "STREAM.MSG.S",
            "STREAM.MSG.TAKE.S",
            "DIRECT.GET",
            "DIRECT.TAKE.S",
            "CONSUMER.CREATE",
            "CONSUMER.INFO.S",
            "CONSUMER.INFO.S.C.D",
            "CONSUMER.NAMES",
            "CONSUMER.LIST.S.C",
            "CONSUMER.DURABLE.CREATE.S",
            "CONSUMER.MSG.NEXT.S",
            "CONSUMER.MSG.NEXT.S.C.D",
            "META.LEADER.STEPDOWN",
        ] {
            assert_eq!(Verb::parse(subject), None, "{subject}");
        }
    }
}
