//! Blocks of files in memory: what was committed last, and what is being read.

use std::io;

use crate::disk::File;
use crate::record::{FIXED_BYTES, length, u32_of};

/// Blocks kept. As many readers at different places as are served without reading again.
const SLOTS_MAX: usize = 6;
/// Bytes read ahead for one who reads on.
const AHEAD_BYTES: usize = 64 * 1024;
/// Bytes read for one who comes from elsewhere: as far as offsets are apart, twice.
const RANDOM_BYTES: usize = 8 * 1024;
/// Bytes of the newest commits that are kept together, for those who read at the end.
const TAIL_BYTES: usize = 128 * 1024;

#[derive(Debug, Default)]
struct Slot {
    /// The file, by its generation.
    file: u64,
    at: u32,
    bytes: Vec<u8>,
    used: u64,
}

impl Slot {
    fn end(&self) -> u32 {
        self.at + u32_of(self.bytes.len())
    }

    fn holds(&self, file: u64, offset: u32, bytes: usize) -> bool {
        self.file == file && self.at <= offset && offset as usize + bytes <= self.end() as usize
    }
}

/// The blocks.
#[derive(Debug, Default)]
pub(super) struct Cache {
    slots: Vec<Slot>,
    clock: u64,
}

/// A file as far as it is committed.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub generation: u64,
    pub len: u32,
    pub file: &'a dyn File,
}

impl Cache {
    /// Has all of the entry at `offset` in a slot, if its length can be believed; what is there up to the end if not.
    /// Returns the slot and where in it the entry begins.
    pub fn entry(&mut self, source: Source<'_>, offset: u32) -> io::Result<(usize, usize)> {
        let rest = (source.len - offset) as usize;
        let (slot, start) = self.load(source, offset, FIXED_BYTES.min(rest))?;
        match length(&self.slots[slot].bytes[start..]) {
            Ok(length) if length <= rest => self.load(source, offset, length),
            _ => Ok((slot, start)),
        }
    }

    /// The bytes of a slot from `start` on.
    pub fn bytes(&self, slot: usize, start: usize) -> &[u8] {
        self.slots.get(slot).and_then(|slot| slot.bytes.get(start..)).unwrap_or_default()
    }

    fn load(&mut self, source: Source<'_>, offset: u32, bytes: usize) -> io::Result<(usize, usize)> {
        self.clock += 1;
        let found = self.slots.iter().position(|slot| slot.holds(source.generation, offset, bytes));
        if let Some(at) = found {
            let slot = &mut self.slots[at];
            slot.used = self.clock;
            return Ok((at, (offset - slot.at) as usize));
        }
        // One that ends here was read to its end: whoever did reads on.
        let reads_on = self.slots.iter().any(|slot| {
            slot.file == source.generation && slot.at < offset.max(1) && slot.end() >= offset && slot.end() < source.len
        });
        let ahead = if reads_on { AHEAD_BYTES } else { RANDOM_BYTES };
        let wanted = bytes.max(ahead).min((source.len - offset) as usize);
        let at = self.free_slot();
        let slot = &mut self.slots[at];
        // Of no file until it was read.
        slot.file = 0;
        slot.bytes.resize(wanted, 0);
        let read = source.file.read_at(&mut slot.bytes, offset.into())?;
        if read < bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        slot.bytes.truncate(read);
        (slot.file, slot.at, slot.used) = (source.generation, offset, self.clock);
        Ok((at, 0))
    }

    /// Takes in what was committed at the end of a file.
    pub fn append(&mut self, file: u64, offset: u32, bytes: &[u8]) {
        if bytes.len() > TAIL_BYTES {
            return;
        }
        self.clock += 1;
        let grows =
            |slot: &Slot| slot.file == file && slot.end() == offset && slot.bytes.len() + bytes.len() <= TAIL_BYTES;
        let at = self.slots.iter().position(grows).unwrap_or_else(|| {
            let at = self.free_slot();
            let slot = &mut self.slots[at];
            (slot.file, slot.at) = (file, offset);
            slot.bytes.clear();
            at
        });
        self.slots[at].used = self.clock;
        self.slots[at].bytes.extend_from_slice(bytes);
    }

    fn free_slot(&mut self) -> usize {
        if self.slots.len() < SLOTS_MAX {
            self.slots.push(Slot::default());
            return self.slots.len() - 1;
        }
        let oldest = (0..self.slots.len()).min_by_key(|at| self.slots[*at].used).unwrap_or(0);
        let slot = &mut self.slots[oldest];
        // What a large message needed is not kept for small ones.
        if slot.bytes.capacity() > 2 * TAIL_BYTES {
            slot.bytes = Vec::new();
        }
        oldest
    }

    pub fn clear(&mut self) {
        self.slots = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{Disk, Memory};
    use crate::record::{Entry, Kind};

    #[test]
    fn entries_come_whole_wherever_blocks_end() {
        let file = Memory::default().create("f").unwrap();
        let (mut bytes, mut offsets) = (Vec::new(), Vec::new());
        for n in 0..400_usize {
            offsets.push(u32_of(bytes.len()));
            // Some longer than any block.
            let payload = vec![1; if n % 90 == 7 { 200_000 } else { n * 7 % 600 }];
            Entry { payload: &payload, ..Entry::bare(Kind::Message, n as u64) }.encode(&mut bytes);
        }
        file.write_at(&bytes, 0).unwrap();
        let source = Source { generation: 1, len: u32_of(bytes.len()), file: &*file };
        let mut cache = Cache::default();
        let orders: [Vec<usize>; 3] =
            [(0..400).collect(), (0..400).rev().collect(), (0..400).map(|n| n * 7 % 400).collect()];
        for n in orders.into_iter().flatten() {
            let (slot, start) = cache.entry(source, offsets[n]).unwrap();
            let entry = Entry::decode(cache.bytes(slot, start)).unwrap();
            assert_eq!(entry.sequence, n as u64);
        }
        assert!(cache.slots.len() <= SLOTS_MAX);
    }

    #[test]
    fn what_was_committed_last_is_read_without_the_disk() {
        let disk = Memory::default();
        let empty = disk.create("f").unwrap();
        let mut cache = Cache::default();
        let (mut bytes, mut offset) = (Vec::new(), 256);
        for n in 0..100 {
            bytes.clear();
            Entry { payload: &[7; 1000], ..Entry::bare(Kind::Message, n) }.encode(&mut bytes);
            cache.append(1, offset, &bytes);
            let source = Source { generation: 1, len: offset + u32_of(bytes.len()), file: &*empty };
            let (slot, start) = cache.entry(source, offset).unwrap();
            assert_eq!(Entry::decode(cache.bytes(slot, start)).unwrap().sequence, n);
            offset += u32_of(bytes.len());
        }
    }
}
