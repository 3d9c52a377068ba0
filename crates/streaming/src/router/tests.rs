//! The router against the plain definition: a filter gets what `subject::matches` says it gets.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;

struct Nobody;
impl Handler for Nobody {
    fn handle(&self, _: &mut Turn, _: &Message<'_>) {}
}

fn subscription(filter: &str, queue: Option<&str>) -> Arc<Subscription> {
    Subscription::new(filter, queue, Target::Handler(Arc::new(Nobody)))
}

fn found(router: &Router, subject: &str) -> Vec<String> {
    let mut matches = Matches::default();
    router.collect(subject, &mut matches);
    let queued = matches.queues.iter().flat_map(|q| q.members.iter());
    let mut all: Vec<String> = matches.plain.iter().chain(queued).map(|s| s.subject.to_string()).collect();
    all.sort();
    all
}

proptest! {
    #[test]
    fn a_message_reaches_exactly_the_filters_that_match(
        filters in prop::collection::vec(("(a|b|\\*)(\\.(a|b|\\*)){0,3}(\\.>)?", prop::option::of("q|r")), 0..24),
        gone in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        subject in "(a|b)(\\.(a|b)){0,4}",
    ) {
        let router = Router::default();
        let mut all: Vec<_> = filters.iter().map(|(f, q)| subscription(f, q.as_deref())).collect();
        for s in &all {
            router.insert(s.clone());
        }
        for index in gone {
            if !all.is_empty() {
                let s = all.swap_remove(index.index(all.len()));
                prop_assert!(router.remove(&s));
                prop_assert!(!router.remove(&s), "it is gone");
            }
        }
        let mut expected: Vec<String> =
            all.iter().map(|s| s.subject.to_string()).filter(|f| protocol::subject::matches(f, &subject)).collect();
        expected.sort();
        prop_assert_eq!(router.has_interest(&subject), !expected.is_empty());
        prop_assert_eq!(found(&router, &subject), expected);
        prop_assert_eq!(router.len(), all.len());
    }
}

#[test]
fn members_of_a_group_are_one_group_over_all_their_filters() {
    let router = Router::default();
    for filter in ["a.b", "a.*", ">"] {
        router.insert(subscription(filter, Some("workers")));
    }
    let mut matches = Matches::default();
    router.collect("a.b", &mut matches);
    assert_eq!(matches.queues.len(), 1);
    assert_eq!(matches.queues[0].members.len(), 3);
}

#[test]
fn a_subscription_ends_after_its_last_message() {
    let s = subscription("a", None);
    assert_eq!(s.count(), Permit::Open);
    assert!(!s.end_after(3));
    assert_eq!([s.count(), s.count(), s.count()], [Permit::Open, Permit::Last, Permit::Over]);
}

#[test]
fn a_cache_forgets_when_the_table_changes() {
    let router = Router::default();
    let mut cache = Cache::default();
    assert!(cache.find(&router, "a").is_empty());
    router.insert(subscription("a", None));
    assert_eq!(cache.find(&router, "a").plain.len(), 1);
}
