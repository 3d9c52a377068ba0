//! What is not acknowledged in time, how often, and in which order.

use super::*;

fn waits(ack_wait: Nanos) -> Settings {
    Settings { ack_wait, ..pull() }
}

#[test]
fn what_expires_comes_back_in_the_order_of_the_log_and_before_what_is_new() {
    let mut scene = Scene::new(waits(SECOND), 4);
    scene.pull("a", 4);
    scene.say(4, AckKind::Nak { delay: None });
    scene.say(1, AckKind::Nak { delay: None });
    scene.wait(SECOND);
    scene.publish("a");
    scene.forget();
    scene.pull("a", 9);
    let order = ["a <- 2.4.5 +1", "a <- 2.1.6 +1", "a <- 2.2.7 +1", "a <- 2.3.8 +1", "a <- 1.5.9 +0"];
    assert_eq!(scene.told(), order);
}

#[test]
fn what_is_due_at_once_comes_in_the_order_of_the_log() {
    let mut scene = Scene::new(pull(), 3);
    scene.pull("a", 3);
    for (sequence, delay) in [(3, 1), (1, 3), (2, 2)] {
        scene.say(sequence, AckKind::Nak { delay: Some(delay * MS) });
    }
    scene.now += SECOND; // a late tick
    scene.wait(0);
    scene.forget();
    scene.pull("a", 3);
    assert_eq!(scene.told(), ["a <- 2.1.4 +0", "a <- 2.2.5 +0", "a <- 2.3.6 +0"]);
}

#[test]
fn redelivery_goes_on_when_too_many_are_pending_for_new_ones() {
    let mut scene = Scene::new(Settings { max_ack_pending: Some(2), ..waits(SECOND) }, 3);
    scene.pull("a", 9);
    assert_eq!(scene.told(), ["a <- 1.1.1 +2", "a <- 1.2.2 +1"]);
    scene.wait(2 * SECOND);
    let again = ["a <- 2.1.3 +1", "a <- 2.2.4 +1", "a <- 3.1.5 +1", "a <- 3.2.6 +1"];
    assert_eq!(scene.told(), again);
    scene.ack([2]);
    assert_eq!(scene.told(), ["acked 2", "a <- 1.3.7 +0"]);
}

#[test]
fn the_waits_of_a_back_off_follow_each_other_and_the_last_stays() {
    let backoff = vec![100 * MS, 300 * MS];
    let mut scene = Scene::new(Settings { backoff, max_deliver: Some(4), ..pull() }, 1);
    scene.pull("a", 99);
    let mut seen = vec![];
    for step in 0..12 {
        seen.extend(scene.told().into_iter().map(|line| format!("{}ms {line}", step * 100)));
        scene.wait(100 * MS);
    }
    let expected = [
        "0ms a <- 1.1.1 +0",
        "100ms a <- 2.1.2 +0",
        "400ms a <- 3.1.3 +0",
        "700ms a <- 4.1.4 +0",
        "1000ms gave up 1 after 4",
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_delay_replaces_one_wait_of_a_back_off() {
    let backoff = vec![100 * MS, 300 * MS];
    let mut scene = Scene::new(Settings { backoff, ..pull() }, 1);
    scene.pull("a", 99);
    scene.forget();
    scene.say(1, AckKind::Nak { delay: Some(400 * MS) });
    scene.wait(400 * MS);
    assert_eq!(scene.told(), ["naked 1", "a <- 2.1.2 +0"]);
    scene.wait(299 * MS);
    assert_eq!(scene.told(), [""; 0]);
    scene.wait(MS);
    assert_eq!(scene.told(), ["a <- 3.1.3 +0"]);
}

#[test]
fn a_message_is_given_up_when_it_would_be_delivered_once_too_often() {
    let mut scene = Scene::new(Settings { max_deliver: Some(2), ..waits(SECOND) }, 3);
    scene.pull("a", 3);
    scene.wait(SECOND);
    scene.pull("a", 3);
    scene.forget();
    scene.wait(3600 * SECOND);
    assert_eq!(scene.told(), [""; 0], "as nobody asks for more");
    assert_eq!(scene.numbers(), "6/3 floor 0/0 acks 3 redelivered 3 waiting 0 ahead 0");
    scene.pull("a", 1);
    assert_eq!(scene.told(), ["gave up 1 after 2", "gave up 2 after 2", "gave up 3 after 2"]);
    assert_eq!(scene.numbers(), "6/3 floor 0/0 acks 0 redelivered 3 waiting 1 ahead 0");
    scene.ack([1]);
    assert_eq!(scene.told(), ["acked 1"], "late is better than never");
    assert_eq!(scene.numbers(), "6/3 floor 6/3 acks 0 redelivered 2 waiting 1 ahead 0");
    scene.say(2, AckKind::Term);
    assert_eq!(scene.told(), ["acked 2"]);
    scene.say(3, AckKind::Nak { delay: None });
    assert_eq!(scene.told(), [""; 0]);
}

#[test]
fn a_refused_message_is_given_up_like_an_expired_one() {
    let mut scene = Scene::new(Settings { max_deliver: Some(1), ..pull() }, 2);
    scene.pull("a", 2);
    scene.forget();
    scene.say(1, AckKind::Nak { delay: None });
    scene.pull("a", 1);
    assert_eq!(scene.told(), ["naked 1", "gave up 1 after 1"]);
}

#[test]
fn a_message_given_up_makes_room_and_holds_the_floor_back() {
    let settings = Settings { max_deliver: Some(1), max_ack_pending: Some(1), ..waits(SECOND) };
    let mut scene = Scene::new(settings, 3);
    scene.pull("a", 9);
    scene.wait(SECOND);
    assert_eq!(scene.told(), ["a <- 1.1.1 +2", "gave up 1 after 1", "a <- 1.2.2 +1"]);
    let mut scene = Scene::new(Settings { max_deliver: Some(1), ..waits(SECOND) }, 3);
    scene.pull("a", 1);
    scene.wait(SECOND);
    scene.pull("a", 2);
    scene.ack([2]);
    assert_eq!(scene.numbers(), "3/3 floor 0/0 acks 1 redelivered 1 waiting 0 ahead 0");
    scene.ack([3]);
    assert_eq!(scene.numbers(), "3/3 floor 3/3 acks 0 redelivered 1 waiting 0 ahead 0");
}

#[test]
fn what_was_acknowledged_while_in_line_is_passed_over() {
    let mut scene = Scene::new(waits(SECOND), 3);
    scene.pull("a", 3);
    scene.wait(SECOND);
    scene.ack([1, 3]);
    scene.forget();
    scene.pull("a", 9);
    assert_eq!(scene.told(), ["a <- 2.2.4 +0"]);
}

#[test]
fn a_lost_receiver_has_its_messages_redelivered_at_once() {
    let mut scene = Scene::new(pull(), 4);
    scene.pull("a", 4);
    scene.publish("a");
    scene.forget();
    scene.consumer.redeliver(|sequence| sequence % 2 == 0);
    scene.pull("b", 9);
    assert_eq!(scene.told(), ["b <- 2.2.5 +1", "b <- 2.4.6 +1", "b <- 1.5.7 +0"]);
}

#[test]
fn a_shorter_wait_counts_for_what_was_delivered_before() {
    let mut scene = Scene::new(waits(30 * SECOND), 1);
    scene.pull("a", 9);
    scene.forget();
    scene.wait(2 * SECOND);
    scene.consumer.update(waits(SECOND), scene.now);
    scene.wait(0);
    assert_eq!(scene.told(), ["a <- 2.1.2 +0"]);
}

#[test]
fn a_clock_set_back_delays_and_loses_nothing() {
    let mut scene = Scene::new(waits(SECOND), 2);
    scene.now = 100 * SECOND;
    scene.pull("a", 1);
    scene.now = 50 * SECOND;
    scene.pull("a", 9);
    scene.forget();
    scene.wait(SECOND);
    assert_eq!(scene.told(), ["a <- 2.2.3 +0"]);
    scene.ack([2]);
    scene.forget();
    scene.wait(50 * SECOND);
    assert_eq!(scene.told(), ["a <- 2.1.4 +0"]);
}
