//! Every failure `JetStream` answers with: its HTTP-like code, its number and its text.
//!
//! Numbers and texts are `nats-server`'s (`server/errors.json`): clients match the numbers, users search for the texts.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The `error` of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{description} ({err_code})")]
pub struct ApiError {
    /// What HTTP would say: 400, 404, 500, 503 …
    pub code: u16,
    /// Which failure it is: 10000 and up.
    #[serde(default)]
    pub err_code: u32,
    /// For people.
    #[serde(default)]
    pub description: Cow<'static, str>,
}

/// Failures whose text is always the same.
macro_rules! fixed {
    ($($name:ident = $code:literal $err_code:literal $text:literal;)*) => {
        $(
            #[doc = concat!("`", $text, "`")]
            pub const $name: ApiError =
                ApiError { code: $code, err_code: $err_code, description: Cow::Borrowed($text) };
        )*
        #[cfg(test)]
        const FIXED: &[ApiError] = &[$($name),*];
    };
}

/// Failures whose text depends on what happened.
macro_rules! told {
    ($($name:ident($argument:ident) = $code:literal $err_code:literal $text:literal;)*) => {
        $(
            #[doc = concat!("`", $text, "`")]
            pub fn $name($argument: impl std::fmt::Display) -> ApiError {
                ApiError { code: $code, err_code: $err_code, description: Cow::Owned(format!($text)) }
            }
        )*
        #[cfg(test)]
        fn told() -> Vec<ApiError> {
            vec![$($name("x")),*]
        }
    };
}

fixed! {
    ACCOUNT_RESOURCES_EXCEEDED = 400 10002 "resource limits exceeded for account";
    BAD_REQUEST = 400 10003 "bad request";
    CLUSTER_NOT_ACTIVE = 500 10006 "JetStream not in clustered mode";
    TEMPORARILY_UNAVAILABLE = 503 10008 "JetStream system temporarily unavailable";
    CLUSTER_REQUIRED = 503 10010 "JetStream clustering support required";
    CLUSTER_TAGS = 400 10011 "tags placement not supported for operation";
    CONSUMER_NAME_EXISTS = 400 10013 "consumer name already in use";
    CONSUMER_NOT_FOUND = 404 10014 "consumer not found";
    SNAPSHOT_DELIVER_SUBJECT_INVALID = 400 10015 "deliver subject not valid";
    CONSUMER_DURABLE_NAME_NOT_IN_SUBJECT = 400 10016 "consumer expected to be durable but no durable name set in subject";
    CONSUMER_NAME_NOT_MATCH_SUBJECT = 400 10017 "consumer name in subject does not match durable name in request";
    CONSUMER_DURABLE_NAME_NOT_SET = 400 10018 "consumer expected to be durable but a durable name was not set";
    CONSUMER_EPHEMERAL_WITH_DURABLE_IN_SUBJECT = 400 10019
        "consumer expected to be ephemeral but detected a durable name set in subject";
    CONSUMER_EPHEMERAL_WITH_DURABLE_NAME = 400 10020
        "consumer expected to be ephemeral but a durable name was set in request";
    INSUFFICIENT_RESOURCES = 503 10023 "insufficient resources";
    MAXIMUM_CONSUMERS = 400 10026 "maximum consumers limit reached";
    MAXIMUM_STREAMS = 400 10027 "maximum number of streams reached";
    MEMORY_RESOURCES_EXCEEDED = 500 10028 "insufficient memory resources available";
    MIRROR_MAX_MESSAGE_SIZE = 400 10030 "stream mirror must have max message size >= source";
    MIRROR_WITH_SOURCES = 400 10031 "stream mirrors can not also contain other sources";
    MIRROR_WITH_START_SEQ_AND_TIME = 400 10032 "stream mirrors can not have both start seq and start time configured";
    MIRROR_WITH_SUBJECT_FILTERS = 400 10033 "stream mirrors can not contain filtered subjects";
    MIRROR_WITH_SUBJECTS = 400 10034 "stream mirrors can not contain subjects";
    ACCOUNT_NOT_FOUND = 503 10035 "account not found";
    NO_MESSAGE_FOUND = 404 10037 "no message found";
    NOT_EMPTY_REQUEST = 400 10038 "expected an empty request payload";
    NOT_ENABLED_FOR_ACCOUNT = 503 10039 "JetStream not enabled for account";
    SOURCE_MAX_MESSAGE_SIZE = 400 10046 "stream source must have max message size >= target";
    STORAGE_RESOURCES_EXCEEDED = 500 10047 "insufficient storage resources available";
    MESSAGE_SIZE_EXCEEDED = 400 10054 "message size exceeds maximum allowed";
    MIRROR_NOT_UPDATABLE = 400 10055 "stream mirror configuration can not be updated";
    STREAM_MISMATCH = 400 10056 "stream name in subject does not match request";
    STREAM_NAME_EXISTS = 400 10058 "stream name already in use with a different configuration";
    STREAM_NOT_FOUND = 404 10059 "stream not found";
    STREAM_NOT_MATCH = 400 10060 "expected stream does not match";
    REPLICAS_NOT_UPDATABLE = 400 10061 "Replicas configuration can not be updated";
    SUBJECT_OVERLAP = 400 10065 "subjects overlap with an existing stream";
    REPLICAS_NOT_SUPPORTED = 500 10074 "replicas > 1 not supported in non-clustered mode";
    NOT_ENABLED = 503 10076 "JetStream not enabled";
    CONSUMER_CONFIG_REQUIRED = 400 10078 "consumer config required";
    CONSUMER_DELIVER_TO_WILDCARDS = 400 10079 "consumer deliver subject has wildcards";
    CONSUMER_PUSH_MAX_WAITING = 400 10080 "consumer in push mode can not set max waiting";
    CONSUMER_DELIVER_CYCLE = 400 10081 "consumer deliver subject forms a cycle";
    CONSUMER_MAX_ACK_PENDING_NEEDS_ACK_POLICY = 400 10082 "consumer requires ack policy for max ack pending";
    CONSUMER_SMALL_HEARTBEAT = 400 10083 "consumer idle heartbeat needs to be >= 100ms";
    CONSUMER_PULL_REQUIRES_ACK = 400 10084 "consumer in pull mode requires explicit ack policy on workqueue stream";
    CONSUMER_PULL_WITH_RATE_LIMIT = 400 10086 "consumer in pull mode can not have rate limit set";
    CONSUMER_MAX_WAITING_NEGATIVE = 400 10087 "consumer max waiting needs to be positive";
    CONSUMER_HEARTBEAT_REQUIRES_PUSH = 400 10088 "consumer idle heartbeat requires a push based consumer";
    CONSUMER_FLOW_CONTROL_REQUIRES_PUSH = 400 10089 "consumer flow control requires a push based consumer";
    CONSUMER_FILTER_NOT_SUBSET = 400 10093
        "consumer filter subject is not a valid subset of the interest subjects";
    STREAM_INVALID = 500 10096 "stream not valid";
    HEADER_SIZE_EXCEEDED = 400 10097 "header size exceeds maximum allowed of 64k";
    CONSUMER_WORK_QUEUE_REQUIRES_EXPLICIT_ACK = 400 10098 "workqueue stream requires explicit ack";
    CONSUMER_WORK_QUEUE_MULTIPLE_UNFILTERED = 400 10099
        "multiple non-filtered consumers not allowed on workqueue stream";
    CONSUMER_WORK_QUEUE_NOT_UNIQUE = 400 10100 "filtered consumer not unique on workqueue stream";
    CONSUMER_WORK_QUEUE_NOT_DELIVER_ALL = 400 10101 "consumer must be deliver all on workqueue stream";
    CONSUMER_BAD_DURABLE_NAME = 400 10103 "durable name can not contain '.', '*', '>'";
    CONSUMER_EXISTING_ACTIVE = 400 10105 "consumer already exists and is still active";
    CONSUMER_REPLACEMENT_WITH_DIFFERENT_NAME = 400 10106 "consumer replacement durable config not the same";
    CONSUMER_FLOW_CONTROL_NEEDS_HEARTBEATS = 400 10108 "consumer with flow control also needs heartbeats";
    STREAM_SEALED = 400 10109 "invalid operation on sealed stream";
    CONSUMER_INVALID_DELIVER_SUBJECT = 400 10112 "invalid push consumer deliver subject";
    STREAM_MAX_BYTES_REQUIRED = 400 10113 "account requires a stream config to have max bytes set";
    CONSUMER_MAX_BATCH_NEGATIVE = 400 10114 "consumer max request batch needs to be > 0";
    CONSUMER_MAX_EXPIRES_TOO_SMALL = 400 10115 "consumer max request expires needs to be >= 1ms";
    CONSUMER_MAX_DELIVER_BACKOFF = 400 10116 "max deliver is required to be > length of backoff values";
    STREAM_INFO_MAX_SUBJECTS = 500 10117 "subject details would exceed maximum allowed";
    STREAM_OFFLINE = 500 10118 "stream is offline";
    CONSUMER_OFFLINE = 500 10119 "consumer is offline";
    NO_LIMITS = 400 10120 "no JetStream default or applicable tiered limit present";
    STREAM_MAX_BYTES_EXCEEDED = 400 10122 "stream max bytes exceeds account limit max stream bytes";
    CONSUMER_REPLICAS_EXCEED_STREAM = 400 10126 "consumer config replica count exceeds parent stream";
    CONSUMER_NAME_CONTAINS_PATH_SEPARATORS = 400 10127 "Consumer name can not contain path separators";
    STREAM_NAME_CONTAINS_PATH_SEPARATORS = 400 10128 "Stream name can not contain path separators";
    STREAM_NAME_EXISTS_RESTORE_FAILED = 400 10130 "stream name already in use, cannot restore";
    CONSUMER_CREATE_FILTER_MISMATCH = 400 10131
        "Consumer create request did not match filtered subject from create subject";
    CONSUMER_CREATE_DURABLE_AND_NAME_MISMATCH = 400 10132
        "Consumer Durable and Name have to be equal if both are provided";
    REPLICAS_NEGATIVE = 400 10133 "replicas count cannot be negative";
    CONSUMER_REPLICAS_SHOULD_MATCH_STREAM = 400 10134
        "consumer config replicas must match interest retention stream's replicas";
    CONSUMER_DUPLICATE_FILTER_SUBJECTS = 400 10136
        "consumer cannot have both FilterSubject and FilterSubjects specified";
    CONSUMER_MULTIPLE_FILTERS_NOT_ALLOWED = 400 10137
        "consumer with multiple subject filters cannot use subject based API";
    CONSUMER_OVERLAPPING_SUBJECT_FILTERS = 400 10138 "consumer subject filters cannot overlap";
    CONSUMER_EMPTY_FILTER = 400 10139 "consumer filter in FilterSubjects cannot be empty";
    SOURCE_DUPLICATE = 400 10140 "duplicate source configuration detected";
    SOURCE_INVALID_STREAM_NAME = 400 10141 "sourced stream name is invalid";
    MIRROR_INVALID_STREAM_NAME = 400 10142 "mirrored stream name is invalid";
    MIRROR_WITH_FIRST_SEQ = 400 10143 "stream mirrors can not have first sequence configured";
    SOURCE_MULTIPLE_FILTERS_NOT_ALLOWED = 400 10144
        "source with multiple subject transforms cannot also have a single subject filter";
    SOURCE_OVERLAPPING_SUBJECT_FILTERS = 400 10147 "source filters can not overlap";
    CONSUMER_ALREADY_EXISTS = 400 10148 "consumer already exists";
    CONSUMER_DOES_NOT_EXIST = 400 10149 "consumer does not exist";
    MIRROR_MULTIPLE_FILTERS_NOT_ALLOWED = 400 10150
        "mirror with multiple subject transforms cannot also have a single subject filter";
    MIRROR_OVERLAPPING_SUBJECT_FILTERS = 400 10152 "mirror subject filters can not overlap";
    DUPLICATE_MESSAGE_IN_PROCESS = 409 10158 "duplicate message id is in process";
    CONSUMER_PRIORITY_POLICY_WITHOUT_GROUP = 400 10159
        "Setting PriorityPolicy requires at least one PriorityGroup to be set";
    CONSUMER_INVALID_PRIORITY_GROUP = 400 10160 "Provided priority group does not exist for this consumer";
    CONSUMER_EMPTY_GROUP_NAME = 400 10161 "Group name cannot be an empty string";
    CONSUMER_INVALID_GROUP_NAME = 400 10162
        "Valid priority group name must match A-Z, a-z, 0-9, -_/=)+ and may not exceed 16 characters";
    WRONG_LAST_SEQUENCE_CONSTANT = 400 10164 "wrong last sequence";
    MESSAGE_TTL_INVALID = 400 10165 "invalid per-message TTL";
    MESSAGE_TTL_DISABLED = 400 10166 "per-message TTL is disabled";
    TOO_MANY_REQUESTS = 429 10167 "too many requests";
    MESSAGE_INCR_DISABLED = 400 10168 "message counters is disabled";
    MESSAGE_INCR_MISSING = 400 10169 "message counter increment is missing";
    MESSAGE_INCR_PAYLOAD = 400 10170 "message counter has payload";
    MESSAGE_INCR_INVALID = 400 10171 "message counter increment is invalid";
    MESSAGE_COUNTER_BROKEN = 400 10172 "message counter is broken";
    MIRROR_WITH_COUNTERS = 400 10173 "stream mirrors can not also calculate counters";
    ATOMIC_PUBLISH_DISABLED = 400 10174 "atomic publish is disabled";
    ATOMIC_PUBLISH_MISSING_SEQ = 400 10175 "atomic publish sequence is missing";
    ATOMIC_PUBLISH_INCOMPLETE_BATCH = 400 10176 "atomic publish batch is incomplete";
    CONSUMER_PUSH_WITH_PRIORITY_GROUP = 400 10178 "priority groups can not be used with push consumers";
    ATOMIC_PUBLISH_INVALID_BATCH_ID = 400 10179 "atomic publish batch ID is invalid";
    STREAM_MIN_LAST_SEQ = 412 10180 "min last sequence";
    CONSUMER_ACK_POLICY_INVALID = 400 10181 "consumer ack policy invalid";
    CONSUMER_REPLAY_POLICY_INVALID = 400 10182 "consumer replay policy invalid";
    CONSUMER_ACK_WAIT_NEGATIVE = 400 10183 "consumer ack wait needs to be positive";
    CONSUMER_BACKOFF_NEGATIVE = 400 10184 "consumer backoff needs to be positive";
    REQUIRED_API_LEVEL = 412 10185 "JetStream minimum api level required";
    MIRROR_WITH_SCHEDULES = 400 10186 "stream mirrors can not also schedule messages";
    SOURCE_WITH_SCHEDULES = 400 10187 "stream source can not also schedule messages";
    SCHEDULES_DISABLED = 400 10188 "message schedules is disabled";
    SCHEDULE_PATTERN_INVALID = 400 10189 "message schedules pattern is invalid";
    SCHEDULE_TARGET_INVALID = 400 10190 "message schedules target is invalid";
    SCHEDULE_TTL_INVALID = 400 10191 "message schedules invalid per-message TTL";
    SCHEDULE_ROLLUP_INVALID = 400 10192 "message schedules invalid rollup";
    EXPECTED_LAST_SUBJECT_SEQUENCE_INVALID = 400 10193 "missing sequence for expected last sequence per subject";
    CONSUMER_PRIORITY_GROUP_WITH_POLICY_NONE = 400 10196
        "consumer can not have priority groups when policy is none";
    CONSUMER_PINNED_TTL_WITHOUT_POLICY = 400 10197 "PinnedTTL cannot be set when PriorityPolicy is none";
    MIRROR_WITH_ATOMIC_PUBLISH = 400 10198 "stream mirrors can not also use atomic publishing";
    ATOMIC_PUBLISH_INVALID_BATCH_COMMIT = 400 10200 "atomic publish batch commit is invalid";
    ATOMIC_PUBLISH_DUPLICATE_MESSAGE = 400 10201 "atomic publish batch contains duplicate message id";
    SCHEDULE_SOURCE_INVALID = 400 10203 "message schedules source is invalid";
    BATCH_PUBLISH_DISABLED = 400 10205 "batch publish is disabled";
    MIRROR_WITH_BATCH_PUBLISH = 400 10209 "stream mirrors can not also use batch publishing";
    ATOMIC_PUBLISH_TOO_MANY_INFLIGHT = 429 10210 "atomic publish too many inflight";
    SCHEDULER_INVALID = 400 10212 "message schedules invalid scheduler";
    CONSUMER_ACK_FC_REQUIRES_PUSH = 400 10218 "flow control ack policy requires a push based consumer";
    CONSUMER_ACK_FC_REQUIRES_FC = 400 10219 "flow control ack policy requires flow control";
    CONSUMER_ACK_FC_REQUIRES_MAX_ACK_PENDING = 400 10220 "flow control ack policy requires max ack pending";
    CONSUMER_ACK_FC_REQUIRES_NO_ACK_WAIT = 400 10221 "flow control ack policy requires unset ack wait";
    CONSUMER_ACK_FC_REQUIRES_NO_MAX_DELIVER = 400 10222 "flow control ack policy requires unset max deliver";
    SCHEDULE_TIME_ZONE_INVALID = 400 10223 "message schedules time zone is invalid";
}

told! {
    consumer_create(why) = 500 10012 "{why}";
    invalid_json(why) = 400 10025 "invalid JSON: {why}";
    sequence_not_found(seq) = 400 10043 "sequence {seq} not found";
    stream_create(why) = 500 10049 "{why}";
    stream_delete(why) = 500 10050 "{why}";
    stream_general(why) = 500 10051 "{why}";
    stream_config(why) = 500 10052 "{why}";
    stream_limits(why) = 500 10053 "{why}";
    message_delete(why) = 500 10057 "{why}";
    restore_failed(why) = 500 10062 "restore failed: {why}";
    snapshot_failed(why) = 500 10064 "snapshot failed: {why}";
    stream_update(why) = 500 10069 "{why}";
    wrong_last_msg_id(id) = 400 10070 "wrong last msg ID: {id}";
    wrong_last_sequence(seq) = 400 10071 "wrong last sequence: {seq}";
    store_failed(why) = 503 10077 "{why}";
    consumer_invalid_policy(why) = 400 10094 "{why}";
    consumer_invalid_sampling(why) = 400 10095 "failed to parse consumer sampling configuration: {why}";
    consumer_name_too_long(max) = 400 10102 "consumer name is too long, maximum allowed is {max}";
    consumer_store_failed(why) = 500 10104 "error creating store for consumer: {why}";
    consumer_description_too_long(max) = 400 10107 "consumer description is too long, maximum allowed is {max}";
    purge_failed(why) = 500 10110 "{why}";
    rollup_failed(why) = 500 10111 "{why}";
    consumer_max_ack_pending_excess(limit) = 400 10121 "consumer max ack pending exceeds system limit of {limit}";
    consumer_max_batch_exceeded(limit) = 400 10125 "consumer max request batch exceeds server limit of {limit}";
    consumer_metadata_length(limit) = 400 10135 "consumer metadata exceeds maximum size of {limit}";
    source_invalid_subject_filter(why) = 400 10145 "source transform source: {why}";
    source_invalid_transform(why) = 400 10146 "source transform: {why}";
    mirror_invalid_subject_filter(why) = 400 10151 "mirror transform source: {why}";
    consumer_inactive_threshold_excess(limit) = 400 10153 "consumer inactive threshold exceeds system limit of {limit}";
    mirror_invalid_transform(why) = 400 10154 "mirror transform: {why}";
    transform_invalid_source(why) = 400 10155 "stream transform source: {why}";
    transform_invalid_destination(why) = 400 10156 "stream transform: {why}";
    pedantic(why) = 400 10157 "pedantic mode: {why}";
    atomic_publish_unsupported_header(header) = 400 10177 "atomic publish unsupported header used: {header}";
    atomic_publish_too_large(size) = 400 10199 "atomic publish batch is too large: {size}";
    consumer_invalid_reset(why) = 400 10204 "invalid reset: {why}";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_stands_for_two_failures() {
        let mut numbers: Vec<_> = FIXED.iter().chain(&told()).map(|error| error.err_code).collect();
        let all = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), all);
        assert!(numbers.iter().all(|number| (10_000..10_300).contains(number)));
    }

    #[test]
    fn an_error_is_written_as_recorded_and_read_again() {
        let json = r#"{"code":400,"err_code":10071,"description":"wrong last sequence: 2"}"#;
        assert_eq!(serde_json::to_string(&wrong_last_sequence(2)).unwrap(), json);
        assert_eq!(serde_json::from_str::<ApiError>(json).unwrap(), wrong_last_sequence(2));
        let json = r#"{"code":404,"err_code":10059,"description":"stream not found"}"#;
        assert_eq!(serde_json::to_string(&STREAM_NOT_FOUND).unwrap(), json);
    }
}
