//! A small file that is replaced as a whole: a reader finds the old bytes or the new ones, never a mixture.
//!
//! ```text
//! file   "JRNLFILE" · CRC-32 of the content u32 LE · content
//! ```

use std::io;

use crate::disk::{Disk, read_all};

const MAGIC: &[u8; 8] = b"JRNLFILE";
const HEADER_BYTES: usize = 12;

/// Puts `content` into the file `name`, durably.
pub fn write_atomic(disk: &dyn Disk, name: &str, content: &[u8]) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + content.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&crc32fast::hash(content).to_le_bytes());
    bytes.extend_from_slice(content);
    replace(disk, name, &bytes)
}

/// Reads what [`write_atomic`] put there. `None` if there is no such file; [`io::ErrorKind::InvalidData`] if it is damaged.
pub fn read_atomic(disk: &dyn Disk, name: &str) -> io::Result<Option<Vec<u8>>> {
    let file = match disk.open(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let mut bytes = read_all(&*file)?;
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, format!("{name}: checksum does not match"));
    let header = bytes.get(..HEADER_BYTES).ok_or_else(damaged)?;
    let sum = crc32fast::hash(&bytes[HEADER_BYTES..]);
    if header[..8] != *MAGIC || header[8..] != sum.to_le_bytes() {
        return Err(damaged());
    }
    bytes.drain(..HEADER_BYTES);
    Ok(Some(bytes))
}

/// Names that [`replace`] writes under before it gives a file its own name. One that is found was never finished.
pub(crate) fn temporary(name: &str) -> String {
    format!("{name}.tmp")
}

pub(crate) fn replace(disk: &dyn Disk, name: &str, bytes: &[u8]) -> io::Result<()> {
    let temporary = temporary(name);
    let file = disk.create(&temporary)?;
    file.write_at(bytes, 0)?;
    file.sync()?;
    disk.rename(&temporary, name)?;
    disk.sync()
}
