//! How fast counters grow: each compared with itself at the look before.

use hashbrown::HashMap;
use parking_lot::Mutex;

/// Rates are measured over at least this long, however many look.
const LOOK_TIME_MIN: i64 = 1_000_000_000;

/// What was seen longer ago says nothing about now.
const LOOK_TIME_MAX: i64 = 30_000_000_000;

/// The rates of `N` counters of each of many things. Holds what was there at the last look, and nothing before the first.
pub(super) struct Rates<const N: usize>(Mutex<Seen<N>>);

struct Seen<const N: usize> {
    at: i64,
    counts: HashMap<String, [u64; N]>,
    rates: HashMap<String, [f64; N]>,
}

impl<const N: usize> Default for Rates<N> {
    fn default() -> Self {
        Self(Mutex::new(Seen { at: 0, counts: HashMap::new(), rates: HashMap::new() }))
    }
}

impl<const N: usize> Rates<N> {
    /// What is counted at `now`, and by it the rates: how much each counter grows a second. Things that were not there at
    /// the look before, or were made anew since, have none.
    pub fn look(&self, now: i64, counts: impl Iterator<Item = (String, [u64; N])>) -> HashMap<String, [f64; N]> {
        let seen = &mut *self.0.lock();
        let passed = now - seen.at;
        if (0..LOOK_TIME_MIN).contains(&passed) {
            return seen.rates.clone();
        }
        let counts: HashMap<_, _> = counts.collect();
        seen.rates.clear();
        if (0..LOOK_TIME_MAX).contains(&passed) {
            for (name, count) in &counts {
                let Some(before) = seen.counts.get(name) else { continue };
                if count.iter().zip(before).all(|(now, before)| now >= before) {
                    let rates = std::array::from_fn(|nth| a_second(count[nth] - before[nth], passed));
                    seen.rates.insert(name.clone(), rates);
                }
            }
        }
        (seen.at, seen.counts) = (now, counts);
        seen.rates.clone()
    }
}

/// `grown` in `nanos`, as a second's.
#[expect(clippy::cast_precision_loss, reason = "a rate is rounded for people")]
fn a_second(grown: u64, nanos: i64) -> f64 {
    (grown as f64 * 1e10 / nanos as f64).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn a_rate_is_what_was_added_between_two_looks() {
        let rates = Rates::default();
        let look = |at: i64, counts: &[(&str, [u64; 1])]| {
            let told = rates.look(at, counts.iter().map(|(name, count)| ((*name).to_owned(), *count)));
            let mut told: Vec<_> = told.into_iter().map(|(name, [rate])| (name, rate)).collect();
            told.sort_by(|a, b| a.0.cmp(&b.0));
            told
        };
        let rate = |name: &str, rate| vec![(name.to_owned(), rate)];
        let begun = 1_000 * SECOND;
        assert_eq!(look(begun, &[("a", [5])]), [], "nothing to compare with");
        assert_eq!(look(begun + 2 * SECOND, &[("a", [10]), ("b", [7])]), rate("a", 2.5), "b is new");
        assert_eq!(look(begun + 2 * SECOND + 1, &[("a", [99])]), rate("a", 2.5), "too soon");
        assert_eq!(look(begun + 4 * SECOND, &[("a", [9]), ("b", [8])]), rate("b", 0.5), "a was made anew");
        assert_eq!(look(begun + 40 * SECOND, &[("a", [10]), ("b", [9])]), [], "nobody looked for long");
        assert_eq!(look(begun + 39 * SECOND, &[("a", [11])]), [], "the clock was set back");
        assert_eq!(look(begun + 41 * SECOND, &[("a", [31])]), rate("a", 10.0));
    }
}
