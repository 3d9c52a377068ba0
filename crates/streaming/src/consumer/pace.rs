//! When the next message may leave: the original intervals of a replay, and the rate limit.

use super::settings::{Nanos, Rate};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Pace {
    replay: Option<Replay>,
    bucket: Option<Bucket>,
}

#[derive(Debug)]
struct Replay {
    /// Messages after this one were stored when the consumer was there already.
    last: u64,
    /// When the previous message was stored, and when it was sent.
    previous: Option<(Nanos, Nanos)>,
}

#[derive(Debug)]
struct Bucket {
    rate: Rate,
    /// When the bucket will be full again, at the given rate. A full bucket lies in the past.
    full_at: Nanos,
}

/// A message about to be sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub sequence: u64,
    pub time: Nanos,
    pub size: u64,
    pub redelivered: bool,
}

impl Pace {
    /// `last` is where a replay ends.
    pub fn new(last: Option<u64>, rate: Option<Rate>) -> Self {
        let replay = last.map(|last| Replay { last, previous: None });
        let mut pace = Self { replay, bucket: None };
        pace.limit(rate);
        pace
    }

    /// Changes the rate limit.
    pub fn limit(&mut self, rate: Option<Rate>) {
        let rate = rate.filter(|rate| rate.bytes_per_second > 0);
        if rate != self.bucket.as_ref().map(|bucket| bucket.rate) {
            self.bucket = rate.map(|rate| Bucket { rate, full_at: Nanos::MIN });
        }
    }

    /// When this message may be sent.
    pub fn ready_at(&self, candidate: Candidate) -> Nanos {
        let replay = self.replay.as_ref().filter(|replay| replays(replay, candidate));
        let replayed = replay
            .and_then(|replay| replay.previous)
            .map(|(stored, sent)| sent.saturating_add(candidate.time.saturating_sub(stored).max(0)));
        let allowed = self.bucket.as_ref().map(|bucket| {
            let size = candidate.size.min(bucket.rate.burst);
            bucket.full_at.saturating_sub(bucket.time(bucket.rate.burst - size))
        });
        replayed.max(allowed).unwrap_or(Nanos::MIN)
    }

    /// Notes that it was.
    pub fn sent(&mut self, candidate: Candidate, now: Nanos) {
        if let Some(replay) = &mut self.replay {
            if replays(replay, candidate) {
                replay.previous = Some((candidate.time, now));
            } else if !candidate.redelivered {
                self.replay = None;
            }
        }
        if let Some(bucket) = &mut self.bucket {
            bucket.full_at = bucket.full_at.max(now).saturating_add(bucket.time(candidate.size));
        }
    }
}

fn replays(replay: &Replay, candidate: Candidate) -> bool {
    !candidate.redelivered && candidate.sequence <= replay.last
}

impl Bucket {
    /// How long it takes to fill in so many bytes.
    fn time(&self, bytes: u64) -> Nanos {
        let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(self.rate.bytes_per_second);
        Nanos::try_from(nanos).unwrap_or(Nanos::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Nanos = 1_000_000_000;

    fn message(sequence: u64, time: Nanos, size: u64) -> Candidate {
        Candidate { sequence, time, size, redelivered: false }
    }

    #[test]
    fn a_replay_keeps_the_intervals_until_it_has_caught_up() {
        let mut pace = Pace::new(Some(2), None);
        assert_eq!(pace.ready_at(message(1, 100, 1)), Nanos::MIN, "the first does not wait");
        pace.sent(message(1, 100, 1), 5_000);
        assert_eq!(pace.ready_at(message(2, 170, 1)), 5_070);
        assert_eq!(pace.ready_at(message(2, 90, 1)), 5_000, "the log's clock was set back");
        pace.sent(message(2, 170, 1), 5_080);
        assert_eq!(pace.ready_at(message(3, 9_000, 1)), Nanos::MIN);
    }

    #[test]
    fn a_redelivery_neither_waits_nor_counts_in_a_replay() {
        let mut pace = Pace::new(Some(9), None);
        pace.sent(message(1, 100, 1), 1_000);
        let again = Candidate { redelivered: true, ..message(1, 100, 1) };
        assert_eq!(pace.ready_at(again), Nanos::MIN);
        pace.sent(again, 9_000);
        assert_eq!(pace.ready_at(message(2, 150, 1)), 1_050);
    }

    #[test]
    fn the_bucket_lets_a_burst_through_and_then_the_rate() {
        let mut pace = Pace::new(None, Some(Rate { bytes_per_second: 1_000, burst: 1_000 }));
        let mut sent = Vec::new();
        let mut now = 0;
        for sequence in 1..=5 {
            let message = message(sequence, 0, 500);
            now = pace.ready_at(message).max(now);
            pace.sent(message, now);
            sent.push(now);
        }
        assert_eq!(sent, [0, 0, SECOND / 2, SECOND, 3 * SECOND / 2]);
    }

    #[test]
    fn a_message_larger_than_the_bucket_waits_for_a_full_one() {
        let mut pace = Pace::new(None, Some(Rate { bytes_per_second: 1_000, burst: 100 }));
        pace.sent(message(1, 0, 4_000), 0);
        assert_eq!(pace.ready_at(message(2, 0, 4_000)), 4 * SECOND);
    }
}
