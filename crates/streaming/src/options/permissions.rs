//! What a user may publish and subscribe to. Pure, with `nats-server`'s meaning: a denial beats an allowance.
//!
//! All clients of NATS Streaming ask on the same few subjects, so that those say nothing of channels. What a user may do
//! with these stands in [`Permissions::channels`]. Where nothing stands there:
//!
//! - what is denied as a subject is denied as a channel of that name, for both are one log;
//! - an `allow` list bounds the channels that are views of streams, which it protects from clients of NATS, but no others:
//!   it was written for clients that need `_STAN.>` and their inboxes and nothing more.

use std::time::Duration;

use protocol::subject;

/// What a user may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permissions {
    /// Subjects to publish to.
    pub publish: Rules,
    /// Subjects to subscribe to.
    pub subscribe: Rules,
    /// Whether a user may answer requests on reply subjects `publish` does not allow; no where `None`.
    pub responses: Option<Responses>,
    /// What a user may do with channels of NATS Streaming; by the module's text where `None`.
    pub channels: Option<ChannelRights>,
}

/// Channels of NATS Streaming, by name or by filter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelRights {
    /// Channels to publish to.
    pub publish: Rules,
    /// Channels to subscribe to.
    pub subscribe: Rules,
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

impl Permissions {
    /// Whether a message may be published to `subject`, a literal, leaving [`Permissions::responses`] aside: which
    /// reply subjects those open, only the connection knows.
    pub fn may_publish(&self, subject: &str) -> bool {
        let covers = |rule: &Rule| subject::matches(&rule.subject, subject);
        self.publish.allow.as_ref().is_none_or(|allow| allow.iter().any(covers))
            && !self.publish.deny.iter().any(covers)
    }

    /// Whether one may subscribe to `filter`, perhaps as a member of the group `queue`. All that `filter` matches must be
    /// allowed, and not all of it denied; of what is denied only in part see [`Permissions::filters_deliveries`].
    pub fn may_subscribe(&self, filter: &str, queue: Option<&str>) -> bool {
        let covers = |rule: &Rule| subject::is_subset(filter, &rule.subject);
        self.subscribe.allow.as_ref().is_none_or(|allow| allows(allow, covers, queue))
            && !self.subscribe.deny.iter().any(|rule| rule.concerns(queue) && covers(rule))
    }

    /// Whether a client of NATS Streaming may publish to `channel`. `is_view` tells that it lies in a stream not its own.
    pub fn may_publish_to_channel(&self, channel: &str, is_view: bool) -> bool {
        let (rules, allows) = match &self.channels {
            Some(channels) => (&channels.publish, true),
            None => (&self.publish, is_view),
        };
        let covers = |rule: &Rule| subject::matches(&rule.subject, channel);
        !rules.deny.iter().any(covers) && (!allows || rules.allow.as_ref().is_none_or(|allow| allow.iter().any(covers)))
    }

    /// Whether a client of NATS Streaming may subscribe to `filter`, a channel or several, perhaps in the queue group
    /// `queue`. All of it must be allowed, and none of it denied: a durable of many readers cannot pass over what one of
    /// them may not read.
    pub fn may_subscribe_to_channel(&self, filter: &str, queue: Option<&str>, is_view: bool) -> bool {
        let (rules, allows) = match &self.channels {
            Some(channels) => (&channels.subscribe, true),
            None => (&self.subscribe, is_view || subject::has_wildcards(filter)),
        };
        let covers = |rule: &Rule| subject::is_subset(filter, &rule.subject);
        let touches = |rule: &Rule| rule.concerns(queue) && subject::overlaps(filter, &rule.subject);
        !rules.deny.iter().any(touches)
            && (!allows || rules.allow.as_ref().is_none_or(|list| self::allows(list, covers, queue)))
    }

    /// Whether each message to a subscription to `filter` must pass [`Permissions::may_receive`], because part of what it
    /// matches is denied.
    pub fn filters_deliveries(&self, filter: &str, queue: Option<&str>) -> bool {
        let touches = |rule: &Rule| rule.concerns(queue) && subject::overlaps(filter, &rule.subject);
        self.subscribe.deny.iter().any(touches)
    }

    /// Whether a message on `subject`, a literal, may be delivered.
    pub fn may_receive(&self, subject: &str, queue: Option<&str>) -> bool {
        let denies = |rule: &Rule| rule.concerns(queue) && subject::matches(&rule.subject, subject);
        !self.subscribe.deny.iter().any(denies)
    }
}

/// Whether an allow list admits a subscription. Rules that name groups decide alone over the subjects they name.
fn allows(rules: &[Rule], covers: impl Fn(&Rule) -> bool, queue: Option<&str>) -> bool {
    let (mut plain, mut grouped) = (false, None);
    for rule in rules.iter().filter(|rule| covers(rule)) {
        match (&rule.queue, queue) {
            (None, _) => plain = true,
            (Some(_), Some(_)) => grouped = Some(grouped.unwrap_or(false) || rule.concerns(queue)),
            (Some(_), None) => {}
        }
    }
    grouped.unwrap_or(plain)
}

impl Rule {
    /// `subject`, or, if `queues` may be named, `subject queue`.
    pub(super) fn parse(text: &str, queues: bool) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let (subject, queue) = (words.next().unwrap_or_default(), words.next());
        let valid = |word: &str| subject::is_valid_filter(word);
        if words.next().is_some() || !valid(subject) || !queue.is_none_or(|queue| queues && valid(queue)) {
            let queue = if queues { ", perhaps with a queue group after a space" } else { "" };
            return Err(format!("expected a subject{queue}"));
        }
        Ok(Self { subject: subject.to_owned(), queue: queue.map(str::to_owned) })
    }

    /// Whether the rule speaks of members of `queue`, or of those of no group.
    fn concerns(&self, queue: Option<&str>) -> bool {
        match (&self.queue, queue) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(rule), Some(queue)) => rule == queue || subject::is_subset(queue, rule),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(texts: &[&str]) -> Vec<Rule> {
        texts.iter().map(|text| Rule::parse(text, true).expect(text)).collect()
    }

    fn subscriber(allow: Option<&[&str]>, deny: &[&str]) -> Permissions {
        let subscribe = Rules { allow: allow.map(rules), deny: rules(deny) };
        Permissions { subscribe, ..Permissions::default() }
    }

    #[test]
    fn publishing_is_allowed_where_a_rule_matches_and_none_denies() {
        for (allow, deny, subject, may) in [
            (None, &[][..], "a", true),
            (Some(&[][..]), &[], "a", false),
            (Some(&["a"]), &[], "a", true),
            (Some(&["a"]), &[], "a.b", false),
            (Some(&["a.*", "b.>"]), &[], "b.c.d", true),
            (Some(&["a.>"]), &["a.secret"], "a.secret", false),
            (Some(&["a.>"]), &["a.secret"], "a.plain", true),
            (None, &["$JS.>"], "$JS.API.INFO", false),
            (None, &["$JS.>"], "orders", true),
        ] {
            let publish = Rules { allow: allow.map(rules), deny: rules(deny) };
            let permissions = Permissions { publish, ..Permissions::default() };
            assert_eq!(permissions.may_publish(subject), may, "{allow:?} less {deny:?}: {subject}");
        }
    }

    #[test]
    fn subscribing_needs_all_of_the_filter_allowed_and_not_all_of_it_denied() {
        for (allow, deny, filter, may) in [
            (None, &[][..], ">", true),
            (Some(&[][..]), &[], "a", false),
            (Some(&["a.*"]), &[], "a.b", true),
            (Some(&["a.*"]), &[], "a.*", true),
            (Some(&["a.*"]), &[], "a.>", false),
            (Some(&["a.b"]), &[], "a.*", false),
            (Some(&["_INBOX.>"]), &[], "_INBOX.x.*", true),
            (None, &["a.b"], "a.b", false),
            (None, &["a.>"], "a.*", false),
            (None, &["a.b"], "a.*", true),
            (Some(&["a.>"]), &["a.b"], "a.b", false),
        ] {
            let permissions = subscriber(allow, deny);
            assert_eq!(permissions.may_subscribe(filter, None), may, "{allow:?} less {deny:?}: {filter}");
        }
    }

    #[test]
    fn rules_that_name_a_queue_group_speak_of_its_members_only() {
        for (allow, deny, queue, may) in [
            (Some(&["a q1"][..]), &[][..], None, false),
            (Some(&["a q1"]), &[], Some("q1"), true),
            (Some(&["a q1"]), &[], Some("q2"), false),
            (Some(&["a"]), &[], Some("q2"), true),
            (Some(&["a", "a q1"]), &[], Some("q2"), false),
            (Some(&["a", "a q1"]), &[], None, true),
            (Some(&["a *.prod"]), &[], Some("v1.prod"), true),
            (Some(&["a *.prod"]), &[], Some("v1.dev"), false),
            (Some(&["a >"]), &[], Some("any"), true),
            (None, &["a q1"], Some("q1"), false),
            (None, &["a q1"], Some("q2"), true),
            (None, &["a q1"], None, true),
            (None, &["a"], Some("q1"), false),
        ] {
            let permissions = subscriber(allow, deny);
            assert_eq!(permissions.may_subscribe("a", queue), may, "{allow:?} less {deny:?}: queue {queue:?}");
        }
    }

    #[test]
    fn a_wider_subscription_is_filtered_as_its_messages_come() {
        let permissions = subscriber(None, &["a.secret", "b.* q"]);
        assert!(permissions.may_subscribe("a.*", None) && permissions.filters_deliveries("a.*", None));
        assert!(!permissions.filters_deliveries("c.>", None));
        assert!(!permissions.filters_deliveries("b.>", None) && permissions.filters_deliveries("b.>", Some("q")));
        assert!(!permissions.may_receive("a.secret", None) && permissions.may_receive("a.plain", None));
        assert!(permissions.may_receive("b.x", None) && !permissions.may_receive("b.x", Some("q")));
    }

    #[test]
    fn channels_follow_their_own_lists_or_else_the_denials_of_subjects() {
        let nats = Rules { allow: Some(rules(&["_STAN.>", "views.>"])), deny: rules(&["secret.>"]) };
        let plain = Permissions { publish: nats.clone(), subscribe: nats, ..Permissions::default() };
        for (channel, is_view, may) in [
            ("orders", false, true),
            ("orders", true, false),
            ("views.a", true, true),
            ("secret.a", false, false),
            ("secret.a", true, false),
        ] {
            assert_eq!(plain.may_publish_to_channel(channel, is_view), may, "publish {channel} {is_view}");
            assert_eq!(plain.may_subscribe_to_channel(channel, None, is_view), may, "subscribe {channel} {is_view}");
        }
        assert!(!plain.may_subscribe_to_channel("orders.*", None, false), "which may become views any time");
        assert!(plain.may_subscribe_to_channel("views.*", None, false));

        let own = Rules { allow: Some(rules(&["orders.>", "jobs workers"])), deny: rules(&["orders.secret"]) };
        let channels = Some(ChannelRights { publish: own.clone(), subscribe: own });
        let listed = Permissions { channels, ..plain };
        for (filter, queue, may) in [
            ("orders.new", None, true),
            ("orders.secret", None, false),
            ("orders.*", None, false),
            ("orders.new.*", None, true),
            ("views.a", None, false),
            ("jobs", None, false),
            ("jobs", Some("workers"), true),
        ] {
            assert_eq!(listed.may_subscribe_to_channel(filter, queue, true), may, "{filter} {queue:?}");
        }
        assert!(listed.may_publish_to_channel("orders.new", false) && !listed.may_publish_to_channel("views.a", true));
    }

    #[test]
    fn what_is_no_subject_is_no_rule() {
        for (text, queues) in
            [("", true), ("a..b", true), ("a.>.b", true), ("a q r", true), ("a q", false), ("a q..r", true)]
        {
            assert!(Rule::parse(text, queues).is_err(), "{text:?}");
        }
    }
}
