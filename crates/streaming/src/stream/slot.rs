//! A consumer in its stream: the state machine, and what ties it to subjects and clients.

use std::sync::Arc;

use hashbrown::HashMap;
use protocol::jetstream::config::ConsumerConfig;
use protocol::subject::{Filter, Filters};

use super::members::Membership;
use crate::consumer::{Consumer, Output};
use crate::router::{Matches, Router, Watcher};

/// How long requests stand in line at most before it is looked whether their clients are still there. As long as a
/// client's own requests usually last: those that end by themselves need no looking after.
const LOOK_EVERY: i64 = 30_000_000_000;

/// A subject and who is subscribed to it, remembered while the table stays the same.
pub(super) struct Route {
    generation: u64,
    subject: Arc<str>,
    pub matches: Arc<Matches>,
}

impl Route {
    /// Who gets what is sent to `subject`: as remembered, if the table is still the same.
    pub fn find(remembered: &mut Option<Self>, router: &Router, subject: &Arc<str>) -> Arc<Matches> {
        let generation = router.generation();
        match remembered {
            Some(route) if route.generation == generation && route.subject == *subject => route.matches.clone(),
            _ => {
                let mut matches = Matches::default();
                router.collect(subject, &mut matches);
                let matches = Arc::new(matches);
                *remembered = Some(Route { generation, subject: subject.clone(), matches: matches.clone() });
                matches
            }
        }
    }
}

/// One consumer of a stream.
pub(super) struct Slot {
    pub consumer: Consumer,
    pub config: ConsumerConfig,
    pub created: i64,
    pub wanted: Wanted,
    /// `$JS.FC.<stream>.<consumer>.`
    pub flow_prefix: String,
    /// Its state outlives a restart.
    pub durable: bool,
    /// Of a push consumer: where to.
    pub deliver_subject: Option<Arc<str>>,
    /// Told when somebody comes or goes on the deliver subject.
    pub watcher: Option<Arc<dyn Watcher>>,
    /// Somebody came or went on the deliver subject since the state machine was told.
    pub interest_stale: bool,
    /// The router's count of departures when the inboxes of pull requests were last looked at.
    departures_seen: u64,
    /// When they are looked at again even if nobody was seen to go; never while none is in line.
    look_at: i64,
    pub route: Option<Route>,
    /// Its subscribers, where they are members with windows of their own.
    pub membership: Option<Membership>,
    /// Why clients gave messages up, by sequence, until the advisories that follow within the turn.
    pub term_reasons: HashMap<u64, Option<Box<str>>>,
    /// What the state machine asked for and was not done yet.
    pub outputs: Vec<Output>,
}

impl Slot {
    /// A consumer at its beginning, or as it was found again.
    pub fn new(
        stream: &str,
        config: ConsumerConfig,
        wanted: Wanted,
        consumer: Consumer,
        durable: bool,
        created: i64,
    ) -> Self {
        let name = &config.name;
        Self {
            consumer,
            created,
            wanted,
            flow_prefix: format!("$JS.FC.{stream}.{name}."),
            durable,
            deliver_subject: (!config.is_pull()).then(|| config.deliver_subject.as_str().into()),
            watcher: None,
            interest_stale: true,
            departures_seen: 0,
            look_at: i64::MAX,
            route: None,
            membership: Membership::of(&config),
            term_reasons: HashMap::new(),
            outputs: Vec::new(),
            config,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// Who gets what is sent to `subject`.
    pub fn route(&mut self, router: &Router, subject: &Arc<str>) -> Arc<Matches> {
        Route::find(&mut self.route, router, subject)
    }

    /// Whether anyone listens where a push consumer sends; with a deliver group, whether one of its members does.
    pub fn has_interest(&self, router: &Router) -> bool {
        if let Some(membership) = &self.membership {
            return membership.group.can_receive();
        }
        let Some(subject) = &self.deliver_subject else { return false };
        let mut matches = Matches::default();
        router.collect(subject, &mut matches);
        match self.config.deliver_group.as_str() {
            "" => !matches.is_empty(),
            group => matches.queues.iter().any(|q| *q.name == *group),
        }
    }

    /// Tells the state machine who is still there: listeners of a push consumer, inboxes of pull requests.
    pub fn look_for_interest(&mut self, router: &Router, now: i64) {
        if let Some(membership) = &mut self.membership {
            if std::mem::take(&mut self.interest_stale) {
                membership.look(router);
            }
            return self.tie(now);
        }
        if self.deliver_subject.is_some() {
            if std::mem::take(&mut self.interest_stale) {
                let interested = self.has_interest(router);
                self.consumer.interest(interested, now);
            }
            return;
        }
        let departures = router.departures();
        if departures != self.departures_seen || self.look_at <= now {
            self.departures_seen = departures;
            self.look_at = i64::MAX;
            self.consumer.drop_requests(now, |inbox| !router.has_interest(inbox));
        }
        if !self.consumer.has_requests() {
            self.look_at = i64::MAX;
        } else if self.look_at == i64::MAX {
            let threshold = self.consumer.settings().inactive_threshold.unwrap_or(LOOK_EVERY);
            self.look_at = now.saturating_add(threshold.min(LOOK_EVERY));
        }
    }

    /// When it has to be looked after: by the state machine's word, or for the sake of its requests.
    pub fn due(&self) -> i64 {
        self.consumer.deadline().unwrap_or(i64::MAX).min(self.look_at)
    }
}

/// The messages a consumer wants, as the log asks for it.
pub(super) struct Wanted(Filters);

impl Wanted {
    /// Everything where `filters` is empty. `None` when one is not a valid filter.
    pub fn new<'a>(filters: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        Filters::new(filters).map(Self)
    }
}

impl journal::Filter for Wanted {
    fn matches(&self, subject: &[u8]) -> bool {
        self.0.matches_bytes(subject)
    }

    fn literal(&self) -> Option<&[u8]> {
        match self.0.as_slice() {
            [Filter::Literal(subject)] => Some(subject.as_bytes()),
            _ => None,
        }
    }

    fn everything(&self) -> bool {
        self.0.is_everything()
    }
}
