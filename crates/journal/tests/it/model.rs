//! Whatever is done to a log, it answers as the naive one does.
//!
//! Written for any store: `files.rs` tries those here, and the crate `sql-store` its own.

use journal::{Due, Log, Recovery, Sync};
use proptest::prelude::*;

use crate::naive::{Message, Naive, Wanted};

/// Where a log lies, and how it fails.
pub trait Place {
    /// Opens the log that is there.
    fn open(&self) -> (Log, Recovery);

    /// Nothing outlives the log.
    fn is_volatile(&self) -> bool;

    /// The next commit fails, after so many writes or syncs that succeed.
    fn fail(&self, syncs: bool, after: usize);

    /// Nothing fails any more.
    fn work(&self);
}

const SUBJECTS: [&str; 7] = ["a", "b", "a.x", "a.y", "c.1", "c.2", ""];

fn filters() -> Vec<Wanted> {
    vec![
        Wanted::All,
        Wanted::Only("a"),
        Wanted::Only("c.2"),
        Wanted::Only("none"),
        Wanted::Under("a."),
        Wanted::Under("c"),
    ]
}

#[derive(Debug, Clone)]
pub enum Step {
    Append {
        subject: usize,
        payload: usize,
        headers: usize,
        due: Option<i64>,
    },
    /// A sequence, as a part of all there are.
    Remove(u16, bool),
    RemoveFirst,
    /// The oldest of a subject goes, as by a limit for each subject.
    RemoveOldest(usize),
    Truncate(u16),
    Commit,
    /// What is done while a commit is written.
    CommitMeanwhile(Vec<Step>),
    /// A commit fails after so many writes or syncs, with what was done meanwhile.
    Fail {
        syncs: bool,
        after: usize,
        meanwhile: Vec<Step>,
    },
    Reopen,
    Upkeep,
    UpkeepMeanwhile(Vec<Step>),
    Trim,
    PutOff(u16, i64),
}

fn simple() -> impl Strategy<Value = Step> {
    let append = (0..SUBJECTS.len(), 0..120_usize, 0..20_usize, proptest::option::weighted(0.2, 0..100_i64))
        .prop_map(|(subject, payload, headers, due)| Step::Append { subject, payload, headers, due });
    prop_oneof![
        12 => append,
        4 => (any::<u16>(), any::<bool>()).prop_map(|(at, erase)| Step::Remove(at, erase)),
        2 => Just(Step::RemoveFirst),
        3 => (0..SUBJECTS.len()).prop_map(Step::RemoveOldest),
        1 => any::<u16>().prop_map(Step::Truncate),
        1 => (any::<u16>(), 0..200_i64).prop_map(|(at, due)| Step::PutOff(at, due)),
    ]
}

/// Anything that can be done to a log.
pub fn step() -> impl Strategy<Value = Step> {
    let few = || prop::collection::vec(simple(), 0..6);
    prop_oneof![
        24 => simple(),
        6 => Just(Step::Commit),
        3 => few().prop_map(Step::CommitMeanwhile),
        2 => (any::<bool>(), 0..3_usize, few())
            .prop_map(|(syncs, after, meanwhile)| Step::Fail { syncs, after, meanwhile }),
        2 => Just(Step::Reopen),
        3 => Just(Step::Upkeep),
        1 => prop::collection::vec(prop_oneof![3 => simple(), 1 => Just(Step::Commit)], 0..8)
            .prop_map(Step::UpkeepMeanwhile),
        1 => Just(Step::Trim),
    ]
}

struct Pair<'a> {
    log: Log,
    naive: Naive,
    place: &'a dyn Place,
    clock: i64,
    /// Due times that were put off: as long as the process lives.
    put_off: std::collections::BTreeMap<u64, i64>,
}

impl<'a> Pair<'a> {
    fn new(place: &'a dyn Place) -> Self {
        let (log, _) = place.open();
        Self { log, naive: Naive::default(), place, clock: 0, put_off: Default::default() }
    }

    fn sequence(&self, part: u16) -> u64 {
        // Beyond both ends, too.
        let all = self.naive.next + 2;
        u64::from(part) * all / 65536
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Append { subject, payload, headers, due } => {
                // Clocks step back now and then.
                self.clock += if *payload == 7 { -3 } else { 1 };
                let message = Message {
                    subject: SUBJECTS[*subject].into(),
                    headers: vec![b'h'; *headers],
                    payload: (0..*payload).map(|n| (n % 251) as u8).collect(),
                    time: self.clock,
                    due: due.map(|at| Due { at, kind: 1 + (at % 2) as u8 }),
                };
                assert_eq!(self.log.append(&message.append()), self.naive.append(message));
            }
            Step::Remove(part, erase) => self.remove(self.sequence(*part), *erase),
            Step::RemoveFirst => {
                if let Some((first, _)) = self.naive.live.first_key_value() {
                    self.remove(*first, false);
                }
            }
            Step::RemoveOldest(subject) => {
                let of = |(at, m): (&u64, &Message)| (m.subject == SUBJECTS[*subject].as_bytes()).then_some(*at);
                let oldest = self.naive.live.iter().chain(&self.naive.staged).find_map(of);
                assert_eq!(self.log.first_staged_of(SUBJECTS[*subject].as_bytes()), oldest);
                if let Some(oldest) = oldest {
                    self.remove(oldest, false);
                }
            }
            Step::Truncate(part) => {
                let at = self.sequence(*part);
                assert_eq!(self.log.truncate_before(at), self.naive.truncate_before(at));
            }
            Step::Commit => self.commit(&[]),
            Step::CommitMeanwhile(steps) => self.commit(steps),
            Step::Fail { syncs, after, meanwhile } => self.fail(*syncs, *after, meanwhile),
            Step::Reopen => self.reopen(),
            Step::Upkeep => self.upkeep(&[]),
            Step::UpkeepMeanwhile(steps) => self.upkeep(steps),
            Step::Trim => self.log.trim(),
            Step::PutOff(part, at) => {
                let sequence = self.sequence(*part);
                self.log.set_due(sequence, *at);
                if self.naive.live.get(&sequence).is_some_and(|m| m.due.is_some()) {
                    self.put_off.insert(sequence, *at);
                }
            }
        }
    }

    fn remove(&mut self, sequence: u64, erase: bool) {
        let removed = self.naive.remove(sequence);
        assert_eq!(self.log.remove(sequence, erase), removed, "removal of {sequence}");
        if removed {
            self.put_off.remove(&sequence);
        }
    }

    fn commit(&mut self, meanwhile: &[Step]) {
        let Some(mut commit) = self.log.begin_commit() else { return };
        self.naive.begin_commit();
        assert!(self.log.begin_commit().is_none(), "one commit at a time");
        for step in meanwhile {
            self.run(step);
            self.check();
        }
        let outcome = commit.run(Sync::Always);
        assert!(outcome.is_ok());
        self.log.end_commit(commit, outcome).unwrap();
        self.naive.end_commit();
    }

    fn fail(&mut self, syncs: bool, after: usize, meanwhile: &[Step]) {
        let Some(mut commit) = self.log.begin_commit() else { return };
        self.naive.begin_commit();
        for step in meanwhile {
            self.run(step);
        }
        self.place.fail(syncs, after);
        let outcome = commit.run(Sync::Always);
        self.place.work();
        if outcome.is_ok() {
            // It was through before, or there was only something to erase: nobody is told that this failed.
            self.log.end_commit(commit, outcome).unwrap();
            self.naive.end_commit();
            return;
        }
        let refused = self.log.end_commit(commit, outcome).unwrap_err();
        assert_eq!((refused.first, refused.last), (self.naive.committed + 1, self.naive.next - 1));
        self.naive.roll_back();
        // Due times of messages that were removed and are back are as they were appended.
        let back: Vec<u64> = self.put_off.keys().copied().collect();
        for sequence in back {
            let due = self.log.due(i64::MAX, usize::MAX);
            match due.iter().find(|(at, _)| *at == sequence) {
                Some((_, due)) => self.put_off.insert(sequence, due.at),
                None => self.put_off.remove(&sequence),
            };
        }
        if !self.place.is_volatile() {
            // What was written is void once something else is.
            self.check();
            self.run(&Step::Append { subject: 0, payload: 3, headers: 0, due: None });
            self.commit(&[]);
        }
    }

    fn reopen(&mut self) {
        if self.place.is_volatile() {
            return;
        }
        self.naive.roll_back();
        self.put_off.clear();
        let (log, recovery) = self.place.open();
        // Files that a failed commit could not finish may be left; nothing else.
        let lines: Vec<String> = recovery.lines().collect();
        assert_eq!((recovery.damages.len(), recovery.notes.len()), (0, 0), "{lines:?}");
        assert!(recovery.cuts.iter().all(|cut| cut.offset == 0), "{lines:?}");
        self.log = log;
    }

    fn upkeep(&mut self, meanwhile: &[Step]) {
        for round in 0.. {
            let Some(mut upkeep) = self.log.begin_upkeep() else { return };
            assert!(round < 100, "it has to be enough some time");
            let meanwhile = if round < 5 { meanwhile } else { &[] };
            assert!(self.log.begin_upkeep().is_none(), "one at a time");
            let (before, after) = meanwhile.split_at(meanwhile.len() / 2);
            for step in before {
                self.run(step);
            }
            let outcome = upkeep.run();
            assert!(outcome.is_ok(), "{outcome:?}");
            for step in after {
                self.run(step);
            }
            self.log.end_upkeep(upkeep, outcome);
            self.check();
        }
    }

    /// Everything that can be asked.
    fn check(&mut self) {
        let Self { log, naive, .. } = self;
        let state = log.state();
        let first = naive.live.first_key_value();
        let last = naive.committed;
        assert_eq!(state.messages, naive.live.len() as u64);
        assert_eq!(state.bytes, naive.live.values().map(Message::bytes).sum::<u64>());
        assert_eq!((state.first_seq, state.last_seq), (first.map_or(last + 1, |(at, _)| *at), last));
        assert_eq!(state.first_time, first.map_or(0, |(_, m)| m.time));
        let mut subjects: Vec<_> = naive.live.values().map(|m| &m.subject).collect();
        subjects.sort();
        subjects.dedup();
        assert_eq!(state.subjects, subjects.len() as u64);
        let gone: Vec<u64> = (state.first_seq..=last).filter(|at| !naive.live.contains_key(at)).collect();
        assert_eq!((state.deleted, log.deleted(usize::MAX)), (gone.len() as u64, gone));
        assert_eq!((log.committed(), log.last_staged()), (last, naive.next - 1));
        let staged: u64 = naive.staged.values().map(Message::bytes).sum();
        assert_eq!(log.held().messages, state.messages + naive.staged.len() as u64);
        assert_eq!(log.held().bytes, state.bytes + staged);

        for at in 0..naive.next + 2 {
            let found = log.get(at).unwrap().map(|r| (r.sequence, Message::of(&r)));
            assert_eq!(found, naive.live.get(&at).map(|m| (at, m.clone())), "get {at}");
        }
        for wanted in filters() {
            self.check_filter(&wanted);
        }
        for name in SUBJECTS {
            self.check_subject(name);
        }
        self.check_times();
    }

    fn check_filter(&mut self, wanted: &Wanted) {
        let Self { log, naive, .. } = self;
        // Forward by many readers at once, and from everywhere.
        for from in (0..naive.next + 2).rev() {
            let found = log.next(from, wanted).unwrap().map(|r| (r.sequence, Message::of(&r)));
            let expected = naive.matching(wanted).find(|(at, _)| *at >= from).map(|(at, m)| (at, m.clone()));
            assert_eq!(found, expected, "next {wanted:?} from {from}");
            let rest = naive.matching(wanted).filter(|(at, _)| *at >= from).count() as u64;
            assert_eq!(log.count(from, wanted), rest, "count {wanted:?} from {from}");
        }
        for (first, last) in [(1, 5), (3, naive.next / 2), (naive.next / 3, naive.next), (7, 6)] {
            let within = naive.matching(wanted).filter(|(at, _)| first <= *at && *at <= last).count() as u64;
            assert_eq!(log.count_between(first, last, wanted), within, "count {wanted:?} {first} to {last}");
        }
        assert_eq!(log.last_matching(wanted), naive.matching(wanted).next_back().map(|(at, _)| at));
        let staged = naive.staged.iter().rfind(|(_, m)| journal::Filter::matches(wanted, &m.subject));
        let last_staged = staged.map(|(at, _)| *at).or_else(|| log.last_matching(wanted));
        assert_eq!(log.last_staged_matching(wanted), last_staged);
        for up_to in [0, naive.next / 3, naive.next / 2, naive.next] {
            let mut last = std::collections::BTreeMap::new();
            for (at, message) in naive.matching(wanted).filter(|(at, _)| *at <= up_to) {
                last.insert(message.subject.clone(), at);
            }
            let mut expected: Vec<u64> = last.into_values().collect();
            expected.sort_unstable();
            let mut found = Vec::new();
            log.last_per_subject(wanted, up_to, &mut found);
            assert_eq!(found, expected, "last per subject {wanted:?} up to {up_to}");
        }
        let mut counts = std::collections::BTreeMap::new();
        log.subjects(wanted, &mut |name, count| {
            counts.insert(name.to_vec(), count);
        });
        let mut expected = std::collections::BTreeMap::new();
        for (_, message) in naive.matching(wanted) {
            *expected.entry(message.subject.clone()).or_insert(0) += 1;
        }
        assert_eq!(counts, expected);
    }

    fn check_subject(&mut self, name: &'static str) {
        let Self { log, naive, .. } = self;
        let of = |(at, m): (&u64, &Message)| (m.subject == name.as_bytes()).then_some(*at);
        let live: Vec<u64> = naive.live.iter().filter_map(of).collect();
        let staged: Vec<u64> = naive.staged.iter().filter_map(of).collect();
        let name = name.as_bytes();
        assert_eq!(log.last_of(name), live.last().copied());
        assert_eq!(log.first_of(name), live.first().copied());
        assert_eq!(log.count_of(name), live.len() as u64);
        assert_eq!(log.last_staged_of(name), staged.last().or(live.last()).copied());
        assert_eq!(log.first_staged_of(name), live.first().or(staged.first()).copied());
        assert_eq!(log.count_staged_of(name), (live.len() + staged.len()) as u64);
    }

    fn check_times(&mut self) {
        let Self { log, naive, put_off, .. } = self;
        for time in [i64::MIN, 0, self.clock / 2, self.clock, self.clock + 1] {
            let expected = naive.live.iter().find(|(_, m)| m.time >= time).map_or(naive.committed + 1, |(at, _)| *at);
            assert_eq!(log.sequence_at(time), expected, "sequence at {time}");
        }
        let due =
            |(at, m): (&u64, &Message)| m.due.map(|due| (put_off.get(at).copied().unwrap_or(due.at), *at, due.kind));
        let mut dues: Vec<_> = naive.live.iter().filter_map(due).collect();
        dues.sort_unstable();
        assert_eq!(log.next_due(), dues.first().map(|due| due.0));
        for now in [0, 50, 300] {
            let expected: Vec<_> = dues.iter().take_while(|due| due.0 <= now).take(5).copied().collect();
            let found: Vec<_> = log.due(now, 5).into_iter().map(|(at, due)| (due.at, at, due.kind)).collect();
            assert_eq!(found, expected);
        }
    }
}

/// Does all of `steps` to a log that is empty, and to a naive one.
pub fn run(place: &dyn Place, steps: &[Step]) {
    let mut pair = Pair::new(place);
    for (n, step) in steps.iter().enumerate() {
        pair.run(step);
        // Each check asks everything: not after each of many appends.
        if n % 4 == 0 || !matches!(step, Step::Append { .. }) {
            pair.check();
        }
    }
    pair.commit(&[]);
    pair.check();
    pair.reopen();
    pair.check();
    assert_eq!(pair.log.take_damages(), []);
}
