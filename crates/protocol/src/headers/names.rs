//! The header names that mean something to a server.

macro_rules! names {
    ($($(#[$doc:meta])* $constant:ident = $name:literal;)*) => {
        $($(#[$doc])* pub const $constant: &str = $name;)*
    };
}

// What a publisher asks of a stream.
names! {
    /// The message's identity: a second one within the duplicate window is not stored.
    MSG_ID = "Nats-Msg-Id";
    /// Store only in the stream of this name.
    EXPECTED_STREAM = "Nats-Expected-Stream";
    /// Store only if this is the stream's last sequence.
    EXPECTED_LAST_SEQUENCE = "Nats-Expected-Last-Sequence";
    /// Store only if this is the last sequence of the subject, 0 for none.
    EXPECTED_LAST_SUBJECT_SEQUENCE = "Nats-Expected-Last-Subject-Sequence";
    /// The filter [`EXPECTED_LAST_SUBJECT_SEQUENCE`] looks at, instead of the message's own subject.
    EXPECTED_LAST_SUBJECT_SEQUENCE_SUBJECT = "Nats-Expected-Last-Subject-Sequence-Subject";
    /// Store only if the stream's last message has this identity.
    EXPECTED_LAST_MSG_ID = "Nats-Expected-Last-Msg-Id";
    /// Remove what came before: of the same subject ([`ROLLUP_SUBJECT`]) or of the stream ([`ROLLUP_ALL`]).
    ROLLUP = "Nats-Rollup";
    /// When the message goes: seconds, a Go duration, or `never`.
    TTL = "Nats-TTL";
    /// How much to add to the subject's counter.
    INCR = "Nats-Incr";
    /// The atomic batch the message belongs to.
    BATCH_ID = "Nats-Batch-Id";
    /// The message's place in its batch, from 1.
    BATCH_SEQUENCE = "Nats-Batch-Sequence";
    /// `1`: the batch is complete.
    BATCH_COMMIT = "Nats-Batch-Commit";
    /// Store only if the server's API is of this level or above.
    REQUIRED_API_LEVEL = "Nats-Required-Api-Level";
}

/// [`ROLLUP`] of the message's subject.
pub const ROLLUP_SUBJECT: &str = "sub";
/// [`ROLLUP`] of the whole stream.
pub const ROLLUP_ALL: &str = "all";
/// [`TTL`] of a message that outlives even `max_age`.
pub const TTL_NEVER: &str = "never";

// Scheduled messages (ADR-51).
names! {
    /// When to publish: `@at`, `@every`, `@daily` and the like, or six cron fields.
    SCHEDULE = "Nats-Schedule";
    /// Where to publish.
    SCHEDULE_TARGET = "Nats-Schedule-Target";
    /// The subject whose last message is the body.
    SCHEDULE_SOURCE = "Nats-Schedule-Source";
    /// The published message's [`TTL`].
    SCHEDULE_TTL = "Nats-Schedule-TTL";
    /// The IANA zone cron fields are read in.
    SCHEDULE_TIME_ZONE = "Nats-Schedule-Time-Zone";
    /// The published message's [`ROLLUP`].
    SCHEDULE_ROLLUP = "Nats-Schedule-Rollup";
    /// On a published message: the subject of its schedule.
    SCHEDULER = "Nats-Scheduler";
    /// On a published message: when the next follows, or [`SCHEDULE_PURGE`].
    SCHEDULE_NEXT = "Nats-Schedule-Next";
}

/// What the names of a schedule's own fields begin with; a message it publishes has none of them.
pub const SCHEDULE_PREFIX: &str = "Nats-Schedule";
/// [`SCHEDULE_NEXT`] of a schedule that has ended, and is to be removed.
pub const SCHEDULE_PURGE: &str = "purge";

// What a stream says of a stored message.
names! {
    /// The stream it is from.
    STREAM = "Nats-Stream";
    /// Its sequence.
    SEQUENCE = "Nats-Sequence";
    /// When it was stored, RFC 3339.
    TIME_STAMP = "Nats-Time-Stamp";
    /// Its subject.
    SUBJECT = "Nats-Subject";
    /// The sequence before it on its subject.
    LAST_SEQUENCE = "Nats-Last-Sequence";
    /// How many more of a batched direct get follow.
    NUM_PENDING = "Nats-Num-Pending";
    /// The highest sequence a multi-subject direct get looked at.
    UP_TO_SEQUENCE = "Nats-UpTo-Sequence";
    /// The body's size, where only headers are delivered.
    MSG_SIZE = "Nats-Msg-Size";
    /// Why a delete marker stands here: [`MARKER_MAX_AGE`], [`MARKER_PURGE`] or [`MARKER_REMOVE`].
    MARKER_REASON = "Nats-Marker-Reason";
    /// The sourced stream, sequence, filters and original subject.
    STREAM_SOURCE = "Nats-Stream-Source";
}

/// [`MARKER_REASON`]: the subject's last message grew too old.
pub const MARKER_MAX_AGE: &str = "MaxAge";
/// [`MARKER_REASON`]: the subject was purged.
pub const MARKER_PURGE: &str = "Purge";
/// [`MARKER_REASON`]: the subject's last message was removed.
pub const MARKER_REMOVE: &str = "Remove";

// What a consumer tells its client.
names! {
    /// The last delivered consumer sequence.
    LAST_CONSUMER = "Nats-Last-Consumer";
    /// The last delivered stream sequence.
    LAST_STREAM = "Nats-Last-Stream";
    /// The flow control subject a stalled consumer waits for.
    CONSUMER_STALLED = "Nats-Consumer-Stalled";
    /// How many messages of a pull request were not delivered.
    PENDING_MESSAGES = "Nats-Pending-Messages";
    /// How many bytes of a pull request were not delivered.
    PENDING_BYTES = "Nats-Pending-Bytes";
    /// Which client a pinned consumer is pinned to.
    PIN_ID = "Nats-Pin-Id";
}

// Key-value buckets.
names! {
    /// `DEL` or `PURGE`; absent where a value was put.
    KV_OPERATION = "KV-Operation";
}
