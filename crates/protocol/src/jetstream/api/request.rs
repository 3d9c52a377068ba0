//! What clients ask. Read with [`super::parse`], but for [`PullRequest::parse`].

use serde::{Deserialize, Serialize};

use super::super::config::ConsumerConfig;
use crate::time;

/// `STREAM.INFO.<stream>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamInfoRequest {
    /// How many subjects to pass over.
    pub offset: usize,
    /// List the sequences that were deleted.
    pub deleted_details: bool,
    /// Count the messages of each subject that matches; none if empty.
    pub subjects_filter: String,
}

/// `STREAM.NAMES`, `STREAM.LIST`, `CONSUMER.NAMES.<stream>`, `CONSUMER.LIST.<stream>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageRequest {
    /// How many to pass over.
    pub offset: usize,
    /// Only streams with a subject that overlaps this; all if empty.
    pub subject: String,
}

/// `STREAM.PURGE.<stream>`. `seq` and `keep` together are a bad request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PurgeRequest {
    /// Up to this sequence, without it; 0: all.
    pub seq: u64,
    /// Only what matches; all if empty.
    pub filter: String,
    /// But so many of the last.
    pub keep: u64,
}

/// `STREAM.MSG.GET.<stream>` and `DIRECT.GET.<stream>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MsgGetRequest {
    /// This message, or with `next_by_subj` the first from here on.
    pub seq: u64,
    /// The last of this subject.
    pub last_by_subj: Option<String>,
    /// The first that matches, from `seq` on.
    pub next_by_subj: Option<String>,
    /// Several messages: the most there may be. Direct only, as all that follows.
    pub batch: u64,
    /// Several messages: the most bytes there may be.
    pub max_bytes: u64,
    /// The first since then.
    #[serde(with = "time::json_option")]
    pub start_time: Option<i64>,
    /// The last of each subject that matches one of these.
    pub multi_last: Vec<String>,
    /// … looking no further than this sequence; 0: to the end.
    pub up_to_seq: u64,
    /// … or this time.
    #[serde(with = "time::json_option")]
    pub up_to_time: Option<i64>,
    /// Without the message's own headers.
    pub no_hdr: bool,
}

/// `STREAM.MSG.DELETE.<stream>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MsgDeleteRequest {
    /// Which.
    pub seq: u64,
    /// The bytes need not be overwritten.
    pub no_erase: bool,
}

/// `CONSUMER.CREATE.…` and `CONSUMER.DURABLE.CREATE.<stream>.<consumer>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CreateConsumerRequest {
    /// The same as in the subject.
    pub stream_name: String,
    /// What is wanted.
    pub config: ConsumerConfig,
    /// Whether it may, must, or must not be there already.
    pub action: Action,
}

/// Whether a consumer may be there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It may: it is updated then.
    #[default]
    #[serde(rename = "")]
    CreateOrUpdate,
    /// It must not, unless it is the same.
    Create,
    /// It must.
    Update,
}

/// `CONSUMER.PAUSE.<stream>.<consumer>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PauseRequest {
    /// Until when; none, zero and the past: not any more.
    #[serde(with = "time::json_option")]
    pub pause_until: Option<i64>,
}

/// `CONSUMER.RESET.<stream>.<consumer>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResetRequest {
    /// The next to deliver; 0: what follows the acknowledgement floor.
    pub seq: u64,
}

/// `CONSUMER.MSG.NEXT.<stream>.<consumer>`, and what may follow `+NXT`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// The most messages: 1 or more.
    pub batch: u64,
    /// How long it may wait; none: as long as its inbox has a subscriber.
    pub expires: Option<i64>,
    /// Do not wait for what is not there.
    pub no_wait: bool,
    /// The most bytes, subjects and headers included; 0: any number.
    pub max_bytes: u64,
    /// How often to say that there is nothing to say; none: never.
    pub idle_heartbeat: Option<i64>,
    /// Served only if so many messages are pending, …
    pub min_pending: Option<u64>,
    /// … or so many acknowledgements. Only with priority policy `overflow`.
    pub min_ack_pending: Option<u64>,
    /// The priority group.
    pub group: Option<String>,
    /// The lower the sooner, from 0 to 9. Only with priority policy `prioritized`.
    pub priority: u8,
    /// The pin, as told in `Nats-Pin-Id`. Only with priority policy `pinned_client`.
    pub id: Option<String>,
}

impl Default for PullRequest {
    /// One message, whenever it comes.
    fn default() -> Self {
        Self {
            batch: 1,
            expires: None,
            no_wait: false,
            max_bytes: 0,
            idle_heartbeat: None,
            min_pending: None,
            min_ack_pending: None,
            group: None,
            priority: 0,
            id: None,
        }
    }
}

/// A pull request in JSON that cannot be read, to be answered `400 Bad Request - <this>`.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct BadPull(#[from] serde_json::Error);

impl PullRequest {
    /// Reads JSON, a bare number (so old clients give the batch), or nothing. As `nats-server` has it, what is neither is
    /// one message, and so is a batch below one; fields of no use are ignored.
    pub fn parse(body: &[u8]) -> Result<Self, BadPull> {
        let body = body.trim_ascii();
        if body.first() == Some(&b'{') {
            let wire: Wire = serde_json::from_slice(body)?;
            return Ok(wire.into());
        }
        let batch = crate::line::saturating(body).map_or(1, |batch| batch.max(1));
        Ok(Self { batch, ..Self::default() })
    }
}

/// As it is sent: anything may be `null`, absent, zero or below.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire {
    batch: Option<i64>,
    expires: Option<i64>,
    no_wait: Option<bool>,
    max_bytes: Option<i64>,
    idle_heartbeat: Option<i64>,
    min_pending: Option<i64>,
    min_ack_pending: Option<i64>,
    group: Option<String>,
    priority: Option<i64>,
    id: Option<String>,
}

impl From<Wire> for PullRequest {
    fn from(wire: Wire) -> Self {
        /// The last of the priorities.
        const PRIORITY_MAX: i64 = 9;
        let count = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok()).filter(|&value| value > 0);
        let set = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            batch: count(wire.batch).unwrap_or(1),
            // Below zero it is over before it began: that is kept, so that it is answered so.
            expires: wire.expires.filter(|&expires| expires != 0),
            no_wait: wire.no_wait.unwrap_or(false),
            max_bytes: count(wire.max_bytes).unwrap_or(0),
            idle_heartbeat: wire.idle_heartbeat.filter(|&every| every > 0),
            min_pending: count(wire.min_pending),
            min_ack_pending: count(wire.min_ack_pending),
            group: set(wire.group),
            priority: u8::try_from(wire.priority.unwrap_or(0).clamp(0, PRIORITY_MAX)).unwrap_or(0),
            id: set(wire.id),
        }
    }
}
