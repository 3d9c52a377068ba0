//! What each kind of acknowledgement does, under each policy.

use super::*;

fn with(policy: AckPolicy) -> Settings {
    Settings { ack_policy: policy, ..pull() }
}

#[test]
fn the_floor_follows_acknowledgements_in_any_order() {
    let mut scene = Scene::new(pull(), 5);
    scene.pull("a", 4);
    let steps = [
        (2, "4/4 floor 0/0 acks 3 redelivered 0 waiting 0 ahead 1"),
        (1, "4/4 floor 2/2 acks 2 redelivered 0 waiting 0 ahead 1"),
        (4, "4/4 floor 2/2 acks 1 redelivered 0 waiting 0 ahead 1"),
        (3, "4/4 floor 4/4 acks 0 redelivered 0 waiting 0 ahead 1"),
    ];
    for (sequence, numbers) in steps {
        scene.ack([sequence]);
        assert_eq!(scene.numbers(), numbers);
    }
}

#[test]
fn a_redelivery_leaves_the_floor_where_the_first_delivery_put_it() {
    let mut scene = Scene::new(pull(), 4);
    scene.pull("a", 2);
    scene.say(2, AckKind::Nak { delay: None });
    scene.say(1, AckKind::Nak { delay: None });
    scene.forget();
    scene.no_wait("a", 4);
    assert_eq!(scene.told(), ["a <- 2.2.3 +2", "a <- 2.1.4 +2", "a <- 1.3.5 +1", "a <- 1.4.6 +0"]);
    scene.ack([1]);
    assert_eq!(scene.numbers(), "6/4 floor 1/1 acks 3 redelivered 1 waiting 0 ahead 0");
    scene.ack([2]);
    assert_eq!(scene.numbers(), "6/4 floor 4/2 acks 2 redelivered 0 waiting 0 ahead 0");
}

#[test]
fn what_is_not_pending_cannot_be_acknowledged() {
    for kind in [AckKind::Ack, AckKind::Term, AckKind::InProgress, AckKind::Nak { delay: None }] {
        let mut scene = Scene::new(pull(), 3);
        scene.pull("a", 2);
        scene.ack([1]);
        scene.forget();
        let numbers = scene.numbers();
        for sequence in [0, 1, 3, 9, u64::MAX] {
            scene.say(sequence, kind);
        }
        assert_eq!(scene.told(), [""; 0]);
        assert_eq!(scene.numbers(), numbers);
    }
}

#[test]
fn an_acknowledgement_of_all_settles_those_before_it() {
    let mut scene = Scene::new(with(AckPolicy::All), 6);
    scene.pull("a", 4);
    scene.forget();
    scene.ack([2]);
    assert_eq!(scene.told(), ["acked 1", "acked 2"]);
    assert_eq!(scene.numbers(), "4/4 floor 2/2 acks 2 redelivered 0 waiting 0 ahead 2");
    scene.ack([1, 5]);
    assert_eq!(scene.told(), [""; 0], "the one is settled, the other not delivered");
    scene.say(3, AckKind::Nak { delay: None });
    scene.pull("a", 1);
    assert_eq!(scene.told(), ["naked 3", "a <- 2.3.5 +2"]);
    scene.say(3, AckKind::Term);
    assert_eq!(scene.told(), ["acked 3", "terminated 3"]);
    assert_eq!(scene.numbers(), "5/4 floor 3/3 acks 1 redelivered 0 waiting 0 ahead 2");
    scene.ack([4]);
    assert_eq!(scene.numbers(), "5/4 floor 5/4 acks 0 redelivered 0 waiting 0 ahead 2");
}

#[test]
fn without_acknowledgements_sending_settles() {
    let mut scene = Scene::new(with(AckPolicy::None), 3);
    let mut out = vec![];
    scene.consumer.request(PullRequest { batch: 9, ..PullRequest::one("a".into()) }, 0, &mut out);
    assert!(scene.consumer.poll(&mut scene.log, 0, &mut out).unwrap().settled);
    scene.pump();
    assert_eq!(scene.numbers(), "3/3 floor 3/3 acks 0 redelivered 0 waiting 1 ahead 0");
    scene.say(2, AckKind::Nak { delay: None });
    scene.wait(3600 * SECOND);
    assert_eq!(scene.told(), ["a <- 1.2.2 +1", "a <- 1.3.3 +0"]);
}

#[test]
fn a_terminated_message_does_not_come_back() {
    let mut scene = Scene::new(pull(), 2);
    scene.pull("a", 9);
    scene.forget();
    scene.say(1, AckKind::Term);
    assert_eq!(scene.told(), ["acked 1", "terminated 1"]);
    assert_eq!(scene.numbers(), "2/2 floor 1/1 acks 1 redelivered 0 waiting 1 ahead 0");
    scene.wait(31 * SECOND);
    assert_eq!(scene.told(), ["a <- 2.2.3 +0"]);
}

#[test]
fn a_message_in_progress_waits_anew() {
    let mut scene = Scene::new(Settings { ack_wait: SECOND, ..pull() }, 1);
    scene.pull("a", 9);
    scene.forget();
    for _ in 0..5 {
        scene.wait(900 * MS);
        scene.say(1, AckKind::InProgress);
    }
    scene.wait(999 * MS);
    assert_eq!(scene.told(), [""; 0]);
    scene.wait(MS);
    assert_eq!(scene.told(), ["a <- 2.1.2 +0"]);
}

#[test]
fn progress_comes_too_late_for_a_message_in_line() {
    let mut scene = Scene::new(Settings { ack_wait: SECOND, ..pull() }, 1);
    scene.pull("a", 1);
    scene.wait(SECOND);
    scene.say(1, AckKind::InProgress);
    scene.forget();
    scene.pull("a", 1);
    assert_eq!(scene.told(), ["a <- 2.1.2 +0"]);
}

#[test]
fn a_refused_message_comes_back_at_once_or_after_its_delay() {
    let mut scene = Scene::new(pull(), 3);
    scene.pull("a", 99);
    scene.forget();
    scene.say(1, AckKind::Nak { delay: Some(200 * MS) });
    scene.say(2, AckKind::Nak { delay: Some(100 * MS) });
    scene.say(3, AckKind::Nak { delay: Some(0) });
    assert_eq!(scene.told(), ["naked 1", "naked 2", "naked 3", "a <- 2.3.4 +0"]);
    scene.wait(150 * MS);
    assert_eq!(scene.told(), ["a <- 2.2.5 +0"]);
    scene.wait(100 * MS);
    assert_eq!(scene.told(), ["a <- 2.1.6 +0"]);
}

#[test]
fn a_delay_takes_a_message_out_of_the_line() {
    let mut scene = Scene::new(pull(), 2);
    scene.pull("a", 2);
    scene.say(1, AckKind::Nak { delay: None });
    scene.say(1, AckKind::Nak { delay: Some(SECOND) });
    scene.forget();
    scene.no_wait("a", 1);
    assert_eq!(scene.told(), ["a <- 404 No Messages"]);
    scene.say(1, AckKind::Nak { delay: None });
    scene.say(2, AckKind::Nak { delay: None });
    scene.say(1, AckKind::Nak { delay: Some(SECOND) });
    scene.wait(SECOND);
    scene.forget();
    scene.pull("a", 2);
    assert_eq!(scene.told(), ["a <- 2.2.3 +0", "a <- 2.1.4 +0"], "back at its end");
}

#[test]
fn a_refusal_said_twice_brings_one_redelivery() {
    let mut scene = Scene::new(pull(), 1);
    scene.pull("a", 1);
    scene.say(1, AckKind::Nak { delay: None });
    scene.say(1, AckKind::Nak { delay: None });
    scene.forget();
    scene.pull("a", 9);
    assert_eq!(scene.told(), ["a <- 2.1.2 +0"]);
}

#[test]
fn a_delay_may_be_longer_than_any_wait() {
    let mut scene = Scene::new(Settings { ack_wait: SECOND, ..pull() }, 1);
    scene.pull("a", 9);
    scene.say(1, AckKind::Nak { delay: Some(i64::MAX) });
    scene.forget();
    scene.wait(1_000_000 * SECOND);
    assert_eq!(scene.told(), [""; 0]);
    scene.ack([1]);
    assert_eq!(scene.told(), ["acked 1"]);
}
