//! The model, tried on logs in files: on a disk in memory, in memory alone, in a directory.

use std::sync::Arc;

use journal::disk::{Failing, Operation};
use journal::{Directory, Disk, Log, Memory, Options, Recovery};
use proptest::prelude::*;

use crate::model::{Place, run, step};

struct Files {
    disk: Failing,
    options: Options,
}

impl Files {
    fn on(disk: impl Disk + 'static, options: Options) -> Self {
        Self { disk: Failing::over(Arc::new(disk)), options }
    }
}

impl Place for Files {
    fn open(&self) -> (Log, Recovery) {
        Log::open(Arc::new(self.disk.clone()), self.options.clone()).unwrap()
    }

    fn is_volatile(&self) -> bool {
        self.options.volatile
    }

    fn fail(&self, syncs: bool, mut after: usize) {
        let fails = if syncs && !self.options.volatile { Operation::Sync } else { Operation::Write };
        self.disk.plan(move |operation| match operation {
            // Whatever was written before stays, as nothing can be tidied up.
            Operation::SetLen | Operation::Remove => Some(std::io::ErrorKind::Other),
            _ if operation == fails && after == 0 => Some(std::io::ErrorKind::StorageFull),
            _ => {
                after -= usize::from(operation == fails);
                None
            }
        });
    }

    fn work(&self) {
        self.disk.plan(|_| None);
    }
}

proptest! {
    #![proptest_config(crate::cases(60))]

    #[test]
    fn a_log_in_files_is_what_it_should_be(
        steps in prop::collection::vec(step(), 1..120), segment_bytes in 300_u32..3000,
        counted_subjects_max in 0..6_usize,
    ) {
        let options = Options { segment_bytes, volatile: false, counted_subjects_max };
        run(&Files::on(Memory::default(), options), &steps);
    }

    #[test]
    fn a_log_in_memory_is_what_it_should_be(
        steps in prop::collection::vec(step(), 1..120), segment_bytes in 300_u32..3000,
        counted_subjects_max in 0..6_usize,
    ) {
        let options = Options { segment_bytes, volatile: true, counted_subjects_max };
        run(&Files::on(Memory::default(), options), &steps);
    }
}

proptest! {
    #![proptest_config(crate::cases(6))]

    #[test]
    fn a_log_in_a_directory_is_what_it_should_be(steps in prop::collection::vec(step(), 50..80)) {
        let directory = tempfile::tempdir().unwrap();
        let options = Options { segment_bytes: 1000, volatile: false, counted_subjects_max: 100 };
        run(&Files::on(Directory::new(directory.path().join("log")), options), &steps);
    }
}
