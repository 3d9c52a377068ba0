//! What a segment holds, by reading all of it.

use std::io;

use crate::disk::File;
use crate::record::{Entry, FIXED_BYTES, Kind, u32_of};
use crate::scan::{Bounds, Found, Scan};
use crate::segment::{HEADER_BYTES, Header, Hole, is_worth_keeping};
use crate::summary::{Builder, Summary};

/// All that is to be known of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contents {
    pub summary: Summary,
    /// See [`Segment::offsets`](crate::segment::Segment::offsets).
    pub offsets: Vec<(u32, u32)>,
    pub holes: Vec<Hole>,
    /// Where the last valid entry ends.
    pub len: u32,
    /// The entries after the last valid one do not end in damage that could be told from an unfinished write.
    pub torn: bool,
}

impl Contents {
    /// Reads the file up to `end`, none of its sequences being above `limit`. `sealed`: whatever is wrong is damage.
    pub fn read(file: &dyn File, header: &Header, end: u32, limit: u64, sealed: bool) -> io::Result<Self> {
        let base = header.name.base;
        let gapless = header.covered.is_none();
        let bounds = Bounds { last: base.saturating_sub(1), limit, gapless };
        let mut scan = Scan::new(file, header.salt, HEADER_BYTES, end, bounds);
        let mut reader = Reader {
            builder: Builder::new(base, header.head),
            base,
            offsets: Vec::new(),
            holes: Vec::new(),
            trailing: Vec::new(),
            tainted: false,
            open_hole: false,
        };
        let (mut len, mut torn) = (end, false);
        loop {
            match scan.next()? {
                Found::Entry(offset, entry) => reader.entry(offset, &entry),
                Found::Hole(hole) => reader.hole(hole),
                Found::Tail(from) if sealed => reader.hole(Hole { from, to: end, lost: None }),
                Found::Tail(from) => (len, torn) = (from, true),
                Found::End => break,
            }
        }
        if sealed {
            reader.settle();
        } else if let Some(first) = reader.trailing.first() {
            // Whole but for their bodies, and nothing behind them: what an unfinished write looks like.
            (len, torn) = (first.from, true);
        }
        if sealed {
            reader.lost(limit);
        } else if let Some(hole) = reader.holes.last().filter(|_| reader.open_hole) {
            // Nothing tells which messages it took: none that it may have taken is given again.
            let most = u64::from(hole.to - hole.from) / FIXED_BYTES as u64;
            reader.lost(reader.builder.end() + most);
        }
        if let Some(covered) = header.covered {
            reader.builder.cover(covered);
        }
        let Reader { builder, offsets, holes, .. } = reader;
        Ok(Self { summary: builder.finish(), offsets, holes, len, torn })
    }
}

struct Reader {
    builder: Builder,
    base: u64,
    offsets: Vec<(u32, u32)>,
    holes: Vec<Hole>,
    /// Messages with damaged bodies, behind which nothing valid came yet.
    trailing: Vec<Hole>,
    /// Damage came before in the same commit: what removals there made room for may be lost.
    tainted: bool,
    /// Which messages the last hole took is not known yet.
    open_hole: bool,
}

impl Reader {
    fn entry(&mut self, offset: u32, entry: &Entry<'_>) {
        self.settle();
        self.tainted &= !entry.first_of_commit;
        if entry.kind == Kind::Message {
            self.lost(entry.sequence - 1);
            if is_worth_keeping(offset, self.offsets.last().map(|(_, at)| *at)) {
                let distance = u32::try_from(entry.sequence - self.base).unwrap_or(u32::MAX);
                self.offsets.push((distance, offset));
            }
        }
        match entry.kind {
            Kind::Message => self.builder.message(entry),
            Kind::Remove if !self.tainted => self.builder.removal(entry),
            Kind::Head if !self.tainted => self.builder.head(entry.sequence),
            Kind::Remove | Kind::Head => {}
        }
    }

    fn hole(&mut self, hole: Hole) {
        self.tainted = true;
        if hole.lost.is_some() {
            self.trailing.push(hole);
        } else {
            self.settle();
            self.holes.push(hole);
            self.open_hole = true;
        }
    }

    /// Something valid follows the messages with damaged bodies: those are lost.
    fn settle(&mut self) {
        for hole in std::mem::take(&mut self.trailing) {
            let (first, last) = hole.lost.unwrap_or((0, 0));
            self.lost(first.saturating_sub(1));
            self.holes.push(hole);
            self.builder.cover(last);
        }
    }

    /// The messages up to `upto` that were not seen went with the last hole.
    fn lost(&mut self, upto: u64) {
        let first = self.builder.end() + 1;
        if std::mem::take(&mut self.open_hole)
            && first <= upto
            && let Some(hole) = self.holes.last_mut()
        {
            hole.lost = Some((first, upto));
            self.builder.cover(upto);
        }
    }
}

/// How much of a file is there, as far as entries can be addressed.
pub(crate) fn file_len(file: &dyn File) -> io::Result<u32> {
    Ok(u32_of(usize::try_from(file.len()?).unwrap_or(usize::MAX)))
}
