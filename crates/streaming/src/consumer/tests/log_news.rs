//! Messages that leave the log.

use super::*;

#[test]
fn a_pending_message_that_is_removed_is_terminated() {
    let mut scene = Scene::new(Settings { ack_wait: SECOND, ..pull() }, 3);
    scene.pull("a", 2);
    scene.forget();
    scene.remove(1);
    scene.remove(3);
    assert_eq!(scene.told(), ["terminated 1"]);
    assert_eq!(scene.numbers(), "2/2 floor 1/1 acks 1 redelivered 0 waiting 0 ahead 0");
    scene.ack([2]);
    assert_eq!(scene.numbers(), "2/2 floor 2/2 acks 0 redelivered 0 waiting 0 ahead 0");
}

#[test]
fn a_message_that_vanished_unnoticed_is_terminated_when_it_is_due() {
    let mut scene = Scene::new(Settings { ack_wait: SECOND, ..pull() }, 2);
    scene.pull("a", 9);
    scene.forget();
    scene.log.messages.remove(&1);
    scene.wait(SECOND);
    assert_eq!(scene.told(), ["terminated 1", "a <- 2.2.3 +0"]);
}

#[test]
fn a_removed_message_ahead_is_not_waited_for() {
    let mut scene =
        Scene::of(pull(), "abab", |log| Start { sequence: 1, last: log.last, pending: log.matching(1), list: vec![] });
    scene.remove(3);
    scene.remove(2);
    scene.pull("a", 9);
    assert_eq!(scene.told(), ["a <- 1.1.1 +0"]);
    assert_eq!(scene.consumer.info(0).num_pending, 0);
}

#[test]
fn a_message_given_up_may_be_removed() {
    let mut scene = Scene::new(Settings { max_deliver: Some(1), ack_wait: SECOND, ..pull() }, 2);
    scene.pull("a", 9);
    scene.wait(SECOND);
    scene.forget();
    scene.remove(1);
    assert_eq!(scene.told(), [""; 0]);
    assert_eq!(scene.consumer.info(0).num_redelivered, 1);
    scene.ack([1]);
    assert_eq!(scene.told(), [""; 0]);
}

#[test]
fn a_purge_drops_what_was_pending_and_moves_on() {
    let mut scene = Scene::new(pull(), 5);
    scene.pull("a", 2);
    scene.forget();
    scene.log.messages.clear();
    scene.consumer.purged(6, 0);
    assert_eq!(scene.numbers(), "2/5 floor 2/5 acks 0 redelivered 0 waiting 0 ahead 0");
    scene.publish("a");
    scene.no_wait("a", 2);
    assert_eq!(scene.told(), ["a <- 1.6.3 +0", "a <- 408 Request Timeout 1 0"]);
    assert_eq!(scene.numbers(), "3/6 floor 2/5 acks 1 redelivered 0 waiting 0 ahead 0");
}

#[test]
fn a_partial_purge_keeps_what_is_left_pending() {
    let mut scene = Scene::new(Settings { ack_wait: SECOND, ..pull() }, 5);
    scene.pull("a", 3);
    scene.forget();
    scene.log.messages.retain(|sequence, _| *sequence >= 3);
    scene.consumer.purged(3, scene.log.matching(4));
    assert_eq!(scene.numbers(), "3/3 floor 2/2 acks 1 redelivered 0 waiting 0 ahead 2");
    scene.pull("a", 3);
    scene.wait(SECOND);
    assert_eq!(scene.told(), ["a <- 1.4.4 +1", "a <- 1.5.5 +0", "a <- 2.3.6 +0"]);
}

#[test]
fn retention_keeps_what_is_pending_or_ahead() {
    let mut scene = Scene::new(Settings { max_deliver: Some(1), ack_wait: SECOND, ..pull() }, 4);
    scene.pull("a", 2);
    scene.ack([2]);
    let needed = |scene: &Scene| (1..=5).filter(|sequence| scene.consumer.needs(*sequence)).collect::<Vec<_>>();
    assert_eq!(needed(&scene), [1, 3, 4, 5]);
    scene.wait(SECOND);
    scene.pull("a", 1);
    assert_eq!(needed(&scene), [3, 4, 5], "the first was given up");
}

#[test]
fn a_log_that_cannot_be_read_loses_nothing() {
    let list = |log: &Log| Start { sequence: 3, list: vec![1, 2], last: log.last, pending: 4 };
    let mut scene = Scene::of(Settings { ack_wait: SECOND, ..pull() }, "aaaa", list);
    let unreadable = |scene: &mut Scene, time| {
        scene.log.broken = true;
        scene.wait(time);
        scene.no_wait("a", 1);
        scene.log.broken = false;
    };
    unreadable(&mut scene, 0);
    scene.wait(SECOND);
    assert_eq!(scene.told(), ["a <- 1.1.1 +3"], "asked again after a second");
    scene.say(1, AckKind::Nak { delay: None });
    unreadable(&mut scene, 0);
    scene.wait(500 * MS);
    assert_eq!(scene.told(), ["naked 1"]);
    scene.wait(500 * MS);
    scene.no_wait("a", 1);
    assert_eq!(scene.told(), ["a <- 2.1.2 +3", "a <- 1.2.3 +2"]);
    scene.ack([1, 2]);
    scene.forget();
    unreadable(&mut scene, 2 * SECOND);
    assert_eq!(scene.told(), [""; 0], "not even that there is nothing");
    scene.wait(SECOND);
    assert_eq!(scene.told(), ["a <- 1.3.4 +1"]);
}
