//! Pauses, replays at the original speed, and consumers nobody uses.

use super::*;

#[test]
fn a_paused_consumer_delivers_nothing_and_still_takes_acknowledgements() {
    let mut scene = Scene::new(Settings { ack_wait: SECOND, ..pull() }, 3);
    scene.pull("a", 2);
    scene.consumer.pause(Some(10 * SECOND));
    assert!(scene.consumer.paused(0) && !scene.consumer.paused(10 * SECOND));
    scene.request(PullRequest { batch: 1, expires: SECOND, ..PullRequest::one("b".into()) });
    scene.pull("c", 9);
    scene.ack([1]);
    scene.wait(9 * SECOND);
    assert_eq!(scene.told(), ["a <- 1.1.1 +2", "a <- 1.2.2 +1", "acked 1", "b <- 408 Request Timeout 1 0"]);
    assert_eq!(scene.consumer.info(scene.now).pause_remaining, Some(SECOND));
    scene.wait(SECOND);
    assert_eq!(scene.told(), ["resumed", "c <- 2.2.3 +1", "c <- 1.3.4 +0"]);
    assert_eq!(scene.consumer.info(scene.now).pause_remaining, None);
}

#[test]
fn a_pause_can_be_ended_and_configured() {
    let mut scene = Scene::new(Settings { paused_until: Some(SECOND), ..pull() }, 1);
    scene.pull("a", 1);
    assert_eq!(scene.told(), [""; 0]);
    scene.consumer.pause(None);
    scene.pump();
    assert_eq!(scene.told(), ["a <- 1.1.1 +0"]);
    scene.wait(2 * SECOND);
    assert_eq!(scene.told(), [""; 0]);
}

#[test]
fn a_replay_keeps_the_original_intervals_until_it_caught_up() {
    let mut log = Log::default();
    for time in [0, 200, 500, 500] {
        log.add(time * MS, 6, true);
    }
    let start = Start { sequence: 1, last: 4, pending: 4, list: vec![] };
    let consumer = Consumer::new(Settings { replay_original: true, ..pull() }, &start, 0);
    let mut scene = Scene { consumer, log, now: 3_600 * SECOND, told: vec![] };
    scene.pull("a", 9);
    let steps = [(0, vec!["a <- 1.1.1 +3"]), (199, vec![]), (1, vec!["a <- 1.2.2 +2"]), (299, vec![])];
    for (time, told) in steps {
        scene.wait(time * MS);
        assert_eq!(scene.told(), told);
    }
    scene.now += MS;
    scene.publish("aa"); // which comes before the tick
    let told = ["a <- 1.3.3 +3", "a <- 1.4.4 +2", "a <- 1.5.5 +1", "a <- 1.6.6 +0"];
    assert_eq!(scene.told(), told);
    assert_eq!(scene.consumer.deadline(), Some(scene.now + 30 * SECOND - 500 * MS), "the first one's wait");
}

#[test]
fn a_pull_consumer_nobody_asks_reports_itself_once() {
    let mut scene = Scene::new(Settings { inactive_threshold: Some(300 * MS), ..pull() }, 4);
    scene.request(PullRequest { batch: 9, expires: SECOND, ..PullRequest::one("a".into()) });
    scene.forget();
    scene.wait(900 * MS);
    assert_eq!(scene.told(), [""; 0], "a request waits");
    scene.wait(100 * MS);
    assert_eq!(scene.told(), ["a <- 408 Request Timeout 5 0", "inactive"]);
    scene.wait(3600 * SECOND);
    assert_eq!(scene.told(), [""; 0]);
}

#[test]
fn acknowledgements_and_requests_are_signs_of_life() {
    let mut scene = Scene::new(Settings { inactive_threshold: Some(300 * MS), ..pull() }, 2);
    scene.pull("a", 2);
    for sequence in [1, 2] {
        scene.wait(200 * MS);
        scene.ack([sequence]);
    }
    scene.wait(200 * MS);
    scene.no_wait("a", 1);
    scene.forget();
    scene.wait(299 * MS);
    assert_eq!(scene.told(), [""; 0]);
    scene.wait(MS);
    assert_eq!(scene.told(), ["inactive"]);
}

#[test]
fn a_push_consumer_nobody_listens_to_reports_itself() {
    let mut scene = Scene::new(Settings { inactive_threshold: Some(5 * SECOND), ..push() }, 0);
    scene.wait(4 * SECOND);
    scene.interest(true);
    scene.wait(60 * SECOND);
    scene.interest(false);
    scene.wait(4 * SECOND);
    assert_eq!(scene.told(), [""; 0]);
    scene.wait(SECOND);
    assert_eq!(scene.told(), ["inactive"]);
}

#[test]
fn after_a_restart_waits_end_when_they_would_have() {
    let mut scene = Scene::new(Settings { ack_wait: 10 * SECOND, ..pull() }, 3);
    scene.pull("a", 3);
    scene.say(2, AckKind::Nak { delay: Some(3 * SECOND) });
    scene.say(3, AckKind::Nak { delay: None });
    scene.wait(SECOND);
    let snapshot = scene.consumer.snapshot();
    let settings = scene.consumer.settings().clone();
    scene.consumer = Consumer::restore(settings, &snapshot, 3, 0, scene.now);
    scene.forget();
    scene.pull("a", 9);
    scene.wait(0);
    assert_eq!(scene.told(), ["a <- 2.3.4 +0"]);
    scene.wait(2 * SECOND);
    assert_eq!(scene.told(), ["a <- 2.2.5 +0"]);
    scene.wait(7 * SECOND);
    assert_eq!(scene.told(), ["a <- 2.1.6 +0"]);
}
