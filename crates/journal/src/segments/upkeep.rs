//! Work on sealed files: sidecars for those that have none, and new files for those that are mostly dead.
//!
//! ```text
//! rewrite  a.log b.log c.log ──► a.log.tmp (live messages, removals still needed) ── sync, rename ──► a.log ── b, c go
//! ```
//!
//! A new file says in its header which files it took the place of, so that a crash in between leaves no doubt. A removal
//! is still needed while the message it removes lies in a file before.

use std::io;
use std::sync::Arc;

use super::Segments;
use super::recovery::unfinished;
use crate::atomic::replace;
use crate::contents::Contents;
use crate::deleted::Deleted;
use crate::disk::{Disk, File};
use crate::record::{self, Entry, Kind, u32_of};
use crate::scan::{Bounds, Found, Scan};
use crate::segment::{HEADER_BYTES, Header, Hole, Name, Segment, is_worth_keeping};
use crate::sidecar;
use crate::store::{Live, Work};
use crate::summary::Builder;

/// Small files in a row that are made one, though none is mostly dead.
const MERGE_MIN: usize = 8;
/// A file is small below this part of the size at which it would be sealed.
const SMALL_PART: u32 = 8;
/// Bytes of a new file that are written at once.
const WRITE_BYTES: usize = 512 * 1024;

/// One piece of work.
pub(super) struct Upkeep {
    disk: Arc<dyn Disk>,
    volatile: bool,
    task: Task,
}

enum Task {
    /// Remove files that nobody needs.
    Remove(Vec<Name>),
    /// Write the sidecar of a file.
    Index(Input),
    Rewrite(Box<Rewrite>),
}

/// A file to read.
struct Input {
    header: Header,
    file: Arc<dyn File>,
    len: u32,
    /// The last sequence it stands for.
    limit: u64,
    hole: Option<Hole>,
}

struct Rewrite {
    inputs: Vec<Input>,
    header: Header,
    removed: Deleted,
    /// Files before those: base and what they were cleaned of.
    before: Vec<(u64, Name)>,
    /// The result.
    output: Option<(Contents, Arc<dyn File>)>,
}

impl Segments {
    pub(super) fn choose_upkeep(&mut self, live: &dyn Live) -> Option<Upkeep> {
        if self.upkeep_busy || !self.erasing.is_empty() || !self.erasing_now.is_empty() {
            return None;
        }
        let task = self.choose(live)?;
        self.upkeep_busy = true;
        Some(Upkeep { disk: self.disk.clone(), volatile: self.options.volatile, task })
    }

    fn choose(&mut self, live: &dyn Live) -> Option<Task> {
        if !self.dead.is_empty() {
            return Some(Task::Remove(std::mem::take(&mut self.dead)));
        }
        let sealed = self.segments.len().saturating_sub(1);
        let unindexed = self.segments[..sealed].iter().position(|segment| !segment.indexed);
        if let Some(at) = unindexed.filter(|_| !self.options.volatile) {
            return self.input(at).map(Task::Index);
        }
        let (first, last) = self.worth_rewriting(sealed, live)?;
        self.rewrite(first, last, live).map(|rewrite| Task::Rewrite(Box::new(rewrite)))
    }

    /// Files in a row of which a good part is dead, or that are very small.
    fn worth_rewriting(&self, sealed: usize, live: &dyn Live) -> Option<(usize, usize)> {
        let limit = u64::from(self.options.segment_bytes);
        let mut at = 0;
        while at < sealed {
            let (first, mut total, mut wasteful) = (at, 0, false);
            while at < sealed {
                let segment = &self.segments[at];
                let (mostly_dead, remains) = self.state(at, live);
                let small = u64::from(segment.len) * u64::from(SMALL_PART) <= limit;
                let reach = self.segments[at + 1].base() - self.segments[first].base();
                let fits = total + remains <= limit && u32::try_from(reach).is_ok();
                if !segment.holes.is_empty() || !(mostly_dead || small) || !fits {
                    break;
                }
                total += remains;
                wasteful |= mostly_dead;
                at += 1;
            }
            if wasteful || at - first >= MERGE_MIN {
                return Some((first, at - 1));
            }
            at = at.max(first + 1);
        }
        None
    }

    /// Whether less than half of a file is of use, and how many bytes of it are. What lies before the head does not count:
    /// it goes with the file.
    fn state(&self, at: usize, live: &dyn Live) -> (bool, u64) {
        let segment = &self.segments[at];
        let live_bytes = live.bytes(segment.base(), self.segments[at + 1].base().saturating_sub(1));
        let passed = if live.head() > segment.base() { segment.offset_before(live.head()) - HEADER_BYTES } else { 0 };
        let messages = segment.message_bytes.saturating_sub(passed.into());
        let removals = u64::from(segment.len - HEADER_BYTES).saturating_sub(segment.message_bytes);
        // A removal is of no use once the file of its message was rewritten. Which file that is, is not known here: as many
        // are taken to be useless as files before this one were rewritten since. It was looked at then, too, so that a
        // wrong guess is not made again.
        let news = self.segments[..at].iter().filter(|before| {
            let (theirs, ours) = (&before.header, &segment.header);
            theirs.cleaned > ours.until && theirs.generation > ours.generation
        });
        let useless = if at == 0 { removals } else { removals * news.count() as u64 / at as u64 };
        let useful = live_bytes + removals - useless;
        (useful * 2 < messages + removals, useful)
    }

    fn input(&mut self, at: usize) -> Option<Input> {
        self.open_file(at).ok()?;
        let limit = self.segments[at + 1].base().saturating_sub(1);
        let segment = &mut self.segments[at];
        segment.pinned = true;
        let file = segment.file.clone()?;
        Some(Input { header: segment.header, file, len: segment.len, limit, hole: None })
    }

    fn rewrite(&mut self, first: usize, last: usize, live: &dyn Live) -> Option<Rewrite> {
        let (generation, salt) = self.new_generation();
        let inputs: Vec<Input> = (first..=last).map_while(|at| self.input(at)).collect();
        if inputs.len() != last - first + 1 {
            self.unpin();
            return None;
        }
        let covered = self.segments[last + 1].base().saturating_sub(1);
        let (begin, end) = (self.segments[first].header, self.segments[last].header);
        let header = Header {
            salt,
            generation,
            name: begin.name,
            order: end.order,
            head: live.head(),
            cleaned: self.segments.last().map_or(Name::default(), Segment::name),
            until: end.until,
            covered: Some(covered),
            previous: begin.previous,
        };
        let removed = live.removed(begin.name.base, covered);
        let before = self.segments[..first].iter().map(|s| (s.base(), s.header.cleaned)).collect();
        Some(Rewrite { inputs, header, removed, before, output: None })
    }

    fn unpin(&mut self) {
        for segment in &mut self.segments {
            segment.pinned = false;
        }
    }

    pub(super) fn take_upkeep(&mut self, work: Upkeep, succeeded: bool) -> Option<(u64, u64)> {
        self.upkeep_busy = false;
        self.unpin();
        match work.task {
            Task::Remove(names) => {
                if !succeeded {
                    self.dead.extend(names);
                }
                None
            }
            Task::Index(input) => {
                let generation = input.header.generation;
                if let Some(segment) = self.segments.iter_mut().find(|s| s.header.generation == generation) {
                    segment.indexed |= succeeded;
                }
                None
            }
            Task::Rewrite(rewrite) => self.take_rewrite(*rewrite, succeeded),
        }
    }

    fn take_rewrite(&mut self, rewrite: Rewrite, succeeded: bool) -> Option<(u64, u64)> {
        for input in &rewrite.inputs {
            let generation = input.header.generation;
            let segment = self.segments.iter_mut().find(|s| s.header.generation == generation);
            if let (Some(hole), Some(segment)) = (input.hole, segment) {
                self.damages.push(hole.damage(segment.name().log()));
                segment.holes.push(hole);
            }
        }
        let (contents, file) = rewrite.output.filter(|_| succeeded)?;
        let is_input = |name: Name| rewrite.inputs.iter().any(|input| input.header.name == name);
        // Those that died meanwhile are no more, or are the new file by now.
        self.dead.retain(|name| !is_input(*name));
        let first = self.segments.iter().position(|segment| is_input(segment.name()));
        let count = self.segments.iter().filter(|segment| is_input(segment.name())).count();
        let Some(first) = first else {
            self.dead.push(rewrite.header.name);
            return None;
        };
        let base = rewrite.header.name.base;
        let segment = Segment {
            header: rewrite.header,
            end: contents.summary.last_message(),
            len: contents.len,
            message_bytes: contents.summary.bytes,
            offsets: contents.offsets,
            holes: Vec::new(),
            indexed: !self.options.volatile,
            file: Some(file),
            pinned: false,
        };
        self.segments.splice(first..first + count, [segment]);
        self.close_files(super::OPEN_MAX);
        Some((base, contents.summary.end))
    }
}

impl Work for Upkeep {
    fn run(&mut self) -> io::Result<()> {
        match &mut self.task {
            Task::Remove(names) => {
                // One that cannot be removed is found dead by recovery, or tried again.
                names.retain(|name| {
                    let _ = self.disk.remove(&name.index());
                    self.disk.remove(&name.log()).is_err_and(|error| error.kind() != io::ErrorKind::NotFound)
                });
                if names.is_empty() { Ok(()) } else { Err(io::Error::other("files that are not needed stay")) }
            }
            Task::Index(input) => {
                let contents = Contents::read(&*input.file, &input.header, input.len, input.limit, true)?;
                let bytes = sidecar::encode(&contents, input.header.generation);
                replace(&*self.disk, &input.header.name.index(), &bytes)
            }
            Task::Rewrite(rewrite) => rewrite.run(&*self.disk, self.volatile),
        }
    }
}

impl Rewrite {
    fn run(&mut self, disk: &dyn Disk, volatile: bool) -> io::Result<()> {
        let name = self.header.name;
        let temporary = unfinished(name);
        let file = disk.create(&temporary)?;
        let mut writer = Writer::new(&*file, self.header, volatile);
        let (base, head) = (name.base, self.header.head);
        for input in &mut self.inputs {
            // A removal of a message that was cleaned after it was recorded.
            let recorded = input.header.until;
            let needed = |sequence: u64| {
                let holder = self.before.iter().rev().find(|(base, _)| *base <= sequence);
                sequence >= head && sequence < base && holder.is_some_and(|(_, cleaned)| recorded >= *cleaned)
            };
            input.each(volatile, |entry| match entry.kind {
                Kind::Message if entry.sequence < head || self.removed.contains(entry.sequence) => Ok(()),
                Kind::Remove if !needed(entry.sequence) => Ok(()),
                Kind::Message | Kind::Remove => writer.entry(entry),
                Kind::Head => Ok(()),
            })?;
        }
        let contents = writer.finish()?;
        if !volatile {
            file.sync()?;
        }
        disk.rename(&temporary, &name.log())?;
        if !volatile {
            // Which makes both names durable.
            replace(disk, &name.index(), &sidecar::encode(&contents, self.header.generation))?;
        }
        for input in &self.inputs[1..] {
            // What stays is found out by recovery.
            let _ = disk.remove(&input.header.name.index());
            let _ = disk.remove(&input.header.name.log());
        }
        self.output = Some((contents, file));
        Ok(())
    }
}

impl Input {
    /// Calls `each` with every entry. Damage ends it: a damaged file stays as it is.
    fn each(&mut self, volatile: bool, mut each: impl FnMut(&Entry<'_>) -> io::Result<()>) -> io::Result<()> {
        if volatile {
            return self.each_unchecked(each);
        }
        let gapless = self.header.covered.is_none();
        let bounds = Bounds { last: self.header.name.base.saturating_sub(1), limit: self.limit, gapless };
        let mut scan = Scan::new(&*self.file, self.header.salt, HEADER_BYTES, self.len, bounds);
        let hole = loop {
            match scan.next()? {
                Found::Entry(_, entry) => each(&entry)?,
                Found::Hole(hole) => break hole,
                Found::Tail(from) => break Hole { from, to: self.len, lost: None },
                Found::End => return Ok(()),
            }
        };
        self.hole = Some(hole);
        Err(io::Error::new(io::ErrorKind::InvalidData, hole.damage(self.header.name.log()).to_string()))
    }

    fn each_unchecked(&self, mut each: impl FnMut(&Entry<'_>) -> io::Result<()>) -> io::Result<()> {
        let bytes = crate::disk::read_all(&*self.file)?;
        let mut rest = bytes.get(HEADER_BYTES as usize..self.len as usize).unwrap_or_default();
        while let Ok(entry) = Entry::decode(rest) {
            each(&entry)?;
            rest = &rest[entry.length() as usize..];
        }
        Ok(())
    }
}

/// Writes a new file, and notes what it holds.
struct Writer<'a> {
    file: &'a dyn File,
    header: Header,
    volatile: bool,
    builder: Builder,
    offsets: Vec<(u32, u32)>,
    buffer: Vec<u8>,
    /// Where the buffer goes.
    at: u32,
    /// Where its entries begin in it.
    entries: usize,
}

impl<'a> Writer<'a> {
    fn new(file: &'a dyn File, header: Header, volatile: bool) -> Self {
        let buffer = header.encode().to_vec();
        let entries = buffer.len();
        let builder = Builder::new(header.name.base, header.head);
        Self { file, header, volatile, builder, offsets: Vec::new(), buffer, at: 0, entries }
    }

    fn entry(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        let offset = self.at + u32_of(self.buffer.len());
        if entry.kind == Kind::Message {
            if is_worth_keeping(offset, self.offsets.last().map(|(_, kept)| *kept)) {
                let distance = u32::try_from(entry.sequence - self.header.name.base).unwrap_or(u32::MAX);
                self.offsets.push((distance, offset));
            }
            self.builder.message(entry);
        } else {
            self.builder.removal(entry);
        }
        // Each stands for itself: the commit it came with is long done.
        Entry { first_of_commit: true, ..*entry }.encode(&mut self.buffer);
        if self.buffer.len() >= WRITE_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.volatile {
            let offset = self.at + u32_of(self.entries);
            record::seal(&mut self.buffer[self.entries..], self.header.salt, offset);
        }
        self.file.write_at(&self.buffer, self.at.into())?;
        self.at += u32_of(self.buffer.len());
        self.entries = 0;
        self.buffer.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<Contents> {
        self.flush()?;
        self.builder.cover(self.header.covered.unwrap_or(0));
        let Self { builder, offsets, at, .. } = self;
        Ok(Contents { summary: builder.finish(), offsets, holes: Vec::new(), len: at, torn: false })
    }
}
