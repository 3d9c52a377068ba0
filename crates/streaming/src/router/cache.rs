//! What one connection remembers of the router's answers.

use std::sync::Arc;

use hashbrown::HashMap;

use super::{Matches, Router};

/// Subjects a connection remembers. A client that publishes on more of them asks the table anew after each round.
const SUBJECTS_MAX: usize = 1024;

/// The router's answers for the literal subjects a connection published on lately.
#[derive(Default)]
pub struct Cache {
    generation: u64,
    subjects: HashMap<String, Arc<Matches>>,
}

impl Cache {
    /// Who gets a message on `subject`, by the table as it is now.
    pub fn find(&mut self, router: &Router, subject: &str) -> &Arc<Matches> {
        let generation = router.generation();
        if generation != self.generation || self.subjects.len() > SUBJECTS_MAX {
            self.subjects.clear();
            self.generation = generation;
        }
        self.subjects.entry_ref(subject).or_insert_with(|| {
            let mut matches = Matches::default();
            router.collect(subject, &mut matches);
            Arc::new(matches)
        })
    }

    /// Frees what is remembered.
    pub fn clear(&mut self) {
        self.subjects = HashMap::new();
    }
}
