//! Where a consumer starts, and how it gets past what does not match.

use super::*;

fn at(sequence: u64) -> impl Fn(&Log) -> Start {
    move |log| Start { sequence, last: log.last, pending: log.matching(sequence), list: vec![] }
}

#[test]
fn nothing_before_the_start_is_delivered() {
    let mut scene = Scene::of(pull(), "aaaa", at(3));
    assert_eq!(scene.numbers(), "0/2 floor 0/0 acks 0 redelivered 0 waiting 0 ahead 2");
    scene.pull("a", 9);
    assert_eq!(scene.told(), ["a <- 1.3.1 +1", "a <- 1.4.2 +0"]);
    let mut scene = Scene::of(pull(), "aaaa", at(5));
    scene.no_wait("a", 9);
    scene.pull("a", 9);
    scene.publish("a");
    assert_eq!(scene.told(), ["a <- 404 No Messages", "a <- 1.5.1 +0"]);
}

#[test]
fn what_does_not_match_is_passed_and_counts_as_reached() {
    let mut scene = Scene::of(pull(), "bbabbabb", at(1));
    scene.pull("a", 1);
    assert_eq!(scene.numbers(), "1/3 floor 0/0 acks 1 redelivered 0 waiting 0 ahead 1");
    scene.ack([3]);
    assert_eq!(scene.numbers(), "1/3 floor 1/3 acks 0 redelivered 0 waiting 0 ahead 1");
    scene.pull("a", 2);
    assert_eq!(scene.numbers(), "2/8 floor 1/3 acks 1 redelivered 0 waiting 1 ahead 0");
    scene.ack([6]);
    assert_eq!(scene.numbers(), "2/8 floor 2/8 acks 0 redelivered 0 waiting 1 ahead 0");
    scene.publish("bbb");
    assert_eq!(scene.numbers(), "2/11 floor 2/8 acks 0 redelivered 0 waiting 1 ahead 0");
}

/// Messages `abcabd` of one subject each: the last of a, b, c and d.
fn last_per_subject(log: &Log) -> Start {
    Start { sequence: log.last + 1, list: vec![3, 4, 5, 6], last: log.last, pending: 4 }
}

#[test]
fn the_last_of_each_subject_comes_before_what_is_new() {
    let mut scene = Scene::of(pull(), "aaaaaa", last_per_subject);
    assert_eq!(scene.numbers(), "0/2 floor 0/0 acks 0 redelivered 0 waiting 0 ahead 4");
    scene.pull("a", 1);
    scene.ack([3]);
    assert_eq!(scene.numbers(), "1/3 floor 1/3 acks 0 redelivered 0 waiting 0 ahead 3");
    scene.pull("a", 2);
    assert_eq!(scene.numbers(), "3/5 floor 1/3 acks 2 redelivered 0 waiting 0 ahead 1");
    scene.publish("a");
    scene.no_wait("a", 2);
    assert_eq!(scene.numbers(), "5/7 floor 1/3 acks 4 redelivered 0 waiting 0 ahead 0");
    let listed = ["a <- 1.3.1 +3", "acked 3", "a <- 1.4.2 +2", "a <- 1.5.3 +1", "a <- 1.6.4 +1", "a <- 1.7.5 +0"];
    assert_eq!(scene.told(), listed);
}

#[test]
fn a_listed_message_may_vanish_with_notice_or_without() {
    let mut scene = Scene::of(pull(), "aaaaaa", last_per_subject);
    scene.remove(1); // not listed: never counted
    scene.remove(4);
    assert_eq!(scene.consumer.info(0).num_pending, 3);
    scene.log.messages.remove(&3);
    scene.pull("a", 9);
    assert_eq!(scene.told(), ["a <- 1.5.1 +1", "a <- 1.6.2 +0"]);
    assert_eq!(scene.consumer.info(0).num_pending, 0);
}

#[test]
fn a_restart_goes_on_within_the_list() {
    let mut scene = Scene::of(pull(), "aaaaaa", last_per_subject);
    scene.pull("a", 2);
    let snapshot = scene.consumer.snapshot();
    assert_eq!((snapshot.list.as_slice(), snapshot.next()), ([5, 6].as_slice(), 7));
    scene.consumer = Consumer::restore(pull(), &snapshot, 6, 2, 0);
    scene.forget();
    scene.publish("a");
    scene.pull("a", 9);
    assert_eq!(scene.told(), ["a <- 1.5.3 +2", "a <- 1.6.4 +1", "a <- 1.7.5 +0"]);
}

#[test]
fn a_reset_starts_over() {
    let mut scene = Scene::new(Settings { ack_wait: SECOND, ..pull() }, 4);
    scene.pull("a", 4);
    scene.ack([1]);
    scene.wait(SECOND);
    let pending = scene.log.matching(2);
    scene.consumer.reset(2, pending);
    assert_eq!(scene.numbers(), "0/1 floor 0/1 acks 0 redelivered 0 waiting 0 ahead 3");
    scene.forget();
    scene.wait(SECOND);
    scene.ack([3]);
    scene.pull("a", 9);
    assert_eq!(scene.told(), ["a <- 1.2.1 +2", "a <- 1.3.2 +1", "a <- 1.4.3 +0"]);
}
