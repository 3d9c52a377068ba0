//! Finding the files again after a stop, a crash, or worse.

use std::io;
use std::sync::Arc;

use super::{Segments, Tail};
use crate::atomic::{replace, temporary};
use crate::contents::{Contents, file_len};
use crate::disk::{File, read_all};
use crate::error::{Cut, Damage, OpenError, Recovery};
use crate::segment::{BadHeader, HEADER_BYTES, Header, Hole, Name, Segment};
use crate::sidecar;
use crate::summary::Summary;

/// A file with a sound header.
struct Candidate {
    header: Header,
    file: Arc<dyn File>,
    len: u32,
}

impl Segments {
    pub(super) fn recover_files(&mut self, each: &mut dyn FnMut(Summary)) -> Result<(Recovery, u64), OpenError> {
        let mut recovery = Recovery::default();
        let names = self.list(&mut recovery)?;
        let candidates = self.candidates(&names, &mut recovery)?;
        let mut head = candidates.iter().map(|c| c.header.head).max().unwrap_or(1);
        let count = candidates.len();
        let mut files = candidates.into_iter().peekable();
        let mut expected = None;
        while let Some(candidate) = files.next() {
            let next = files.peek().map(|next| next.header);
            let base = candidate.header.name.base;
            self.generation = self.generation.max(candidate.header.generation + 1);
            if let Some(first) = expected.filter(|first| *first < base) {
                recovery.damages.push(missing(candidate.header.name, first, base - 1));
            }
            let (mut contents, segment) = self.contents(&candidate, next, &mut recovery)?;
            head = head.max(contents.summary.head);
            expected = Some(contents.summary.end.max(base.saturating_sub(1)) + 1);
            recovery.damages.extend(segment.holes.iter().map(|hole| hole.damage(segment.name().log())));
            contents.summary.lost = segment.holes.iter().filter_map(|hole| hole.lost).collect();
            self.segments.push(segment);
            each(contents.summary);
        }
        if let Some(first) = self.segments.first()
            && first.base() > head
        {
            let damage = missing(first.name(), head, first.base() - 1);
            recovery.damages.insert(0, damage);
        }
        debug_assert_eq!(self.segments.len(), count);
        self.next = expected.unwrap_or(1).max(head);
        self.next_committed = self.next;
        self.head = head;
        self.close_files(super::OPEN_MAX);
        Ok((recovery, self.next - 1))
    }

    /// The log's files in order. Removes what was never finished.
    fn list(&self, recovery: &mut Recovery) -> Result<Vec<Name>, OpenError> {
        let files = self.disk.list().map_err(OpenError::disk("cannot list the files of the log"))?;
        let mut names: Vec<Name> = files.iter().filter_map(|file| Name::parse(file, "log")).collect();
        names.sort_unstable();
        for file in &files {
            let unfinished = file
                .strip_suffix(".tmp")
                .is_some_and(|file| Name::parse(file, "log").is_some() || Name::parse(file, "index").is_some());
            let orphan = Name::parse(file, "index").is_some_and(|name| names.binary_search(&name).is_err());
            if (unfinished || orphan) && self.disk.remove(file).is_err() {
                recovery.notes.push(format!("{file}: left over, and cannot be removed"));
            }
        }
        Ok(names)
    }

    /// The files that are part of the log. Those another took the place of are removed, as are those of commits that
    /// failed; those without a header that can be read are put aside.
    fn candidates(&self, names: &[Name], recovery: &mut Recovery) -> Result<Vec<Candidate>, OpenError> {
        let mut candidates: Vec<Candidate> = Vec::new();
        for name in names {
            let rewritten = candidates.last().filter(|before| before.header.covered.is_some());
            if rewritten.is_some_and(|before| *name <= before.header.until) {
                let _ = self.disk.remove(&name.log());
                let _ = self.disk.remove(&name.index());
                continue;
            }
            let file = name.log();
            let cannot_read = || OpenError::disk(format!("cannot read {file}"));
            let opened = self.disk.open(&file).map_err(cannot_read())?;
            let len = file_len(&*opened).map_err(cannot_read())?;
            let mut bytes = vec![0; HEADER_BYTES as usize];
            let read = opened.read_at(&mut bytes, 0).map_err(cannot_read())?;
            match Header::decode(&bytes[..read], name.turn) {
                Ok(header) if candidates.last().is_some_and(|before| header.order < before.header.order) => {
                    // Made for a commit that failed; another was made since.
                    let _ = self.disk.remove(&file);
                }
                Ok(header) if header.name == *name && len >= HEADER_BYTES => {
                    candidates.push(Candidate { header, file: opened, len });
                }
                Err(BadHeader::Version(version)) => return Err(OpenError::Version { file, version }),
                Ok(_) | Err(BadHeader::Damaged) => self.without_header(*name, len, recovery)?,
            }
        }
        Ok(candidates)
    }

    fn without_header(&self, name: Name, len: u32, recovery: &mut Recovery) -> Result<(), OpenError> {
        let file = name.log();
        if len <= HEADER_BYTES {
            // The crash came before its first entry was there.
            self.disk.remove(&file).map_err(OpenError::disk(format!("cannot remove {file}")))?;
            recovery.cuts.push(Cut { file, offset: 0, bytes: len.into() });
        } else {
            let aside = format!("{file}.damaged");
            self.disk.rename(&file, &aside).map_err(OpenError::disk(format!("cannot rename {file}")))?;
            recovery.notes.push(format!("{file}: its header cannot be read; it is put aside as {aside}"));
        }
        let _ = self.disk.remove(&name.index());
        Ok(())
    }

    /// What a file holds: by its sidecar, or by reading it. The last one is always read.
    fn contents(
        &mut self,
        candidate: &Candidate,
        next: Option<Header>,
        recovery: &mut Recovery,
    ) -> Result<(Contents, Segment), OpenError> {
        let Candidate { header, file, len } = candidate;
        let name = header.name.log();
        // How much of it was committed, by the one who came after it.
        let noted = next.and_then(|next| next.previous).filter(|(generation, _)| *generation == header.generation);
        let committed = noted.map(|(_, len)| len);
        let end = committed.map_or(*len, |committed| committed.min(*len));
        let by_sidecar = next.and_then(|_| self.by_sidecar(header, end, committed));
        let indexed = by_sidecar.is_some();
        let mut contents = if let Some(contents) = by_sidecar {
            contents
        } else {
            recovery.scanned_files += 1;
            recovery.scanned_bytes += u64::from(end);
            let limit = next.map_or(u64::MAX / 2, |next| next.name.base.saturating_sub(1));
            Contents::read(&**file, header, end, limit, next.is_some())
                .map_err(OpenError::disk(format!("cannot read {name}")))?
        };
        if let Some(committed) = committed.filter(|committed| *committed > *len) {
            contents.holes.push(Hole { from: *len, to: committed, lost: None });
        }
        let mut sound = contents.holes.is_empty();
        if contents.torn {
            recovery.cuts.push(Cut {
                file: name.clone(),
                offset: contents.len.into(),
                bytes: u64::from(end - contents.len),
            });
            // Should it not be possible, the next file will say how much of this one counts.
            sound &= file.set_len(contents.len.into()).and_then(|()| file.sync()).is_ok();
        }
        let mut segment = Segment {
            header: *header,
            end: contents.summary.last_message(),
            len: contents.len,
            message_bytes: contents.summary.bytes,
            offsets: std::mem::take(&mut contents.offsets),
            holes: contents.holes.clone(),
            indexed,
            file: Some(file.clone()),
            pinned: false,
        };
        segment.offsets.shrink_to_fit();
        if next.is_none() && sound && header.covered.is_none() {
            let kept = segment.offsets.last().map(|(_, offset)| *offset);
            self.tail = Some(Tail { header: *header, offset: contents.len, kept });
        }
        if next.is_some() && !indexed {
            contents.offsets.clone_from(&segment.offsets);
            let bytes = sidecar::encode(&contents, header.generation);
            // Without it the file is read again next time.
            segment.indexed = replace(&*self.disk, &header.name.index(), &bytes).is_ok();
        }
        Ok((contents, segment))
    }

    fn by_sidecar(&self, header: &Header, len: u32, committed: Option<u32>) -> Option<Contents> {
        let file = match self.disk.open(&header.name.index()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            opened => opened.ok()?,
        };
        let contents = sidecar::decode(&read_all(&*file).ok()?, header.generation)?;
        let fits = contents.len <= len && committed.is_none_or(|committed| committed == contents.len);
        fits.then_some(contents)
    }
}

fn missing(before: Name, first: u64, last: u64) -> Damage {
    let file = before.log();
    Damage { file, offset: 0, bytes: 0, sequences: Some((first, last)), what: "what comes before it is missing" }
}

/// The name under which a file is written before it takes its own.
pub(super) fn unfinished(name: Name) -> String {
    temporary(&name.log())
}
