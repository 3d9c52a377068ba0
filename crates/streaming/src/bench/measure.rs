//! The frame of every run: who is measured, threads that start together, and what they cost the server.

use std::io::{self, Write};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::client::Connection;
use super::error::Error;
use super::jetstream;
use super::latency::Latency;
use super::options::{Case, Options, Scenario};
use super::process;
use super::report::Server;
use super::stan;
use super::url::Address;

/// How often the line of progress is drawn anew.
const PROGRESS: Duration = Duration::from_millis(200);

/// A server to measure.
#[derive(Debug, Clone)]
pub struct Target {
    /// What the results call it.
    pub name: String,
    pub address: Address,
    pub pid: Option<u32>,
}

impl Target {
    /// Asks the server who it is, and finds out before the first run what would end a later one.
    pub fn probe(&self, options: &Options) -> Result<Server, Error> {
        let mut connection = Connection::open(&self.address, "bench")?;
        if options.needs(Scenario::uses_jetstream) {
            jetstream::available(&mut connection)?;
        }
        if options.needs(Scenario::uses_stan) {
            stan::Client::connect(&mut connection, &options.cluster)?.close(&mut connection)?;
        }
        if let Some(pid) = self.pid {
            self.cpu().and_then(|_| {
                process::memory_bytes(&pid.to_string()).map_err(|source| Error::Process { pid, source })
            })?;
        }
        let info = connection.info();
        Ok(Server {
            label: self.name.clone(),
            address: self.address.authority.clone(),
            name: info.server_name.clone(),
            version: info.version.clone(),
            pid: self.pid,
        })
    }

    fn cpu(&self) -> Result<Option<Duration>, Error> {
        self.pid.map(|pid| process::cpu(&pid.to_string()).map_err(|source| Error::Process { pid, source })).transpose()
    }
}

/// All that a scenario needs to know to run one case.
pub struct Context<'a> {
    pub case: Case,
    pub messages: u64,
    pub window: usize,
    pub batch: u64,
    /// Messages a second.
    pub rate: u64,
    /// The cluster id of NATS Streaming.
    pub cluster: &'a str,
    limit: Duration,
    target: &'a Target,
    /// What the line of progress begins with, if one is wanted.
    progress: Option<&'a str>,
}

impl<'a> Context<'a> {
    pub fn new(options: &'a Options, target: &'a Target, case: Case, progress: Option<&'a str>) -> Self {
        Self {
            case,
            messages: options.messages(case),
            window: options.window as usize,
            batch: options.batch.into(),
            rate: options.rate.into(),
            cluster: &options.cluster,
            limit: options.time_limit(),
            target,
            progress,
        }
    }

    pub fn connect(&self) -> Result<Connection, Error> {
        Connection::open(&self.target.address, "bench")
    }

    pub fn connections(&self, count: usize) -> Result<Vec<Connection>, Error> {
        (0..count).map(|_| self.connect()).collect()
    }

    /// How many of the messages fall to connection `index` of `of`.
    pub fn share(&self, index: usize, of: usize) -> u64 {
        let (index, of) = (index as u64, of as u64);
        self.messages / of + u64::from(index < self.messages % of)
    }

    /// Runs `work` on each connection in a thread of its own, all starting at once.
    ///
    /// What is measured lies between that start and the last [`Tally::ended`]. If one thread fails, the
    /// others are told by [`Run::is_over`], and its failure is the run's.
    pub fn measure<W>(&self, connections: Vec<Connection>, work: W) -> Result<Measurement, Error>
    where
        W: Fn(usize, &mut Connection, &Run) -> Result<Tally, Error> + Sync,
    {
        let (cpu_before, own_cpu_before) = (self.target.cpu()?, process::cpu("self")?);
        let gate = Barrier::new(connections.len() + 1);
        let run = Run::new(self.limit);
        let (work, run, gate) = (&work, &run, &gate);
        thread::scope(|scope| {
            let mut threads = Vec::with_capacity(connections.len());
            for (index, mut connection) in connections.into_iter().enumerate() {
                threads.push(scope.spawn(move || {
                    gate.wait();
                    work(index, &mut connection, run).inspect_err(|_| run.fail())
                }));
            }
            // Threads wait for us at the gate, so the time it took to create them is not counted.
            let began = run.begin();
            gate.wait();
            while self.progress.is_some() && !threads.iter().all(thread::ScopedJoinHandle::is_finished) {
                self.draw(run, began);
                thread::sleep(PROGRESS);
            }
            let mut total = Tally::default();
            let mut failure = None;
            for thread in threads {
                match thread.join() {
                    Ok(Ok(tally)) => total.merge(tally),
                    // The first to fail is told; what the others say follows from it.
                    Ok(Err(error)) => _ = failure.get_or_insert(error),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            self.wipe();
            if let Some(error) = failure {
                return Err(error);
            }
            let cpu_after = self.target.cpu()?;
            Ok(Measurement {
                messages: total.messages,
                elapsed: total.ended.map_or(Duration::ZERO, |ended| ended - began),
                latency: total.latency,
                seen: total.seen,
                server_cpu: cpu_before.zip(cpu_after).map(|(before, after)| after.saturating_sub(before)),
                client_cpu: process::cpu("self")?.saturating_sub(own_cpu_before),
                server_memory_bytes: self.target.pid.and_then(|pid| process::memory_bytes(&pid.to_string()).ok()),
            })
        })
    }

    fn draw(&self, run: &Run, began: Instant) {
        let (Some(step), done) = (self.progress, run.done.load(Ordering::Relaxed)) else {
            return;
        };
        let rate = done as f64 / began.elapsed().as_secs_f64().max(0.001);
        let mut err = io::stderr().lock();
        let _ = write!(err, "\r\x1b[K{step}: {done} messages, {rate:.0}/s").and_then(|()| err.flush());
    }

    fn wipe(&self) {
        if self.progress.is_some() {
            let mut err = io::stderr().lock();
            let _ = write!(err, "\r\x1b[K").and_then(|()| err.flush());
        }
    }
}

/// What the threads of a run share: its start, its end, and how far they are.
pub struct Run {
    limit: Duration,
    began: std::sync::OnceLock<Instant>,
    failed: AtomicBool,
    done: AtomicU64,
}

impl Run {
    fn new(limit: Duration) -> Self {
        Self { limit, began: std::sync::OnceLock::new(), failed: AtomicBool::new(false), done: AtomicU64::new(0) }
    }

    fn begin(&self) -> Instant {
        *self.began.get_or_init(Instant::now)
    }

    fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    /// When all threads started.
    pub fn began(&self) -> Instant {
        self.begin()
    }

    /// Whether a thread failed: then nothing more comes from it.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Whether nothing new should be begun: the time is up or a thread failed.
    pub fn is_over(&self) -> bool {
        self.has_failed() || self.began().elapsed() >= self.limit
    }

    /// Counts messages for the line of progress.
    pub fn progress(&self, messages: u64) {
        self.done.fetch_add(messages, Ordering::Relaxed);
    }
}

/// What one thread did.
#[derive(Default)]
pub struct Tally {
    pub messages: u64,
    pub latency: Latency,
    /// When its last message was done; `None` for a thread that only helps the others.
    pub ended: Option<Instant>,
    /// What identifies its messages, where it can be checked that each came once.
    pub seen: Vec<u64>,
}

impl Tally {
    fn merge(&mut self, other: Self) {
        self.messages += other.messages;
        self.latency.merge(&other.latency);
        self.ended = self.ended.max(other.ended);
        self.seen.extend(other.seen);
    }
}

/// What a run came to.
pub struct Measurement {
    pub messages: u64,
    pub elapsed: Duration,
    pub latency: Latency,
    pub seen: Vec<u64>,
    /// CPU time of the server's process during the run, user and system.
    pub server_cpu: Option<Duration>,
    pub client_cpu: Duration,
    /// Resident memory of the server's process after the run.
    pub server_memory_bytes: Option<u64>,
}

impl Measurement {
    /// Fails if something was seen twice, or, if `first` is given, unless all from there on without a gap were.
    pub fn check_seen(&mut self, what: &'static str, first: Option<u64>) -> Result<(), Error> {
        self.seen.sort_unstable();
        let disorder = |expected, got| Err(Error::Disorder { what, expected, got });
        if let Some(twice) = self.seen.windows(2).find(|pair| pair[0] == pair[1]) {
            return disorder(twice[0] + 1, twice[0]);
        }
        let Some(first) = first else { return Ok(()) };
        match (first..).zip(&self.seen).find(|(expected, got)| expected != *got) {
            Some((expected, &got)) => disorder(expected, got),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(numbers: &[u64]) -> Measurement {
        Measurement {
            messages: numbers.len() as u64,
            elapsed: Duration::ZERO,
            latency: Latency::default(),
            seen: numbers.to_vec(),
            server_cpu: None,
            client_cpu: Duration::ZERO,
            server_memory_bytes: None,
        }
    }

    #[test]
    fn a_repeat_or_a_gap_is_noticed() {
        for (numbers, first, fine) in [
            (&[3, 1, 2][..], Some(1), true),
            (&[], Some(1), true),
            (&[1, 2, 2], Some(1), false),
            (&[1, 3], Some(1), false),
            (&[2, 3], Some(1), false),
            (&[7, 3], None, true),
            (&[7, 3, 7], None, false),
        ] {
            let checked = seen(numbers).check_seen("messages", first);
            assert_eq!(checked.is_ok(), fine, "{numbers:?} from {first:?}");
        }
    }
}
