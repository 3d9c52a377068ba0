//! Flow control and rate limit of push consumers.

use super::*;

fn with(push: Push) -> Settings {
    Settings { mode: Mode::Push(push), ack_policy: AckPolicy::None, ..pull() }
}

#[test]
fn an_unconfirmed_window_stalls_and_the_heartbeat_says_so() {
    let heartbeat = Some(SECOND);
    let mut scene = Scene::new(with(Push { flow_control: true, heartbeat, ..Push::default() }), 0);
    for _ in 0..60 {
        scene.log.add(0, 100_004, true);
        scene.consumer.message_added(1);
    }
    scene.interest(true);
    let told = scene.told();
    assert_eq!(told[10], "push <- 1.11.11 +49");
    assert_eq!(told[11], "push <- 100 FlowControl Request");
    assert_eq!(told.len(), 22, "21 messages are more than 2 MiB");
    scene.wait(SECOND);
    assert_eq!(scene.told(), ["push <- 100 Idle Heartbeat 21 21 fc.1"]);
    scene.consumer.flow_control_reply(9);
    scene.pump();
    assert_eq!(scene.told(), [""; 0]);
    scene.consumer.flow_control_reply(1);
    scene.pump();
    let told = scene.told();
    assert_eq!(told[11], "push <- 100 FlowControl Request", "the window doubled: 32 messages out, 11 confirmed");
    assert_eq!(told.len(), 33, "53 messages out");
    scene.interest(false);
    scene.interest(true);
    assert_eq!(scene.told().len(), 7, "a new listener has nothing under way");
}

#[test]
fn a_rate_limit_spreads_what_exceeds_the_burst() {
    let rate = Some(Rate { bytes_per_second: 1_000, burst: 1_000 });
    let mut scene = Scene::new(with(Push { rate, ..Push::default() }), 0);
    scene.interest(true);
    let reply = "$JS.ACK.S.D.1.1.1.0.0".len() as u64;
    for _ in 0..4 {
        scene.publish_sized(500 - reply);
    }
    assert_eq!(scene.told(), ["push <- 1.1.1 +0", "push <- 1.2.2 +0"]);
    scene.wait(499 * MS);
    assert_eq!(scene.told(), [""; 0]);
    scene.wait(MS);
    assert_eq!(scene.told(), ["push <- 1.3.3 +1"]);
    scene.wait(500 * MS);
    assert_eq!(scene.told(), ["push <- 1.4.4 +0"]);
}

#[test]
fn flow_control_and_rate_can_be_changed() {
    let rate = Some(Rate { bytes_per_second: 1, burst: 50 });
    let mut scene = Scene::new(with(Push { rate, ..Push::default() }), 3);
    scene.interest(true);
    assert_eq!(scene.told(), ["push <- 1.1.1 +2"]);
    scene.consumer.update(with(Push { flow_control: true, ..Push::default() }), 0);
    scene.publish_sized(5_000_000);
    scene.publish_sized(1);
    let told = ["push <- 1.2.2 +2", "push <- 1.3.3 +1", "push <- 1.4.4 +0", "push <- 100 FlowControl Request"];
    assert_eq!(scene.told(), told);
    assert_eq!(scene.consumer.info(0).num_pending, 1);
    scene.consumer.update(with(Push::default()), 0);
    scene.pump();
    assert_eq!(scene.told(), ["push <- 1.5.5 +0"]);
}
