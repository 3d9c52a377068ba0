//! Room set aside on the disk, so that on a full one there is enough to write down what is removed.
//!
//! The log writes a removal down before it frees anything. On a disk that is full to the last byte that could never be
//! done: nothing would help but to delete whole streams. So a file takes some room while there is plenty, and is removed
//! when a stream finds none. Until it is back no stream takes messages: what room there is, is for making more.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use journal::{Directory, Disk};
use parking_lot::Mutex;

/// Enough for thousands of removals, a purge of every stream, and the consumers' acknowledgements meanwhile.
const RESERVE_BYTES: usize = 1024 * 1024;

/// What has to be free besides: set aside out of the last room there is, it would be missing where it was given.
const BESIDES_BYTES: usize = RESERVE_BYTES;

const FILE: &str = "reserve";

/// See the module's text.
pub struct Reserve {
    /// Where; nowhere for streams in memory.
    disk: Option<Arc<dyn Disk>>,
    short: AtomicBool,
    /// Held while the file is made or removed.
    changing: Mutex<()>,
}

impl Reserve {
    /// Room in this folder, which is not set aside yet.
    pub fn in_folder(directory: Directory) -> Arc<Self> {
        let disk: Arc<dyn Disk> = Arc::new(directory);
        Arc::new(Self { disk: Some(disk), short: AtomicBool::new(true), changing: Mutex::new(()) })
    }

    /// No room is needed.
    pub fn none() -> Arc<Self> {
        Arc::new(Self { disk: None, short: AtomicBool::new(false), changing: Mutex::new(()) })
    }

    /// True while nothing is set aside: there is no room for messages.
    pub fn is_short(&self) -> bool {
        self.short.load(Ordering::Acquire)
    }

    /// Sets the room aside, if it is not, and nobody else is at it.
    pub fn set_aside(&self) -> io::Result<()> {
        let Some(_changing) = self.changing.try_lock() else { return Ok(()) };
        let Some(disk) = self.disk.as_ref().filter(|_| self.is_short()) else { return Ok(()) };
        let there = disk.open(FILE).and_then(|file| file.len()).is_ok_and(|len| len == RESERVE_BYTES as u64);
        if !there {
            // Not zeros, which some file systems do not store.
            let written = disk.create(FILE).and_then(|file| {
                file.write_at(&vec![0xaa; RESERVE_BYTES + BESIDES_BYTES], 0)?;
                file.sync()?;
                file.set_len(RESERVE_BYTES as u64)
            });
            if let Err(error) = written {
                let _ = disk.remove(FILE);
                return Err(error);
            }
        }
        self.short.store(false, Ordering::Release);
        Ok(())
    }

    /// Lets go of the room: whoever removes something needs it now.
    pub fn give(&self) {
        let _changing = self.changing.lock();
        let Some(disk) = &self.disk else { return };
        self.short.store(true, Ordering::Release);
        if let Err(error) = disk.remove(FILE)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::error!("cannot give up the room set aside: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_short_until_there_is_a_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let reserve = || Reserve::in_folder(Directory::new(folder.path()));
        let bytes = || std::fs::metadata(&file).map(|m| m.len()).ok();

        let first = reserve();
        assert!(first.is_short());
        first.set_aside().unwrap();
        assert!(!first.is_short());
        assert_eq!(bytes(), Some(RESERVE_BYTES as u64));
        first.give();
        first.give();
        assert!(first.is_short());
        assert_eq!(bytes(), None);

        // As a crash might leave it.
        std::fs::write(&file, b"half").unwrap();
        reserve().set_aside().unwrap();
        assert_eq!(bytes(), Some(RESERVE_BYTES as u64));
    }

    #[test]
    fn in_memory_there_is_nothing_to_set_aside() {
        let none = Reserve::none();
        none.give();
        assert!(!none.is_short());
        none.set_aside().unwrap();
    }
}
