//! What a user may publish and subscribe to. Pure, with `nats-server`'s meaning: a denial beats an allowance.

use std::time::Duration;

/// What a user may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permissions {
    /// Subjects to publish to.
    pub publish: Rules,
    /// Subjects to subscribe to.
    pub subscribe: Rules,
    /// Whether a user may answer requests on reply subjects `publish` does not allow; no where `None`.
    pub responses: Option<Responses>,
}

/// What is allowed, less what is denied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// Everything where `None`.
    pub allow: Option<Vec<Rule>>,
    /// Wins over `allow`.
    pub deny: Vec<Rule>,
}

/// A subject, which may hold wildcards, and for subscriptions perhaps a queue group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Matched with `*` and `>`.
    pub subject: String,
    /// If set, the rule speaks of members of this group only; may hold wildcards too.
    pub queue: Option<String>,
}

/// How long and how often a request may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Responses {
    /// Answers to one request (1); unlimited where `None`.
    pub max: Option<u32>,
    /// Until this long after the request (2 min); for ever where `None`.
    pub expires: Option<Duration>,
}

impl Default for Responses {
    fn default() -> Self {
        Self { max: Some(1), expires: Some(Duration::from_mins(2)) }
    }
}
