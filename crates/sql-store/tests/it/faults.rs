//! Connections that are lost, databases that are away, answers nobody hears.

use std::time::{Duration, Instant};

use sql_store::testing::{Fault, each};

use crate::database::{append, commit};
use crate::open;

#[test]
fn a_lost_connection_costs_no_commit() {
    for scratch in each() {
        let database = open(&scratch);
        let mut log = database.folder("f").log("log").unwrap();
        for n in 1..=10_u64 {
            scratch.cut();
            append(&mut log, b"body");
            commit(&mut log).unwrap();
            assert_eq!(log.state().messages, n);
        }
        assert_eq!(scratch.int("select count(*) from streaming_messages"), 10);
    }
}

#[test]
fn a_commit_of_which_the_answer_is_lost_is_done_once() {
    for scratch in each() {
        let database = open(&scratch);
        let mut log = database.folder("f").log("log").unwrap();
        for lost in 0..3 {
            database.faults().plan(vec![Some(Fault::AfterCommit); lost]);
            append(&mut log, b"body");
            if lost > 0 {
                assert!(log.remove(lost as u64, false));
            }
            commit(&mut log).unwrap();
        }
        assert_eq!((log.state().messages, log.state().last_seq), (1, 3));
        // Its answer is never heard: the index takes it for undone, and so it is once another one goes through.
        database.faults().plan([Some(Fault::AfterCommit); 3]);
        append(&mut log, b"lost");
        assert!(log.remove(3, false));
        assert_eq!(commit(&mut log).unwrap_err().first, 4);
        assert_eq!(log.get(3).unwrap().unwrap().payload, b"body", "what it removed is there");
        // It may have been seen already that the database answers.
        database.try_out().unwrap();
        assert_eq!(append(&mut log, b"other"), 4);
        commit(&mut log).unwrap();
        drop((log, database));
        let database = open(&scratch);
        let mut log = database.folder("f").log("log").unwrap();
        assert_eq!((log.state().messages, log.state().first_seq, log.state().last_seq), (2, 3, 4));
        assert_eq!(log.get(4).unwrap().unwrap().payload, b"other");
    }
}

#[test]
fn a_database_that_is_away_refuses_at_once_and_comes_back_by_itself() {
    for scratch in each() {
        let database = open(&scratch);
        let mut log = database.folder("f").log("log").unwrap();
        append(&mut log, b"before");
        commit(&mut log).unwrap();
        scratch.leave();
        append(&mut log, b"away");
        assert!(commit(&mut log).is_err());
        assert!(database.fault().is_some());
        let began = Instant::now();
        append(&mut log, b"away");
        assert!(commit(&mut log).is_err());
        assert!(began.elapsed() < Duration::from_secs(1), "nobody waits for what is known to be away");
        assert_eq!(log.get(1).unwrap().unwrap().payload, b"before", "what is in memory can be read");
        scratch.come_back();
        let deadline = Instant::now() + Duration::from_secs(30);
        while database.fault().is_some() {
            assert!(Instant::now() < deadline, "it is asked every second");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(append(&mut log, b"after"), 2);
        commit(&mut log).unwrap();
        assert_eq!(scratch.int("select count(*) from streaming_messages"), 2);
    }
}
