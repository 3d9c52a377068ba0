//! How long things took, kept in so few bytes that keeping it costs nothing: a histogram with buckets that
//! grow with what they hold.

use std::time::Duration;

/// 2⁷ buckets for each doubling: what is read back is at most 1/128 too high.
const BITS: u32 = 7;
const BUCKETS: usize = ((64 - BITS as usize) << BITS) + (1 << BITS);

/// Counts durations by their nanoseconds.
#[derive(Clone)]
pub struct Latency {
    counts: Box<[u64]>,
    count: u64,
    max: u64,
}

impl Default for Latency {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS].into_boxed_slice(), count: 0, max: 0 }
    }
}

impl Latency {
    pub fn record(&mut self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.counts[bucket(nanos)] += 1;
        self.count += 1;
        self.max = self.max.max(nanos);
    }

    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.count += other.count;
        self.max = self.max.max(other.max);
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.max)
    }

    /// The least duration that `share` (0 to 1) of all did not exceed. Zero if there was none.
    pub fn percentile(&self, share: f64) -> Duration {
        let rank = ((share * self.count as f64).ceil() as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Duration::from_nanos(highest(bucket).min(self.max));
            }
        }
        self.max()
    }
}

/// Below 2⁷ each number has its own bucket; above, the seven bits after the leading one choose it.
fn bucket(nanos: u64) -> usize {
    let doublings = (u64::BITS - nanos.leading_zeros()).saturating_sub(BITS + 1);
    ((doublings as usize) << BITS) + (nanos >> doublings) as usize
}

/// The highest number that falls into `bucket`.
fn highest(bucket: usize) -> u64 {
    let doublings = (bucket >> BITS).saturating_sub(1) as u32;
    let top = (bucket - ((doublings as usize) << BITS)) as u64;
    (((u128::from(top) + 1) << doublings) - 1) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_percentile_is_the_value_that_many_do_not_exceed() {
        let mut latency = Latency::default();
        assert_eq!(latency.percentile(0.5), Duration::ZERO);
        for micros in 1..=1000 {
            latency.record(Duration::from_micros(micros));
        }
        for (share, micros) in [(0.5, 500.0), (0.99, 990.0), (0.999, 999.0), (1.0, 1000.0)] {
            let read = latency.percentile(share).as_secs_f64() * 1e6;
            assert!((micros..=micros * 1.008).contains(&read), "{share}: {read}");
        }
        assert_eq!(latency.max(), Duration::from_millis(1));
    }

    #[test]
    fn merging_is_as_recording_into_one() {
        let (mut one, mut other) = (Latency::default(), Latency::default());
        one.record(Duration::from_nanos(5));
        other.record(Duration::from_secs(3));
        one.merge(&other);
        assert_eq!(one.percentile(0.5), Duration::from_nanos(5));
        assert_eq!(one.percentile(1.0), Duration::from_secs(3));
    }

    proptest! {
        #[test]
        fn a_bucket_holds_its_value_within_one_in_128(nanos: u64) {
            let high = highest(bucket(nanos));
            prop_assert!(high >= nanos);
            prop_assert!(high - nanos <= nanos >> BITS);
            prop_assert_eq!(bucket(high), bucket(nanos));
            prop_assert!(high == u64::MAX || bucket(high + 1) == bucket(nanos) + 1);
        }
    }
}
