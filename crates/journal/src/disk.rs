//! The disk, as the log sees it: one directory of files. Everything that can crash, fail or fill up is behind this.

mod directory;
#[cfg(feature = "testing")]
mod failing;
mod memory;
#[cfg(feature = "testing")]
mod simulated;

use std::io;
use std::sync::Arc;

pub use directory::Directory;
#[cfg(feature = "testing")]
pub use failing::{Failing, Operation};
pub use memory::Memory;
#[cfg(feature = "testing")]
pub use simulated::{Simulated, Survival};

/// One directory.
pub trait Disk: Send + Sync {
    /// Makes a file, or empties the one that is there. It is durable once it and the directory are synced.
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// Opens a file to read and write. [`io::ErrorKind::NotFound`] if there is none.
    fn open(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// The names of the files in it, in no order. None if the directory is not there yet.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Gives a file another name, and takes the place of the file that had it. Open files stay what they are.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file. Those who have it open can still read it.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes the names durable: what was created, renamed and removed.
    fn sync(&self) -> io::Result<()>;

    /// A directory inside this one, made when a file is created in it.
    fn sub(&self, name: &str) -> io::Result<Arc<dyn Disk>>;

    /// Removes the directory with everything in it, durably. It is no error if there is none.
    fn remove_all(&self) -> io::Result<()>;
}

/// One open file.
pub trait File: Send + Sync {
    /// Reads at `offset`; returns how many bytes, fewer than asked for only at the file's end.
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of `bytes` at `offset`.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes what was written durable, and the length.
    fn sync(&self) -> io::Result<()>;

    /// Cuts the file, or extends it by zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Its length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Whether it holds nothing.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
}

/// Reads a whole file.
pub(crate) fn read_all(file: &dyn File) -> io::Result<Vec<u8>> {
    let len = usize::try_from(file.len()?).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
    let mut bytes = vec![0; len];
    let read = file.read_at(&mut bytes, 0)?;
    bytes.truncate(read);
    Ok(bytes)
}
