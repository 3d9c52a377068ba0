//! What the machine remembers stays in proportion to what is pending, however long it lives.

use super::*;

const ROUNDS: u64 = 2_000;
/// Twice what lives, and what is tolerated besides.
const SMALL: usize = 100;

fn remembered(consumer: &Consumer) -> usize {
    let pending = consumer.progress.pending.slots();
    pending.max(consumer.expiry.noted()).max(consumer.queue.len())
}

#[test]
fn an_old_pending_message_does_not_keep_those_after_it() {
    let mut scene = Scene::new(pull(), 1);
    scene.pull("a", u32::MAX);
    for sequence in 2..ROUNDS {
        scene.publish("a");
        scene.publish("a");
        scene.ack([sequence]);
    }
    let left: Vec<u64> = (1..3_990).filter(|sequence| scene.consumer.needs(*sequence)).collect();
    assert_eq!(left[..2], [1, ROUNDS]);
    scene.ack(ROUNDS..2 * ROUNDS);
    assert_eq!(scene.consumer.info(0).num_ack_pending, 1);
    assert!(remembered(&scene.consumer) < SMALL);
    scene.forget();
    scene.wait(30 * SECOND);
    assert_eq!(scene.told().first().map(String::as_str), Some("a <- 2.1.3998 +0"));
}

#[test]
fn steady_work_keeps_nothing() {
    let mut scene = Scene::new(pull(), 0);
    scene.pull("a", u32::MAX);
    for sequence in 1..ROUNDS {
        scene.now += MS;
        scene.publish("a");
        scene.ack([sequence]);
        assert_eq!(remembered(&scene.consumer), 0);
        assert_eq!(scene.consumer.deadline(), None);
    }
}

#[test]
fn restless_clients_are_not_remembered_for_each_word() {
    let words: [fn(&mut Scene); 4] = [
        |scene| scene.say(2, AckKind::InProgress),
        |scene| scene.say(2, AckKind::Nak { delay: Some(10 * SECOND) }),
        |scene| {
            scene.say(2, AckKind::Nak { delay: None });
            scene.say(2, AckKind::Nak { delay: Some(10 * MS) });
        },
        |scene| {
            scene.say(2, AckKind::Nak { delay: None });
            scene.pull("a", 1);
        },
    ];
    for word in words {
        let mut scene = Scene::new(pull(), 3);
        scene.pull("a", 3);
        for _ in 0..ROUNDS {
            scene.wait(MS);
            word(&mut scene);
            scene.forget();
        }
        assert!(remembered(&scene.consumer) < SMALL, "{}", remembered(&scene.consumer));
    }
}

#[test]
fn of_the_given_up_the_oldest_are_forgotten() {
    let count = progress::GIVEN_UP_MAX as u64 + 2;
    let settings = Settings { max_deliver: Some(1), max_ack_pending: None, ..pull() };
    let mut scene = Scene::new(settings, usize::try_from(count).unwrap());
    scene.pull("a", u32::MAX);
    scene.wait(30 * SECOND);
    scene.forget();
    assert_eq!(scene.consumer.info(0).num_redelivered, progress::GIVEN_UP_MAX);
    scene.ack([2, 3]);
    assert_eq!(scene.told(), ["acked 3"]);
}
