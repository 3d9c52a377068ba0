//! A directory in memory, for logs that need not outlive the process.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use super::{Disk, File};

/// Bytes a file grows by: it never moves what it holds, and frees what is cut off.
const PAGE_BYTES: usize = 64 * 1024;

/// Bytes of a file's first page, so that a store of many small logs stays small; doubled until a page is reached.
const FIRST_BYTES: usize = 4 * 1024;

/// A directory in memory. Clones are the same directory.
#[derive(Clone, Default)]
pub struct Memory {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    files: BTreeMap<String, Arc<Pages>>,
    subs: BTreeMap<String, Memory>,
}

impl Memory {
    /// Every file with its bytes, by name.
    pub fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let inner = self.inner.lock();
        inner.files.iter().map(|(name, file)| (name.clone(), file.bytes())).collect()
    }
}

fn not_found(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("no file {name}"))
}

impl Disk for Memory {
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let mut inner = self.inner.lock();
        let file = inner.files.entry(name.to_owned()).or_default().clone();
        file.set_len(0)?;
        Ok(file)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        match self.inner.lock().files.get(name) {
            Some(file) => Ok(file.clone()),
            None => Err(not_found(name)),
        }
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.inner.lock().files.keys().cloned().collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut inner = self.inner.lock();
        let file = inner.files.remove(from).ok_or_else(|| not_found(from))?;
        inner.files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.inner.lock().files.remove(name).map(drop).ok_or_else(|| not_found(name))
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn sub(&self, name: &str) -> io::Result<Arc<dyn Disk>> {
        Ok(Arc::new(self.inner.lock().subs.entry(name.to_owned()).or_default().clone()))
    }

    fn remove_all(&self) -> io::Result<()> {
        *self.inner.lock() = Inner::default();
        Ok(())
    }
}

/// A file's bytes: every page but the last is full.
#[derive(Default)]
struct Pages(RwLock<Held>);

#[derive(Default)]
struct Held {
    pages: Vec<Vec<u8>>,
    len: usize,
}

fn position(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(|_| io::ErrorKind::FileTooLarge.into())
}

impl Held {
    fn resize(&mut self, len: usize) {
        let count = len.div_ceil(PAGE_BYTES);
        self.pages.truncate(count);
        while self.pages.len() < count {
            if let Some(last) = self.pages.last_mut() {
                last.resize(PAGE_BYTES, 0);
            }
            self.pages.push(Vec::new());
        }
        if let Some(last) = self.pages.last_mut() {
            let rest = len - (count - 1) * PAGE_BYTES;
            if rest > last.capacity() {
                let wanted = rest.next_power_of_two().clamp(FIRST_BYTES, PAGE_BYTES);
                last.reserve_exact(wanted - last.len());
            }
            last.resize(rest, 0);
        }
        self.len = len;
    }

    /// Calls `each` with every page's part of `offset..offset + len`, and where in that range it begins.
    fn parts(&mut self, offset: usize, len: usize, mut each: impl FnMut(&mut [u8], usize)) {
        let mut done = 0;
        while done < len {
            let at = offset + done;
            let (page, start) = (at / PAGE_BYTES, at % PAGE_BYTES);
            let count = (len - done).min(PAGE_BYTES - start);
            each(&mut self.pages[page][start..start + count], done);
            done += count;
        }
    }
}

impl Pages {
    fn bytes(&self) -> Vec<u8> {
        self.0.read().pages.concat()
    }
}

impl File for Pages {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let held = self.0.read();
        let offset = position(offset)?;
        let len = into.len().min(held.len.saturating_sub(offset));
        let mut done = 0;
        while done < len {
            let at = offset + done;
            let (page, start) = (at / PAGE_BYTES, at % PAGE_BYTES);
            let count = (len - done).min(PAGE_BYTES - start);
            into[done..done + count].copy_from_slice(&held.pages[page][start..start + count]);
            done += count;
        }
        Ok(len)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut held = self.0.write();
        let offset = position(offset)?;
        let end = offset.checked_add(bytes.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        if end > held.len {
            held.resize(end);
        }
        held.parts(offset, bytes.len(), |part, from| part.copy_from_slice(&bytes[from..from + part.len()]));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.write().resize(position(len)?);
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.read().len as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_reads_as_it_was_written_across_pages_cuts_and_holes() {
        let disk = Memory::default();
        let file = disk.create("a").unwrap();
        let mut model: Vec<u8> = Vec::new();
        let steps: [(usize, usize); 6] =
            [(0, 10), (5, 5000), (PAGE_BYTES - 3, 7), (3 * PAGE_BYTES + 1, PAGE_BYTES), (70_000, 1), (0, PAGE_BYTES)];
        for (n, (offset, len)) in steps.into_iter().enumerate() {
            let bytes: Vec<u8> = (0..len).map(|i| u8::try_from((i + n) % 251).unwrap()).collect();
            file.write_at(&bytes, offset as u64).unwrap();
            if model.len() < offset + len {
                model.resize(offset + len, 0);
            }
            model[offset..offset + len].copy_from_slice(&bytes);
            assert_eq!(disk.contents()["a"], model);
        }
        for cut in [2 * PAGE_BYTES, PAGE_BYTES + 1, 17, 90_000, 0] {
            file.set_len(cut as u64).unwrap();
            model.resize(cut, 0);
            let mut read = vec![1; cut + 10];
            assert_eq!(file.read_at(&mut read, 0).unwrap(), cut);
            assert_eq!(read[..cut], model);
        }
    }

    #[test]
    fn a_renamed_or_removed_file_stays_open() {
        let disk = Memory::default();
        let old = disk.create("old").unwrap();
        old.write_at(b"old", 0).unwrap();
        disk.create("new").unwrap().write_at(b"new", 0).unwrap();
        disk.rename("new", "old").unwrap();
        let mut read = [0; 3];
        old.read_at(&mut read, 0).unwrap();
        assert_eq!(&read, b"old");
        assert_eq!(disk.contents()["old"], b"new");
        disk.remove("old").unwrap();
        assert!(disk.open("old").is_err());
    }
}
