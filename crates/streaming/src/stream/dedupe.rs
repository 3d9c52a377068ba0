//! Which messages were published lately, by their `Nats-Msg-Id`: a publisher that tries again is not stored twice.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashMap;

/// The ids of the messages stored within the window.
#[derive(Debug, Default)]
pub(super) struct Dedupe {
    window: i64,
    ids: HashMap<Arc<[u8]>, u64>,
    /// In the order they came: time, sequence, id.
    order: VecDeque<(i64, u64, Arc<[u8]>)>,
}

impl Dedupe {
    /// Remembers ids for `window` nanoseconds.
    pub fn new(window: i64) -> Self {
        Self { window, ..Self::default() }
    }

    pub fn set_window(&mut self, window: i64) {
        self.window = window;
    }

    /// The sequence under which a message of this id was stored within the window.
    pub fn find(&mut self, id: &[u8], now: i64) -> Option<u64> {
        self.forget(now);
        self.ids.get(id).copied()
    }

    /// The id of the latest message that had one.
    pub fn last(&mut self, now: i64) -> Option<&[u8]> {
        self.forget(now);
        self.order.back().map(|(_, _, id)| &**id)
    }

    pub fn insert(&mut self, id: &[u8], sequence: u64, time: i64) {
        let id: Arc<[u8]> = id.into();
        self.ids.insert(id.clone(), sequence);
        self.order.push_back((time, sequence, id));
    }

    /// Forgets what was never stored: the messages after `last`.
    pub fn roll_back(&mut self, last: u64) {
        while let Some((_, sequence, id)) = self.order.back() {
            if *sequence <= last {
                break;
            }
            if self.ids.get(id) == Some(sequence) {
                self.ids.remove(id);
            }
            self.order.pop_back();
        }
    }

    fn forget(&mut self, now: i64) {
        while let Some((time, sequence, id)) = self.order.front() {
            if now - time <= self.window {
                break;
            }
            if self.ids.get(id) == Some(sequence) {
                self.ids.remove(id);
            }
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Dedupe;

    #[test]
    fn an_id_is_known_for_the_window_and_then_forgotten() {
        let mut dedupe = Dedupe::new(100);
        dedupe.insert(b"a", 1, 1000);
        dedupe.insert(b"b", 2, 1050);
        assert_eq!(dedupe.find(b"a", 1100), Some(1));
        assert_eq!(dedupe.find(b"a", 1101), None);
        assert_eq!(dedupe.find(b"b", 1101), Some(2));
        assert_eq!(dedupe.last(1101), Some(&b"b"[..]));
        assert_eq!(dedupe.last(1151), None);
    }

    #[test]
    fn what_was_not_stored_may_come_again() {
        let mut dedupe = Dedupe::new(100);
        dedupe.insert(b"a", 1, 0);
        dedupe.insert(b"b", 2, 0);
        dedupe.roll_back(1);
        assert_eq!((dedupe.find(b"a", 1), dedupe.find(b"b", 1)), (Some(1), None));
    }
}
