//! A disk that remembers every operation, to be found again as a crash at any of them may leave it.
//!
//! What was synced survives. Of the rest, each operation survives or not as the test decides, whole or in part, whatever
//! came before or after it: disks and file systems reorder. A file's name survives by a sync of the directory.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Disk, File, Memory};

/// Writes are torn at multiples of this.
const PIECE_BYTES: usize = 16;

/// What becomes of an operation that was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survival {
    /// It never happened.
    Lost,
    /// All of it happened.
    Whole,
    /// Of a write, only this many bytes from its beginning.
    Prefix(usize),
    /// Of a write, only some pieces: those whose bit is set, over and over again.
    Pieces(u64),
}

#[derive(Debug, Clone)]
enum Operation {
    Create { name: String, file: usize },
    Rename { from: String, to: String },
    Remove { name: String },
    SyncNames,
    Write { file: usize, offset: usize, bytes: Vec<u8> },
    SetLen { file: usize, len: usize },
    Sync { file: usize },
}

#[derive(Default)]
struct Inner {
    operations: Vec<Operation>,
    names: BTreeMap<String, usize>,
    files: Vec<Vec<u8>>,
}

/// The disk. Clones are the same disk.
#[derive(Clone, Default)]
pub struct Simulated {
    inner: Arc<Mutex<Inner>>,
}

impl Simulated {
    /// A disk on which everything in `memory` is durable.
    pub fn with(memory: &Memory) -> Self {
        let mut inner = Inner::default();
        for (name, bytes) in memory.contents() {
            let file = inner.files.len();
            inner.files.push(Vec::new());
            for operation in [
                Operation::Create { name, file },
                Operation::Write { file, offset: 0, bytes },
                Operation::Sync { file },
            ] {
                inner.apply(&operation, Survival::Whole);
                inner.operations.push(operation);
            }
        }
        inner.operations.push(Operation::SyncNames);
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    /// How many operations there were.
    pub fn operations(&self) -> usize {
        self.inner.lock().operations.len()
    }

    /// The disk after a crash when `count` operations were done. `fate` is asked about each that was not synced.
    pub fn crash(&self, count: usize, mut fate: impl FnMut() -> Survival) -> Memory {
        let inner = self.inner.lock();
        let done = &inner.operations[..count];
        let mut after = Inner { files: vec![Vec::new(); inner.files.len()], ..Inner::default() };
        for (at, operation) in done.iter().enumerate() {
            let survival = if is_synced(operation, &done[at + 1..]) { Survival::Whole } else { fate() };
            after.apply(operation, survival);
        }
        let memory = Memory::default();
        for (name, file) in after.names {
            // A directory in memory does not fail.
            if let Ok(opened) = memory.create(&name) {
                let _ = opened.write_at(&after.files[file], 0);
            }
        }
        memory
    }

    fn run(&self, operation: Operation) {
        let mut inner = self.inner.lock();
        inner.apply(&operation, Survival::Whole);
        inner.operations.push(operation);
    }
}

fn is_synced(operation: &Operation, later: &[Operation]) -> bool {
    match operation {
        Operation::Create { .. } | Operation::Rename { .. } | Operation::Remove { .. } => {
            later.iter().any(|other| matches!(other, Operation::SyncNames))
        }
        Operation::Write { file, .. } | Operation::SetLen { file, .. } => {
            later.iter().any(|other| matches!(other, Operation::Sync { file: synced } if synced == file))
        }
        Operation::Sync { .. } | Operation::SyncNames => true,
    }
}

impl Inner {
    fn apply(&mut self, operation: &Operation, survival: Survival) {
        if survival == Survival::Lost {
            return;
        }
        match operation {
            Operation::Create { name, file } => {
                self.names.insert(name.clone(), *file);
            }
            Operation::Rename { from, to } => {
                if let Some(file) = self.names.remove(from) {
                    self.names.insert(to.clone(), file);
                }
            }
            Operation::Remove { name } => {
                self.names.remove(name);
            }
            Operation::SetLen { file, len } => self.files[*file].resize(*len, 0),
            Operation::Write { file, offset, bytes } => {
                for (n, piece) in bytes.chunks(PIECE_BYTES).enumerate() {
                    let start = n * PIECE_BYTES;
                    let length = match survival {
                        Survival::Prefix(length) => length.saturating_sub(start).min(piece.len()),
                        Survival::Pieces(bits) if bits & (1 << (n % 64)) == 0 => 0,
                        _ => piece.len(),
                    };
                    if length > 0 {
                        self.write(*file, offset + start, &piece[..length]);
                    }
                }
            }
            Operation::Sync { .. } | Operation::SyncNames => {}
        }
    }

    fn write(&mut self, file: usize, offset: usize, bytes: &[u8]) {
        let held = &mut self.files[file];
        if held.len() < offset + bytes.len() {
            held.resize(offset + bytes.len(), 0);
        }
        held[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    fn find(&self, name: &str) -> io::Result<usize> {
        self.names.get(name).copied().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no file {name}")))
    }
}

fn place(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

impl Disk for Simulated {
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let mut inner = self.inner.lock();
        let file = inner.files.len();
        inner.files.push(Vec::new());
        drop(inner);
        self.run(Operation::Create { name: name.to_owned(), file });
        Ok(Arc::new(Handle { disk: self.clone(), file }))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let file = self.inner.lock().find(name)?;
        Ok(Arc::new(Handle { disk: self.clone(), file }))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.inner.lock().names.keys().cloned().collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.inner.lock().find(from)?;
        self.run(Operation::Rename { from: from.to_owned(), to: to.to_owned() });
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.inner.lock().find(name)?;
        self.run(Operation::Remove { name: name.to_owned() });
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.run(Operation::SyncNames);
        Ok(())
    }

    fn sub(&self, _: &str) -> io::Result<Arc<dyn Disk>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn remove_all(&self) -> io::Result<()> {
        for name in self.list()? {
            self.remove(&name)?;
        }
        self.sync()
    }
}

struct Handle {
    disk: Simulated,
    file: usize,
}

impl File for Handle {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let inner = self.disk.inner.lock();
        let rest = inner.files[self.file].get(place(offset)..).unwrap_or_default();
        let length = rest.len().min(into.len());
        into[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.disk.run(Operation::Write { file: self.file, offset: place(offset), bytes: bytes.to_vec() });
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.run(Operation::Sync { file: self.file });
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.run(Operation::SetLen { file: self.file, len: place(len) });
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.inner.lock().files[self.file].len() as u64)
    }
}
