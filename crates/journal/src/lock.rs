//! One process at a time uses a store.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

const FILE: &str = "lock";
/// The most of a lock file that is read: it holds a process id.
const HOLDER_BYTES_MAX: u64 = 32;

/// Why a store cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("{path} is in use by another process{holder}", path = path.display())]
    Held {
        /// The store.
        path: PathBuf,
        /// " (pid 42)", if it left its id.
        holder: String,
    },
    /// The file cannot be made or locked.
    #[error("cannot lock {path}: {source}", path = path.display())]
    Disk {
        /// The store.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// A store that is ours for as long as this lives. The system gives it back if the process dies.
#[derive(Debug)]
pub struct StoreLock {
    _file: File,
}

impl StoreLock {
    /// Takes the store in the directory `path`, which has to be there.
    pub fn take(path: &Path) -> Result<Self, LockError> {
        let failed = |source| LockError::Disk { path: path.to_owned(), source };
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).open(path.join(FILE)).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let known = file.take(HOLDER_BYTES_MAX).read_to_string(&mut pid).is_ok() && !pid.trim().is_empty();
                let holder = if known { format!(" (pid {})", pid.trim()) } else { String::new() };
                return Err(LockError::Held { path: path.to_owned(), holder });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        // Who has it is a courtesy to whoever is refused: the lock holds without it.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }
}
