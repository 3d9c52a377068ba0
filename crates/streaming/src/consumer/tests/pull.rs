//! Requests: turns, batches, bytes, time, and those that do not wait.

use super::*;

#[test]
fn requests_are_served_in_turns() {
    let mut scene = Scene::new(pull(), 0);
    scene.pull("a", 2);
    scene.pull("b", 3);
    scene.publish("aaaa");
    assert_eq!(scene.told(), ["a <- 1.1.1 +3", "b <- 1.2.2 +2", "a <- 1.3.3 +1", "b <- 1.4.4 +0"]);
    assert_eq!(scene.numbers(), "4/4 floor 0/0 acks 4 redelivered 0 waiting 1 ahead 0");
}

#[test]
fn an_empty_request_gets_one_message_whenever_it_comes() {
    let mut scene = Scene::new(pull(), 0);
    scene.request(PullRequest::one("a".into()));
    scene.pull("b", 0);
    scene.wait(3600 * SECOND);
    scene.publish("aaa");
    assert_eq!(scene.told(), ["a <- 1.1.1 +2", "b <- 1.2.2 +1"]);
}

#[test]
fn a_request_ends_with_its_time_and_says_what_is_missing() {
    let mut scene = Scene::new(pull(), 1);
    scene.request(PullRequest { batch: 3, expires: SECOND, max_bytes: 500, ..PullRequest::one("a".into()) });
    // Subject and payload 6, reply subject `$JS.ACK.S.D.1.1.1.0.0`.
    assert_eq!(scene.told(), ["a <- 1.1.1 +0"]);
    scene.wait(SECOND - 1);
    assert_eq!(scene.told(), [""; 0]);
    scene.wait(1);
    assert_eq!(scene.told(), ["a <- 408 Request Timeout 2 473"]);
    scene.publish("a");
    assert_eq!(scene.told(), [""; 0]);
}

#[test]
fn an_expired_request_gets_nothing_even_if_nobody_ticked() {
    let mut scene = Scene::new(pull(), 0);
    scene.request(PullRequest { expires: SECOND, ..PullRequest::one("a".into()) });
    scene.now += SECOND;
    scene.publish("a");
    assert_eq!(scene.told(), ["a <- 408 Request Timeout 1 0"]);
    assert_eq!(scene.numbers(), "0/0 floor 0/0 acks 0 redelivered 0 waiting 0 ahead 1");
}

#[test]
fn who_does_not_wait_gets_what_there_is() {
    let mut scene = Scene::new(pull(), 3);
    scene.no_wait("a", 10);
    let all = ["a <- 1.1.1 +2", "a <- 1.2.2 +1", "a <- 1.3.3 +0", "a <- 408 Request Timeout 7 0"];
    assert_eq!(scene.told(), all);
    scene.no_wait("a", 10);
    assert_eq!(scene.told(), ["a <- 404 No Messages"]);
}

#[test]
fn who_does_not_wait_and_got_all_it_wanted_hears_no_more() {
    let mut scene = Scene::new(pull(), 3);
    scene.no_wait("a", 2);
    assert_eq!(scene.told(), ["a <- 1.1.1 +2", "a <- 1.2.2 +1"]);
}

#[test]
fn who_waits_for_the_first_only_goes_with_it() {
    let mut scene = Scene::new(pull(), 0);
    scene.request(PullRequest { batch: 10, no_wait: true, expires: 2 * SECOND, ..PullRequest::one("a".into()) });
    assert_eq!(scene.told(), [""; 0]);
    scene.wait(SECOND);
    scene.publish("a");
    assert_eq!(scene.told(), ["a <- 1.1.1 +0", "a <- 408 Request Timeout 9 0"]);
}

#[test]
fn who_does_not_wait_waits_for_acknowledgements_of_others() {
    let mut scene = Scene::new(Settings { max_ack_pending: Some(2), ..pull() }, 5);
    scene.no_wait("a", 5);
    assert_eq!(scene.told(), ["a <- 1.1.1 +4", "a <- 1.2.2 +3"]);
    scene.no_wait("b", 1);
    assert_eq!(scene.numbers(), "2/2 floor 0/0 acks 2 redelivered 0 waiting 2 ahead 3");
    scene.no_wait("c", 1);
    assert_eq!(scene.told(), ["c <- 408 Requests Pending"], "a and b want four, and three are left");
    scene.ack([1]);
    assert_eq!(scene.told(), ["acked 1", "a <- 1.3.3 +2"]);
}

#[test]
fn a_message_that_does_not_fit_ends_the_request() {
    let mut scene = Scene::new(pull(), 3);
    scene.request(PullRequest { batch: 10, max_bytes: 40, ..PullRequest::one("a".into()) });
    assert_eq!(scene.told(), ["a <- 1.1.1 +2", "a <- 409 Message Size Exceeds MaxBytes 9 13"]);
    scene.request(PullRequest { batch: 2, max_bytes: 10, ..PullRequest::one("b".into()) });
    assert_eq!(scene.told(), ["b <- 409 Message Size Exceeds MaxBytes 2 10"]);
    assert_eq!(scene.numbers(), "1/1 floor 0/0 acks 1 redelivered 0 waiting 0 ahead 2");
    scene.pull("c", 1);
    assert_eq!(scene.told(), ["c <- 1.2.2 +1"], "the message itself is not lost");
}

#[test]
fn a_complete_batch_says_how_many_bytes_are_left() {
    let mut scene = Scene::new(pull(), 3);
    scene.request(PullRequest { batch: 2, max_bytes: 100, ..PullRequest::one("a".into()) });
    assert_eq!(scene.told(), ["a <- 1.1.1 +2", "a <- 1.2.2 +1", "a <- 409 Batch Completed 0 46"]);
    scene.request(PullRequest { batch: 2, max_bytes: 27, ..PullRequest::one("b".into()) });
    assert_eq!(scene.told(), ["b <- 1.3.3 +0"], "all its bytes are used up: nothing to say");
    assert_eq!(scene.consumer.info(0).num_waiting, 0);
}

#[test]
fn a_quiet_request_gets_heartbeats() {
    let mut scene = Scene::new(pull(), 0);
    scene.request(PullRequest { batch: 5, expires: 700 * MS, heartbeat: 200 * MS, ..PullRequest::one("a".into()) });
    scene.wait(100 * MS);
    scene.publish("a");
    assert_eq!(scene.told(), ["a <- 1.1.1 +0"]);
    scene.wait(199 * MS);
    assert_eq!(scene.told(), [""; 0], "a message is as good as a heartbeat");
    scene.wait(MS);
    assert_eq!(scene.told(), ["a <- 100 Idle Heartbeat 1 1"]);
    scene.wait(SECOND);
    assert_eq!(scene.told(), ["a <- 100 Idle Heartbeat 1 1", "a <- 408 Request Timeout 4 0"]);
}

/// A consumer with priority groups.
fn overflow() -> Settings {
    let Mode::Pull(limits) = pull().mode else { unreachable!() };
    Settings { mode: Mode::Pull(Pull { groups: vec!["g".into(), "h".into()], ..limits }), ..pull() }
}

fn of_group(reply: &str) -> PullRequest {
    PullRequest { group: Some("g".into()), ..PullRequest::one(reply.into()) }
}

#[test]
fn thresholds_pass_over_a_request_until_they_are_met() {
    let mut scene = Scene::new(overflow(), 0);
    scene.request(PullRequest { batch: 9, min_pending: 2, ..of_group("pending") });
    scene.request(PullRequest { batch: 9, min_ack_pending: 2, ..of_group("acks") });
    scene.publish("a");
    assert_eq!(scene.told(), [""; 0]);
    scene.request(of_group("any"));
    assert_eq!(scene.told(), ["any <- 1.1.1 +0"]);
    scene.publish("a");
    scene.log.add(0, 6, true);
    scene.consumer.message_added(1);
    scene.pump();
    assert_eq!(scene.told(), ["pending <- 1.2.2 +1", "acks <- 1.3.3 +0"]);
}

#[test]
fn a_request_belongs_to_a_group_where_there_are_groups() {
    let of = |group: Option<&str>| PullRequest { group: group.map(Into::into), ..PullRequest::one("a".into()) };
    let thresholds = |min_pending, min_ack_pending| PullRequest { min_pending, min_ack_pending, ..of(None) };
    let cases = [
        (overflow(), of(Some("h")), "1.1.1 +0"),
        (overflow(), of(None), "400 Bad Request - Priority Group missing"),
        (overflow(), of(Some("x")), "400 Bad Request - Invalid Priority Group"),
        (pull(), of(Some("x")), "1.1.1 +0"),
        (pull(), thresholds(9, 0), "400 Bad Request - Not a Overflow Priority consumer"),
        (pull(), thresholds(0, 9), "400 Bad Request - Not a Overflow Priority consumer"),
    ];
    for (settings, request, answer) in cases {
        let mut scene = Scene::new(settings, 1);
        scene.request(request);
        assert_eq!(scene.told(), [format!("a <- {answer}")]);
        assert_eq!(scene.consumer.info(0).num_waiting, 0);
    }
}

#[test]
fn the_requests_of_a_lost_client_are_forgotten() {
    let mut scene = Scene::new(pull(), 0);
    scene.pull("a", 5);
    scene.pull("b", 5);
    scene.consumer.drop_requests(scene.now, |reply| reply == "a");
    scene.publish("aa");
    assert_eq!(scene.told(), ["b <- 1.1.1 +1", "b <- 1.2.2 +0"]);
}

#[test]
fn a_closed_consumer_takes_leave_of_its_requests() {
    for (why, word) in [(Closing::Deleted, "Consumer Deleted"), (Closing::Shutdown, "Server Shutdown")] {
        let mut scene = Scene::new(pull(), 0);
        scene.pull("a", 5);
        let mut out = vec![];
        scene.consumer.close(why, &mut out);
        scene.tell(out);
        scene.publish("a");
        scene.pull("b", 1);
        assert_eq!(scene.told(), [format!("a <- 409 {word}"), "b <- 409 Consumer Deleted".to_owned()]);
        assert_eq!(scene.consumer.deadline(), None);
    }
}
