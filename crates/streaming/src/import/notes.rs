//! What is worth telling and no error: cut ends, damage that was passed over, indexes that did not help.

use std::path::Path;

use super::source::Damage;

/// More are counted, not told.
const TOLD_MAX: usize = 1_000;

/// What was noticed, in order.
#[derive(Debug, Default)]
pub struct Notes {
    lines: Vec<String>,
    untold: usize,
    /// Records and files that were passed over.
    pub damages: usize,
}

impl Notes {
    /// Damage was passed over.
    pub fn passed_over(&mut self, damage: &Damage) {
        self.damages += 1;
        self.note(&damage.path, damage.at, format_args!("{}: passed over", damage.what));
    }

    /// Something at a place of a file.
    pub fn note(&mut self, path: &Path, at: u64, what: impl std::fmt::Display) {
        self.push(format!("{}, byte {at}: {what}", path.display()));
    }

    /// Something of no place.
    pub fn push(&mut self, line: String) {
        if self.lines.len() < TOLD_MAX {
            self.lines.push(line);
        } else {
            self.untold += 1;
        }
    }

    /// What there is to tell.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let rest = (self.untold > 0).then(|| format!("and {} notes more", self.untold));
        self.lines.iter().cloned().chain(rest)
    }
}
