//! Flow control of a push consumer: how many bytes may be under way to the client.
//!
//! Half-way through the window the client is asked to confirm that it keeps up; beyond the window nothing is sent until
//! it did. The window starts small and doubles with each confirmation, as `nats-server`'s does.

/// The largest window.
const WINDOW_MAX: u64 = 32 * 1024 * 1024;
/// The first window.
const WINDOW_MIN: u64 = WINDOW_MAX / 16;

/// See the module.
#[derive(Debug)]
pub(super) struct Flow {
    window: u64,
    /// Sent and not confirmed.
    unconfirmed: u64,
    /// The request that waits for an answer, and how much was unconfirmed when it was sent.
    asked: Option<(u64, u64)>,
    last_token: u64,
}

impl Flow {
    pub fn new() -> Self {
        Self { window: WINDOW_MIN, unconfirmed: 0, asked: None, last_token: 0 }
    }

    pub fn stalled(&self) -> bool {
        self.unconfirmed > self.window
    }

    /// The token of the request that was not answered yet.
    pub fn asked(&self) -> Option<u64> {
        self.asked.map(|(token, _)| token)
    }

    /// Counts what was sent. A token comes back when it is time to ask.
    pub fn sent(&mut self, size: u64) -> Option<u64> {
        self.unconfirmed += size;
        if self.asked.is_some() || self.unconfirmed <= self.window / 2 {
            return None;
        }
        self.last_token += 1;
        self.asked = Some((self.last_token, self.unconfirmed));
        Some(self.last_token)
    }

    /// The client's answer. One to an earlier request says nothing.
    pub fn confirmed(&mut self, token: u64) {
        if let Some((_, size)) = self.asked.take_if(|asked| asked.0 == token) {
            self.unconfirmed -= size;
            self.window = (2 * self.window).min(WINDOW_MAX);
        }
    }

    /// Nobody listens any more, so nothing is under way.
    pub fn forget(&mut self) {
        *self = Self { last_token: self.last_token, ..Self::new() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_half_way_and_stalls_beyond_the_window() {
        let mut flow = Flow::new();
        assert_eq!(flow.sent(WINDOW_MIN / 2), None);
        assert_eq!(flow.sent(1), Some(1));
        assert_eq!(flow.sent(WINDOW_MIN / 2 - 1), None, "one request at a time");
        assert!(!flow.stalled());
        flow.sent(1);
        assert!(flow.stalled());
        flow.confirmed(7);
        assert!(flow.stalled(), "an unknown token confirms nothing");
        flow.confirmed(1);
        assert!(!flow.stalled());
        assert_eq!(flow.sent(WINDOW_MIN / 2), None, "the window doubled");
        assert_eq!(flow.sent(1), Some(2));
    }

    #[test]
    fn a_new_listener_starts_with_nothing_under_way() {
        let mut flow = Flow::new();
        assert_eq!(flow.sent(2 * WINDOW_MIN), Some(1));
        flow.forget();
        assert!(!flow.stalled());
        assert_eq!(flow.asked(), None);
        assert_eq!(flow.sent(WINDOW_MIN), Some(2), "an answer to an old request must not fit a new one");
    }
}
