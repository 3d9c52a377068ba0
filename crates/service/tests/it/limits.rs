//! F27: how often somebody may do something.

use std::num::NonZeroU32;
use std::time::Duration;

use service::{Clock, Limit};

use crate::things::then;

fn number(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap()
}

fn limit(clock: &Clock) -> Limit<String> {
    Limit::per_minute(number(6), number(3)).by(clock)
}

#[test]
fn past_the_burst_one_must_wait_for_as_long_as_it_says() {
    let clock = Clock::at(then());
    let limit = limit(&clock);
    let ann = "ann".to_owned();
    for _ in 0..3 {
        limit.check(&ann).unwrap();
    }
    let refused = limit.check(&ann).unwrap_err();
    assert_eq!((refused.status.as_u16(), refused.retry_after), (429, Some(Duration::from_secs(10))));

    clock.advance(time::Duration::milliseconds(9_999));
    limit.check(&ann).unwrap_err();
    clock.advance(time::Duration::milliseconds(1));
    limit.check(&ann).unwrap();
    limit.check(&ann).unwrap_err();
}

#[test]
fn everybody_has_a_limit_of_their_own() {
    let clock = Clock::at(then());
    let limit = limit(&clock);
    for _ in 0..3 {
        limit.check(&"ann".to_owned()).unwrap();
    }
    limit.check(&"ann".to_owned()).unwrap_err();
    limit.check(&"bob".to_owned()).unwrap();
}

#[test]
fn clones_count_together() {
    let clock = Clock::at(then());
    let limit = limit(&clock);
    for _ in 0..3 {
        limit.clone().check(&"ann".to_owned()).unwrap();
    }
    limit.check(&"ann".to_owned()).unwrap_err();
}

#[test]
fn those_who_may_again_are_forgotten() {
    let clock = Clock::at(then());
    let limit = limit(&clock);
    for round in 0..10 {
        for n in 0..9_000 {
            limit.check(&format!("{round}/{n}")).unwrap();
        }
        clock.advance(time::Duration::minutes(5));
    }
    assert!(limit.keys() <= 20_000, "{} keys are kept", limit.keys());
}

#[test]
fn a_flood_of_newcomers_costs_a_bounded_place_and_shuts_nobody_out() {
    let clock = Clock::at(then());
    let limit = Limit::<u64>::per_minute(number(1000), number(1000)).by(&clock);
    limit.check(&0).unwrap();
    for n in 1..700_000 {
        limit.check(&n).unwrap();
    }
    assert!(limit.keys() <= 600_000, "{} keys are kept", limit.keys());
    clock.advance(time::Duration::hours(1));
    for n in 0..100 {
        limit.check(&n).unwrap();
    }
    assert!(limit.keys() <= 100, "{} keys are kept once it is over", limit.keys());
}
