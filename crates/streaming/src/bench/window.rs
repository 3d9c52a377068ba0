//! Which publishes of a connection still wait for their acknowledgement, and since when.

use std::time::{Duration, Instant};

/// A sliding window: number n may be sent once n − size is acknowledged, whatever became of those between.
pub struct Window {
    sent: Box<[Option<Instant>]>,
    next: u64,
    outstanding: u64,
}

impl Window {
    pub fn new(size: usize) -> Self {
        Self { sent: vec![None; size.max(1)].into_boxed_slice(), next: 0, outstanding: 0 }
    }

    /// The number of the next to send, if the window has room for it.
    pub fn next(&self) -> Option<u64> {
        self.sent[self.slot(self.next)].is_none().then_some(self.next)
    }

    /// Notes that [`Window::next`] is being sent.
    pub fn sent(&mut self, now: Instant) {
        let slot = self.slot(self.next);
        self.sent[slot] = Some(now);
        self.next += 1;
        self.outstanding += 1;
    }

    /// How long `number` waited for its acknowledgement, `None` if it was not waiting for one.
    pub fn acknowledged(&mut self, number: u64, now: Instant) -> Option<Duration> {
        if number >= self.next || self.next - number > self.sent.len() as u64 {
            return None;
        }
        let sent = self.sent[self.slot(number)].take()?;
        self.outstanding -= 1;
        Some(now.saturating_duration_since(sent))
    }

    pub fn outstanding(&self) -> u64 {
        self.outstanding
    }

    fn slot(&self, number: u64) -> usize {
        (number % self.sent.len() as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_unacknowledged_holds_the_window() {
        let start = Instant::now();
        let mut window = Window::new(2);
        window.sent(start);
        window.sent(start);
        assert_eq!(window.next(), None);
        let took = Duration::from_millis(3);
        assert_eq!(window.acknowledged(1, start + took), Some(took));
        assert_eq!(window.next(), None, "0 is still waiting");
        assert_eq!(window.acknowledged(0, start), Some(Duration::ZERO));
        assert_eq!((window.next(), window.outstanding()), (Some(2), 0));
    }

    #[test]
    fn an_acknowledgement_counts_once() {
        let now = Instant::now();
        let mut window = Window::new(2);
        window.sent(now);
        assert_eq!(window.acknowledged(1, now), None, "never sent");
        assert!(window.acknowledged(0, now).is_some());
        assert_eq!(window.acknowledged(0, now), None, "twice");
        window.sent(now);
        window.sent(now);
        assert_eq!(window.acknowledged(0, now), None, "its place is taken by 2");
        assert_eq!(window.outstanding(), 2);
    }
}
