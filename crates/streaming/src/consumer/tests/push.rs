//! Push consumers: interest and heartbeats.

use super::*;

fn beating() -> Settings {
    let heartbeat = Some(200 * MS);
    Settings { mode: Mode::Push(Push { heartbeat, ..Push::default() }), ack_wait: SECOND, ..push() }
}

#[test]
fn messages_are_sent_while_somebody_listens() {
    let mut scene = Scene::new(push(), 2);
    scene.pump();
    assert_eq!(scene.told(), [""; 0]);
    scene.interest(true);
    scene.publish("a");
    assert_eq!(scene.told(), ["push <- 1.1.1 +1", "push <- 1.2.2 +0", "push <- 1.3.3 +0"]);
    scene.interest(false);
    scene.publish("a");
    assert_eq!(scene.told(), [""; 0]);
    assert!(!scene.consumer.info(0).push_bound);
    scene.interest(true);
    assert_eq!(scene.told(), ["push <- 1.4.4 +0"]);
}

#[test]
fn who_comes_back_gets_what_expired_first() {
    let mut scene = Scene::new(beating(), 2);
    scene.interest(true);
    scene.interest(false);
    scene.wait(2 * SECOND);
    scene.publish("b");
    scene.publish("a");
    scene.forget();
    scene.interest(true);
    assert_eq!(scene.told(), ["push <- 2.1.3 +1", "push <- 2.2.4 +1", "push <- 1.4.5 +0"]);
}

#[test]
fn a_quiet_consumer_sends_heartbeats_to_who_listens() {
    let mut scene = Scene::new(beating(), 0);
    scene.wait(SECOND);
    assert_eq!(scene.told(), [""; 0]);
    scene.interest(true);
    scene.wait(150 * MS);
    scene.publish("ab");
    scene.wait(150 * MS);
    assert_eq!(scene.told(), ["push <- 1.1.1 +0"]);
    scene.wait(250 * MS);
    let beats = ["push <- 100 Idle Heartbeat 1 2", "push <- 100 Idle Heartbeat 1 2"];
    assert_eq!(scene.told(), beats);
    scene.interest(false);
    scene.wait(100 * MS);
    assert_eq!(scene.told(), [""; 0]);
}

#[test]
fn heartbeats_go_on_while_paused() {
    let mut scene = Scene::new(beating(), 1);
    scene.consumer.pause(Some(500 * MS));
    scene.interest(true);
    scene.wait(500 * MS);
    let told = ["push <- 100 Idle Heartbeat 0 0", "push <- 100 Idle Heartbeat 0 0", "resumed", "push <- 1.1.1 +0"];
    assert_eq!(scene.told(), told);
}
