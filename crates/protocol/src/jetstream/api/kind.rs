//! The types of answers.

/// Which answer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // Each is named as its verb.
pub enum Kind {
    AccountInfo,
    StreamCreate,
    StreamUpdate,
    StreamInfo,
    StreamDelete,
    StreamPurge,
    StreamNames,
    StreamList,
    StreamMsgGet,
    StreamMsgDelete,
    StreamSnapshot,
    StreamRestore,
    StreamRemovePeer,
    StreamLeaderStepdown,
    ConsumerCreate,
    ConsumerInfo,
    ConsumerDelete,
    ConsumerNames,
    ConsumerList,
    ConsumerPause,
    ConsumerReset,
    ConsumerUnpin,
    ConsumerLeaderStepdown,
}

impl Kind {
    /// The answer's `type`.
    pub const fn name(self) -> &'static str {
        macro_rules! name {
            ($name:literal) => {
                concat!("io.nats.jetstream.api.v1.", $name, "_response")
            };
        }
        match self {
            Self::AccountInfo => name!("account_info"),
            Self::StreamCreate => name!("stream_create"),
            Self::StreamUpdate => name!("stream_update"),
            Self::StreamInfo => name!("stream_info"),
            Self::StreamDelete => name!("stream_delete"),
            Self::StreamPurge => name!("stream_purge"),
            Self::StreamNames => name!("stream_names"),
            Self::StreamList => name!("stream_list"),
            Self::StreamMsgGet => name!("stream_msg_get"),
            Self::StreamMsgDelete => name!("stream_msg_delete"),
            Self::StreamSnapshot => name!("stream_snapshot"),
            Self::StreamRestore => name!("stream_restore"),
            Self::StreamRemovePeer => name!("stream_remove_peer"),
            Self::StreamLeaderStepdown => name!("stream_leader_stepdown"),
            Self::ConsumerCreate => name!("consumer_create"),
            Self::ConsumerInfo => name!("consumer_info"),
            Self::ConsumerDelete => name!("consumer_delete"),
            Self::ConsumerNames => name!("consumer_names"),
            Self::ConsumerList => name!("consumer_list"),
            Self::ConsumerPause => name!("consumer_pause"),
            Self::ConsumerReset => name!("consumer_reset"),
            Self::ConsumerUnpin => name!("consumer_unpin"),
            Self::ConsumerLeaderStepdown => name!("consumer_leader_stepdown"),
        }
    }

    /// What follows the `error`: the fields of the body that are written even when empty.
    pub(super) const fn error_tail(self) -> &'static str {
        match self {
            Self::StreamInfo => r#","total":0,"offset":0,"limit":0"#,
            Self::StreamPurge => r#","purged":0"#,
            Self::StreamNames => r#","total":0,"offset":0,"limit":0,"streams":null"#,
            Self::StreamList => r#","total":0,"offset":0,"limit":0,"streams":[]"#,
            Self::ConsumerNames | Self::ConsumerList => r#","total":0,"offset":0,"limit":0,"consumers":[]"#,
            Self::StreamRestore => r#","deliver_subject":"""#,
            Self::AccountInfo
            | Self::StreamCreate
            | Self::StreamUpdate
            | Self::StreamDelete
            | Self::StreamMsgGet
            | Self::StreamMsgDelete
            | Self::StreamSnapshot
            | Self::StreamRemovePeer
            | Self::StreamLeaderStepdown
            | Self::ConsumerCreate
            | Self::ConsumerInfo
            | Self::ConsumerDelete
            | Self::ConsumerPause
            | Self::ConsumerReset
            | Self::ConsumerUnpin
            | Self::ConsumerLeaderStepdown => "",
        }
    }
}
