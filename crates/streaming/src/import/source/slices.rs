//! The files that hold a channel's messages, in the order of their numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::records::VERSION_BYTES;
use super::{Damage, Reading};
use crate::import::error::Error;
use crate::import::notes::Notes;

/// One slice: its data, and where its index is or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    pub data: PathBuf,
    pub index: PathBuf,
}

/// The slices of the channel in `folder`.
pub fn list(reading: &Reading, folder: &Path, notes: &mut Notes) -> Result<Vec<Slice>, Error> {
    let failed = |source| Error::Read { path: folder.to_owned(), at: 0, source };
    let (mut slices, mut indexes) = (BTreeMap::new(), BTreeMap::new());
    let mut nameless = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let Some(name) = name.strip_prefix("msgs.").filter(|_| path.is_file()) else { continue };
        if let Some(number) = name.strip_suffix(".dat") {
            match number.parse::<u64>() {
                Ok(number) => drop(slices.insert(number, path)),
                Err(_) => drop(nameless.insert(path)),
            }
        } else if let Some(Ok(number)) = name.strip_suffix(".idx").map(str::parse::<u64>) {
            indexes.insert(number, path);
        }
    }
    for path in nameless {
        let what = "the file's name has no number: which messages are in it cannot be told".to_owned();
        reading.damaged(notes, Damage { path, at: 0, what })?;
    }
    let first = slices.keys().next().copied();
    for (number, path) in indexes.iter().filter(|(number, _)| !slices.contains_key(number)) {
        let holds = path.metadata().is_ok_and(|about| about.len() > VERSION_BYTES);
        if holds && first.is_some_and(|first| *number < first) {
            notes.note(path, 0, "its messages were dropped: the index is left over");
        } else if holds {
            let what = "the file with the messages of this index is missing".to_owned();
            reading.damaged(notes, Damage { path: path.clone(), at: 0, what })?;
        }
    }
    let with_index = |data: PathBuf| Slice { index: data.with_extension("idx"), data };
    Ok(slices.into_values().map(with_index).collect())
}

/// The bytes of all messages' files in `folder`, as the file system has them.
pub fn bytes(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let data = files.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "dat"));
    data.filter_map(|entry| entry.metadata().ok()).map(|about| about.len()).sum()
}
