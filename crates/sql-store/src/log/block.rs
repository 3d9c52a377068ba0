//! Messages one after the other in memory, as the journal's own encoding has them.

use journal::store::{Entry, Kind};

/// See the module.
#[derive(Debug, Default, Clone)]
pub(super) struct Block {
    /// Where each begins.
    starts: Vec<(u64, usize)>,
    encoded: Vec<u8>,
}

impl Block {
    pub fn push(&mut self, entry: &Entry<'_>) {
        self.starts.push((entry.sequence, self.encoded.len()));
        entry.encode(&mut self.encoded);
    }

    /// Takes in what follows.
    pub fn append(&mut self, other: &Self) {
        let base = self.encoded.len();
        self.starts.extend(other.starts.iter().map(|(sequence, start)| (*sequence, base + start)));
        self.encoded.extend_from_slice(&other.encoded);
    }

    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    pub fn bytes(&self) -> usize {
        self.encoded.len()
    }

    pub fn first(&self) -> Option<u64> {
        self.starts.first().map(|(sequence, _)| *sequence)
    }

    pub fn last(&self) -> Option<u64> {
        self.starts.last().map(|(sequence, _)| *sequence)
    }

    /// The first message at or after `from`, and where it begins.
    pub fn find(&self, from: u64) -> Option<(u64, usize)> {
        self.starts.get(self.starts.partition_point(|(sequence, _)| *sequence < from)).copied()
    }

    /// The message that begins there.
    pub fn entry(&self, start: usize) -> Entry<'_> {
        let bytes = self.encoded.get(start..).unwrap_or_default();
        // It was encoded here.
        Entry::decode(bytes).unwrap_or(Entry::bare(Kind::Message, 0))
    }

    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.starts.iter().map(|(_, start)| self.entry(*start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_gives_back_what_it_was_given() {
        let mut block = Block::default();
        for sequence in [3, 4, 9] {
            block.push(&Entry { payload: b"body", subject: b"s", ..Entry::bare(Kind::Message, sequence) });
        }
        let mut whole = Block::default();
        whole.append(&block);
        let mut more = Block::default();
        more.push(&Entry::bare(Kind::Message, 12));
        whole.append(&more);
        assert_eq!((whole.first(), whole.last()), (Some(3), Some(12)));
        let found = |from| whole.find(from).map(|(sequence, start)| (sequence, whole.entry(start).sequence));
        assert_eq!([1, 4, 5, 10, 13].map(found), [Some((3, 3)), Some((4, 4)), Some((9, 9)), Some((12, 12)), None]);
        assert_eq!(whole.entries().map(|entry| entry.payload.len()).collect::<Vec<_>>(), [4, 4, 4, 0]);
    }
}
