//! The sequences that are not live any more: a bit each at most, next to nothing for long runs.

use std::collections::BTreeMap;

/// Sequences a chunk covers. 2 KiB for a chunk in use, 24 bytes or so for one that is wholly deleted.
const CHUNK: u64 = 16 * 1024;
const WORDS: usize = (CHUNK / 64) as usize;
#[allow(clippy::cast_possible_truncation, reason = "16 Ki")]
const CHUNK_COUNT: u32 = CHUNK as u32;

type Bits = Box<[u64; WORDS]>;

#[derive(Debug, Clone)]
struct Chunk {
    count: u32,
    /// `None` when all are deleted.
    bits: Option<Bits>,
}

/// A set of sequences.
#[derive(Debug, Clone, Default)]
pub struct Deleted {
    chunks: BTreeMap<u64, Chunk>,
}

fn place(sequence: u64) -> (u64, usize, u64) {
    let within = sequence % CHUNK;
    (sequence / CHUNK, (within / 64) as usize, 1 << (within % 64))
}

impl Chunk {
    fn new() -> Self {
        Self { count: 0, bits: Some(Box::new([0; WORDS])) }
    }

    fn contains(&self, word: usize, bit: u64) -> bool {
        self.bits.as_ref().is_none_or(|bits| bits[word] & bit != 0)
    }

    fn count(&self, from: u64, to: u64) -> u64 {
        let Some(bits) = &self.bits else { return to - from + 1 };
        let (first, last) = ((from / 64) as usize, (to / 64) as usize);
        let mut count = 0;
        for (word, bits) in bits.iter().enumerate().take(last + 1).skip(first) {
            let mut bits = *bits;
            if word == first {
                bits &= u64::MAX << (from % 64);
            }
            if word == last {
                bits &= u64::MAX >> (63 - to % 64);
            }
            count += u64::from(bits.count_ones());
        }
        count
    }

    /// The first one at or after `from` within the chunk that is (`set`) or is not deleted.
    fn next(&self, from: u64, set: bool) -> Option<u64> {
        let Some(bits) = &self.bits else { return set.then_some(from) };
        let first = (from / 64) as usize;
        for (word, bits) in bits.iter().enumerate().skip(first) {
            let mut bits = if set { *bits } else { !*bits };
            if word == first {
                bits &= u64::MAX << (from % 64);
            }
            if bits != 0 {
                return Some(word as u64 * 64 + u64::from(bits.trailing_zeros()));
            }
        }
        None
    }

    /// The last one up to `to` within the chunk that is not deleted.
    fn previous_absent(&self, to: u64) -> Option<u64> {
        let bits = self.bits.as_ref()?;
        let last = (to / 64) as usize;
        for word in (0..=last).rev() {
            let mut bits = !bits[word];
            if word == last {
                bits &= u64::MAX >> (63 - to % 64);
            }
            if bits != 0 {
                return Some(word as u64 * 64 + 63 - u64::from(bits.leading_zeros()));
            }
        }
        None
    }
}

impl Deleted {
    /// Adds one. False if it was there.
    pub fn insert(&mut self, sequence: u64) -> bool {
        let (chunk, word, bit) = place(sequence);
        let chunk = self.chunks.entry(chunk).or_insert_with(Chunk::new);
        let Some(bits) = &mut chunk.bits else { return false };
        if bits[word] & bit != 0 {
            return false;
        }
        bits[word] |= bit;
        chunk.count += 1;
        if chunk.count == CHUNK_COUNT {
            chunk.bits = None;
        }
        true
    }

    /// Adds `first` to `last`, with both.
    pub fn insert_range(&mut self, first: u64, last: u64) {
        let mut at = first;
        while at <= last {
            let chunk_end = (at / CHUNK + 1).saturating_mul(CHUNK) - 1;
            if at.is_multiple_of(CHUNK) && chunk_end <= last {
                self.chunks.insert(at / CHUNK, Chunk { count: CHUNK_COUNT, bits: None });
                at = chunk_end + 1;
            } else {
                self.insert(at);
                at += 1;
            }
        }
    }

    /// Takes one out. False if it was not there.
    pub fn remove(&mut self, sequence: u64) -> bool {
        let (key, word, bit) = place(sequence);
        let Some(chunk) = self.chunks.get_mut(&key) else { return false };
        let bits = chunk.bits.get_or_insert_with(|| Box::new([u64::MAX; WORDS]));
        if bits[word] & bit == 0 {
            return false;
        }
        bits[word] &= !bit;
        chunk.count -= 1;
        if chunk.count == 0 {
            self.chunks.remove(&key);
        }
        true
    }

    /// Whether `sequence` is in it.
    pub fn contains(&self, sequence: u64) -> bool {
        let (chunk, word, bit) = place(sequence);
        self.chunks.get(&chunk).is_some_and(|chunk| chunk.contains(word, bit))
    }

    /// How many lie between `first` and `last`, with both.
    pub fn count(&self, first: u64, last: u64) -> u64 {
        if first > last {
            return 0;
        }
        let (from, to) = (first / CHUNK, last / CHUNK);
        self.chunks
            .range(from..=to)
            .map(|(key, chunk)| {
                let from = if *key == from { first % CHUNK } else { 0 };
                let to = if *key == to { last % CHUNK } else { CHUNK - 1 };
                chunk.count(from, to)
            })
            .sum()
    }

    /// The first sequence at or after `from` that is not in the set.
    pub fn next_absent(&self, from: u64) -> u64 {
        let mut at = from;
        for (key, chunk) in self.chunks.range(from / CHUNK..) {
            if *key != at / CHUNK {
                return at;
            }
            if let Some(within) = chunk.next(at % CHUNK, false) {
                return key * CHUNK + within;
            }
            at = (key + 1) * CHUNK;
        }
        at
    }

    /// The last sequence up to `to` that is not in the set, if there is one from `least` on.
    pub fn previous_absent(&self, to: u64, least: u64) -> Option<u64> {
        let mut at = to;
        for (key, chunk) in self.chunks.range(..=to / CHUNK).rev() {
            if *key != at / CHUNK {
                break;
            }
            if let Some(within) = chunk.previous_absent(at % CHUNK) {
                at = key * CHUNK + within;
                break;
            }
            at = (key * CHUNK).checked_sub(1)?;
        }
        (at >= least).then_some(at)
    }

    /// Those from `from` on, ascending.
    pub fn iter(&self, from: u64) -> impl Iterator<Item = u64> + '_ {
        self.chunks.range(from / CHUNK..).flat_map(move |(key, chunk)| {
            let start = from.saturating_sub(key * CHUNK);
            let mut next = Some(start);
            std::iter::from_fn(move || {
                let within = chunk.next(next?, true)?;
                next = (within + 1 < CHUNK).then_some(within + 1);
                Some(key * CHUNK + within)
            })
        })
    }

    /// Forgets those before `sequence`, or at least most of them.
    pub fn drop_before(&mut self, sequence: u64) {
        while let Some(entry) = self.chunks.first_entry() {
            if *entry.key() >= sequence / CHUNK {
                break;
            }
            entry.remove();
        }
    }

    /// A copy of those between `first` and `last`, and perhaps some around.
    #[must_use]
    pub fn copy(&self, first: u64, last: u64) -> Self {
        let chunks = self.chunks.range(first / CHUNK..=last / CHUNK);
        Self { chunks: chunks.map(|(key, chunk)| (*key, chunk.clone())).collect() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Around the seams of words and chunks.
    fn sequence() -> impl Strategy<Value = u64> {
        prop_oneof![0_u64..200, CHUNK - 70..CHUNK + 70, 3 * CHUNK - 5..3 * CHUNK + 5]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn it_is_a_set(
            steps in prop::collection::vec((0..4, sequence(), sequence()), 1..60),
            probes in prop::collection::vec((sequence(), sequence()), 10),
        ) {
            let (mut deleted, mut model) = (Deleted::default(), BTreeSet::new());
            for (what, a, b) in steps {
                match what {
                    0 => prop_assert_eq!(deleted.insert(a), model.insert(a)),
                    1 => prop_assert_eq!(deleted.remove(a), model.remove(&a)),
                    _ => {
                        deleted.insert_range(a, b);
                        model.extend(a..=b);
                    }
                }
            }
            for (a, b) in probes {
                prop_assert_eq!(deleted.contains(a), model.contains(&a));
                let count = if a > b { 0 } else { model.range(a..=b).count() as u64 };
                prop_assert_eq!(deleted.count(a, b), count);
                let next = (a..=u64::MAX).find(|s| !model.contains(s));
                prop_assert_eq!(Some(deleted.next_absent(a)), next);
                let previous = (b..=a).rev().find(|s| !model.contains(s));
                prop_assert_eq!(deleted.previous_absent(a, b), previous);
                prop_assert!(deleted.iter(a).eq(model.range(a..).copied()));
                if a <= b {
                    let copy = deleted.copy(a, b);
                    prop_assert!((a..=b).all(|s| copy.contains(s) == model.contains(&s)));
                    let mut rest = deleted.clone();
                    rest.drop_before(a);
                    prop_assert!(rest.iter(a).eq(model.range(a..).copied()));
                }
            }
        }
    }
}
