//! Staging and commits.

use std::io;
use std::sync::Arc;

use super::{SPARE_BYTES_MAX, Segments, Tail, is_empty};
use crate::disk::{Disk, File};
use crate::log::Sync;
use crate::record::{self, Entry, Kind, mark_first_of_commit, u32_of};
use crate::segment::{HEADER_BYTES, Header, Segment, is_worth_keeping};
use crate::store::Write;

/// What of a batch goes to one file.
#[derive(Debug)]
pub(super) struct Part {
    header: Header,
    /// The file is made with it.
    creates: bool,
    /// Where it begins in the buffer, and where its entries begin: behind the header, if it makes the file.
    start: usize,
    entries: usize,
    /// Where it goes in the file.
    offset: u32,
    /// The last message in it.
    end: Option<u64>,
    message_bytes: u64,
    offsets: Vec<(u32, u32)>,
}

/// A removed message whose body is to be overwritten.
struct Erasure {
    sequence: u64,
    file: Arc<dyn File>,
    /// Where the file says that it is erased.
    flag: u64,
    body: u64,
    body_bytes: usize,
}

/// A batch on its way.
pub(super) struct Batch {
    disk: Arc<dyn Disk>,
    volatile: bool,
    buffer: Vec<u8>,
    parts: Vec<Part>,
    /// The file of each part: open already, or made when it is written.
    files: Vec<Option<Arc<dyn File>>>,
    erasures: Vec<Erasure>,
    /// Messages that are still to be erased.
    not_erased: Vec<u64>,
    /// The disk would not.
    refused: bool,
}

impl Segments {
    pub(super) fn stage_entry(&mut self, entry: &Entry<'_>) -> bool {
        let length = entry.length();
        let fits = |tail: &Tail| is_empty(tail.offset) || tail.offset + length <= self.options.segment_bytes;
        let opens = !self.tail.as_ref().is_some_and(fits);
        if opens {
            self.begin_file();
        } else if self.parts.is_empty() {
            self.begin_part(false);
        }
        let (Some(tail), Some(part)) = (&mut self.tail, self.parts.last_mut()) else { return opens };
        let first = self.buffer.len();
        entry.encode(&mut self.buffer);
        // The buffer's, that is: a commit's first entry is the first of its first part.
        if first == part.entries && part.start == 0 {
            mark_first_of_commit(&mut self.buffer[first..]);
        }
        if entry.kind == Kind::Message {
            if is_worth_keeping(tail.offset, tail.kept) {
                let distance = u32::try_from(entry.sequence - tail.header.name.base).unwrap_or(u32::MAX);
                part.offsets.push((distance, tail.offset));
                tail.kept = Some(tail.offset);
            }
            part.end = Some(entry.sequence);
            part.message_bytes += u64::from(length);
            self.next = entry.sequence + 1;
        }
        tail.offset += length;
        opens
    }

    fn begin_file(&mut self) {
        let header = self.next_header();
        self.tail = Some(Tail { header, offset: HEADER_BYTES, kept: None });
        self.begin_part(true);
    }

    fn begin_part(&mut self, creates: bool) {
        let Some(tail) = &self.tail else { return };
        let start = self.buffer.len();
        if creates {
            self.buffer.extend_from_slice(&tail.header.encode());
        }
        self.parts.push(Part {
            header: tail.header,
            creates,
            start,
            entries: self.buffer.len(),
            offset: if creates { 0 } else { tail.offset },
            end: None,
            message_bytes: 0,
            offsets: Vec::new(),
        });
    }

    pub(super) fn begin_batch(&mut self) -> Batch {
        let (erasures, not_erased) = self.erasures();
        for part in self.parts.iter_mut().filter(|part| part.creates) {
            // Known better now than when the file was staged: recovery misses nothing before it.
            part.header.head = self.head;
            self.buffer[part.start..part.entries].copy_from_slice(&part.header.encode());
        }
        let files = self.parts.iter().map(|part| {
            let last = self.segments.last().filter(|_| !part.creates);
            last.and_then(|segment| segment.file.clone())
        });
        Batch {
            disk: self.disk.clone(),
            volatile: self.options.volatile,
            files: files.collect(),
            buffer: std::mem::take(&mut self.buffer),
            parts: std::mem::take(&mut self.parts),
            erasures,
            not_erased,
            refused: false,
        }
    }

    /// What to overwrite, and the messages that have to wait for a later batch: those that are not committed yet, and all
    /// while files are being rewritten.
    fn erasures(&mut self) -> (Vec<Erasure>, Vec<u64>) {
        self.erasing = std::mem::take(&mut self.erase);
        self.erasing_now = std::mem::take(&mut self.erase_now);
        let (mut erasures, mut waiting) = (Vec::new(), Vec::new());
        for sequence in [&*self.erasing, &*self.erasing_now].concat() {
            if self.upkeep_busy || sequence >= self.next_committed {
                waiting.push(sequence);
            } else if let Ok(Some((at, offset))) = self.locate(sequence) {
                // One that is not there any more needs no erasing, and one that cannot be read cannot be had.
                erasures.extend(self.erasure(at, offset));
            }
        }
        (erasures, waiting)
    }

    fn erasure(&mut self, at: usize, offset: u32) -> Option<Erasure> {
        let (slot, start) = self.entry_at(at, offset).ok()?;
        let entry = Entry::decode(self.cache.bytes(slot, start)).ok()?;
        let body = u32_of(entry.head_bytes());
        let file = self.segments[at].file.clone()?;
        Some(Erasure {
            sequence: entry.sequence,
            file,
            flag: u64::from(offset + record::ERASED_AT),
            body: u64::from(offset + body),
            body_bytes: (entry.length() - body) as usize,
        })
    }

    pub(super) fn end_batch(&mut self, batch: Batch, succeeded: bool, head: u64) {
        if succeeded {
            self.take_batch(batch, head);
        } else {
            self.forget_batch(batch);
        }
    }

    fn take_batch(&mut self, mut batch: Batch, head: u64) {
        let ends: Vec<usize> = batch.parts.iter().skip(1).map(|part| part.start).chain([batch.buffer.len()]).collect();
        for ((part, file), end) in batch.parts.drain(..).zip(batch.files.drain(..)).zip(ends) {
            if part.creates {
                self.seal_last();
                self.segments.push(Segment {
                    header: part.header,
                    end: part.header.name.base.saturating_sub(1),
                    len: 0,
                    message_bytes: 0,
                    offsets: Vec::new(),
                    holes: Vec::new(),
                    indexed: false,
                    file,
                    pinned: false,
                });
            }
            let bytes = &batch.buffer[part.start..end];
            let Some(segment) = self.segments.last_mut() else { continue };
            segment.len = part.offset + u32_of(bytes.len());
            segment.message_bytes += part.message_bytes;
            segment.offsets.extend_from_slice(&part.offsets);
            if let Some(end) = part.end {
                segment.end = end;
                self.next_committed = end + 1;
            }
            self.cache.append(part.header.generation, part.offset, bytes);
        }
        self.erasing.clear();
        self.erasing_now.clear();
        self.erase_now.append(&mut batch.not_erased);
        self.erase_refused = batch.refused;
        self.head = self.head.max(head);
        self.drop_dead();
        self.recycle(batch.buffer);
    }

    fn seal_last(&mut self) {
        if let Some(last) = self.segments.last_mut() {
            last.offsets.shrink_to_fit();
        }
        self.close_files(super::OPEN_MAX);
    }

    /// What of the file the batch went to is on disk, nobody knows: it is left alone from here on.
    fn forget_batch(&mut self, batch: Batch) {
        // The removals that were staged are undone: nothing is to be erased for them.
        self.erase.clear();
        self.erasing.clear();
        self.erase_now.append(&mut self.erasing_now);
        self.parts.clear();
        self.next = self.next_committed;
        self.tail = None;
        self.buffer.clear();
        if self.buffer.capacity() == 0 {
            self.recycle(batch.buffer);
        }
    }

    fn recycle(&mut self, mut buffer: Vec<u8>) {
        if self.buffer.capacity() == 0 && buffer.capacity() <= SPARE_BYTES_MAX {
            buffer.clear();
            self.buffer = buffer;
        }
    }

    /// Lets go of the files before the head; never of the last, which knows where the log ends.
    fn drop_dead(&mut self) {
        let dead = self.segments.windows(2).take_while(|pair| pair[1].base() <= self.head).count();
        for segment in self.segments.drain(..dead) {
            if self.options.volatile && !self.upkeep_busy {
                let _ = self.disk.remove(&segment.name().log());
            } else {
                self.dead.push(segment.name());
            }
        }
    }
}

impl Write for Batch {
    fn run(&mut self, sync: Sync) -> io::Result<()> {
        let sync = sync == Sync::Always && !self.volatile;
        let end = self.buffer.len();
        for at in 0..self.parts.len() {
            let end = self.parts.get(at + 1).map_or(end, |next| next.start);
            if let Err(error) = self.write_part(at, end, sync) {
                self.undo(at);
                return Err(error);
            }
        }
        // First all say that they are erased, so that no torn body is taken for damage.
        let marked = erase(&self.erasures, sync, |erasure| erasure.file.write_at(&[record::ERASED], erasure.flag));
        let erased = marked.and_then(|()| {
            erase(&self.erasures, sync, |erasure| erasure.file.write_at(&vec![0; erasure.body_bytes], erasure.body))
        });
        if erased.is_err() {
            self.not_erased.extend(self.erasures.iter().map(|erasure| erasure.sequence));
            self.refused = true;
        }
        Ok(())
    }
}

impl Batch {
    fn write_part(&mut self, at: usize, end: usize, sync: bool) -> io::Result<()> {
        let part = &self.parts[at];
        if !self.volatile {
            let offset = part.offset + u32_of(part.entries - part.start);
            record::seal(&mut self.buffer[part.entries..end], part.header.salt, offset);
        }
        let file = match &self.files[at] {
            Some(file) => file.clone(),
            None if part.creates => {
                let file = self.disk.create(&part.header.name.log())?;
                self.files[at] = Some(file.clone());
                file
            }
            None => self.disk.open(&part.header.name.log())?,
        };
        file.write_at(&self.buffer[part.start..end], part.offset.into())?;
        if sync {
            file.sync()?;
            if part.creates {
                self.disk.sync()?;
            }
        }
        Ok(())
    }

    /// Tidies up as far as the disk lets us, once a part failed; nothing relies on it.
    fn undo(&mut self, failed: usize) {
        for (part, file) in self.parts.iter().zip(&self.files).take(failed + 1) {
            if let Some(file) = file {
                let _ = file.set_len(part.offset.into());
            }
            if part.creates {
                let _ = self.disk.remove(&part.header.name.log());
            }
        }
    }
}

/// Does one step of erasing, and syncs it.
fn erase(erasures: &[Erasure], sync: bool, step: impl Fn(&Erasure) -> io::Result<()>) -> io::Result<()> {
    erasures.iter().try_for_each(step)?;
    let mut synced: Vec<&Arc<dyn File>> = Vec::new();
    for file in erasures.iter().map(|erasure| &erasure.file).filter(|_| sync) {
        if !synced.iter().any(|other| Arc::ptr_eq(other, file)) {
            file.sync()?;
            synced.push(file);
        }
    }
    Ok(())
}
