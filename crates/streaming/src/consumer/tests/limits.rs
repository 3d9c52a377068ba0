//! Requests that ask for more than they may.

use super::*;

fn limited() -> Settings {
    let limits = Pull {
        max_waiting: 2,
        max_batch: Some(2),
        max_expires: Some(90 * SECOND),
        max_bytes: Some(100),
        groups: vec![],
    };
    Settings { mode: Mode::Pull(limits), ..pull() }
}

#[test]
fn a_request_beyond_a_limit_is_told_the_limit() {
    let ask = |change: fn(&mut PullRequest)| {
        let mut request = PullRequest::one("a".into());
        change(&mut request);
        request
    };
    let cases = [
        (ask(|request| request.batch = 3), "409 Exceeded MaxRequestBatch of 2"),
        (ask(|request| request.expires = 91 * SECOND), "409 Exceeded MaxRequestExpires of 1m30s"),
        (ask(|request| request.max_bytes = 101), "409 Exceeded MaxRequestMaxBytes of 100"),
        (ask(|request| request.heartbeat = 1), "400 Bad Request - heartbeat value too large"),
        (
            ask(|request| (request.heartbeat, request.expires) = (6 * SECOND, 11 * SECOND)),
            "400 Bad Request - heartbeat value too large",
        ),
    ];
    for (request, answer) in cases {
        let mut scene = Scene::new(limited(), 1);
        scene.request(request);
        assert_eq!(scene.told(), [format!("a <- {answer}")]);
        assert_eq!(scene.consumer.info(0).num_waiting, 0);
    }
}

#[test]
fn a_request_at_the_limits_is_served() {
    let mut scene = Scene::new(limited(), 3);
    scene.request(PullRequest {
        batch: 2,
        expires: 90 * SECOND,
        heartbeat: 45 * SECOND,
        max_bytes: 100,
        ..PullRequest::one("a".into())
    });
    assert_eq!(scene.told(), ["a <- 1.1.1 +2", "a <- 1.2.2 +1", "a <- 409 Batch Completed 0 46"]);
}

#[test]
fn one_request_too_many_is_refused_until_another_expired() {
    let mut scene = Scene::new(limited(), 0);
    for reply in ["a", "b", "c"] {
        scene.request(PullRequest { expires: SECOND, ..PullRequest::one(reply.into()) });
    }
    assert_eq!(scene.told(), ["c <- 409 Exceeded MaxWaiting"]);
    scene.now += SECOND; // nobody ticks
    scene.pull("d", 1);
    assert_eq!(scene.told(), ["a <- 408 Request Timeout 1 0", "b <- 408 Request Timeout 1 0"]);
    assert_eq!(scene.consumer.info(0).num_waiting, 1);
}

#[test]
fn a_push_consumer_takes_no_requests() {
    let mut scene = Scene::new(push(), 1);
    scene.pull("a", 1);
    assert_eq!(scene.told(), ["a <- 409 Consumer is push based"]);
}
