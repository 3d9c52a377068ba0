//! The threads that move streams on: they write and sync what was staged, and run what is due by the clock.
//!
//! A stream belongs to one thread of a small, fixed pool, so its commits are in order. While a thread syncs one batch,
//! publishers stage the next: the slower the disk, the larger the batch that shares one sync.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::Stream;
use crate::server::Server;
use crate::turn::Turn;

/// Threads of a pool. Each mostly waits for the disk; more of them let several streams sync at once.
pub const THREADS: usize = 4;

/// The longest sleep, so that a machine's suspend or a clock set back delays no timer for long.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// A stream's place in its driver's books.
pub(crate) struct Seat {
    driver: Arc<Shared>,
    upkeep: Sender<Weak<Stream>>,
    id: u64,
    /// The time it is woken at, [`NEVER`] when at none.
    armed: AtomicI64,
}

const NEVER: i64 = i64::MAX;

struct Queue {
    ready: VecDeque<Arc<Stream>>,
    timers: BTreeMap<(i64, u64), Weak<Stream>>,
    stopping: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
}

/// The pool.
pub struct Drivers {
    shared: Vec<Arc<Shared>>,
    /// Where streams go that have work on sealed files.
    upkeep: Sender<Weak<Stream>>,
    /// The other end, until the thread that does the work takes it.
    to_keep_up: Mutex<Option<Receiver<Weak<Stream>>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Drivers {
    /// A pool whose threads are not yet running.
    pub fn new() -> Self {
        let shared = || {
            let queue = Queue { ready: VecDeque::new(), timers: BTreeMap::new(), stopping: false };
            Arc::new(Shared { queue: Mutex::new(queue), wake: Condvar::new() })
        };
        let (upkeep, receiver) = std::sync::mpsc::channel();
        Self {
            shared: (0..THREADS).map(|_| shared()).collect(),
            upkeep,
            to_keep_up: Mutex::new(Some(receiver)),
            threads: Mutex::default(),
        }
    }

    /// Starts the threads.
    pub fn start(&self, server: &Arc<Server>) -> std::io::Result<()> {
        let mut threads = self.threads.lock();
        for shared in &self.shared {
            let (shared, server) = (shared.clone(), server.clone());
            let thread = std::thread::Builder::new().name("stream-driver".to_owned());
            threads.push(thread.spawn(move || drive(&shared, &server))?);
        }
        if let Some(streams) = self.to_keep_up.lock().take() {
            let thread = std::thread::Builder::new().name("stream-upkeep".to_owned());
            // It ends with the process: what it does can be left at any point.
            thread.spawn(move || streams.iter().filter_map(|s| s.upgrade()).for_each(|stream| stream.keep_up()))?;
        }
        Ok(())
    }

    /// A seat for the stream with the number `id`.
    pub(crate) fn seat(&self, id: u64) -> Seat {
        let at = usize::try_from(id).unwrap_or(0) % self.shared.len();
        let upkeep = self.upkeep.clone();
        Seat { driver: self.shared[at].clone(), upkeep, id, armed: AtomicI64::new(NEVER) }
    }

    /// Lets the threads finish what is ready, and ends them.
    pub fn stop(&self) {
        for shared in &self.shared {
            shared.queue.lock().stopping = true;
            shared.wake.notify_one();
        }
        for thread in std::mem::take(&mut *self.threads.lock()) {
            if thread.join().is_err() {
                tracing::error!("a stream driver ended in a panic");
            }
        }
    }
}

impl Default for Drivers {
    fn default() -> Self {
        Self::new()
    }
}

impl Seat {
    /// Has the driver move `stream` on soon. The caller sees to it that a stream is queued once.
    pub fn ready(&self, stream: Arc<Stream>) {
        self.driver.queue.lock().ready.push_back(stream);
        self.driver.wake.notify_one();
    }

    /// Has the driver move `stream` on at `deadline` at the latest. Called with the stream's lock held.
    pub fn arm(&self, stream: &Weak<Stream>, deadline: Option<i64>) {
        let deadline = deadline.unwrap_or(NEVER);
        // A timer that fires too early costs a look; moving it at every delivery would cost more.
        if deadline >= self.armed.load(Ordering::Relaxed) {
            return;
        }
        let mut queue = self.driver.queue.lock();
        let before = self.armed.swap(deadline, Ordering::Relaxed);
        queue.timers.remove(&(before, self.id));
        let first = queue.timers.first_key_value().is_none_or(|((at, _), _)| deadline < *at);
        queue.timers.insert((deadline, self.id), stream.clone());
        drop(queue);
        if first {
            self.driver.wake.notify_one();
        }
    }

    /// Has work on the stream's sealed files done. The caller sees to it that a stream asks once.
    pub fn keep_up(&self, stream: Weak<Stream>) {
        // Nobody is there to do it any more once the server has stopped.
        let _ = self.upkeep.send(stream);
    }

    /// The timer has fired: there is none until it is armed again.
    fn fired(&self) {
        self.armed.store(NEVER, Ordering::Relaxed);
    }
}

fn drive(shared: &Shared, server: &Arc<Server>) {
    let mut turn = Turn::new(server.clone());
    while let Some(stream) = next(shared, server) {
        turn.begin();
        stream.drive(&mut turn);
        turn.finish();
    }
}

/// Waits for a stream that has something to do; `None` when the pool stops.
fn next(shared: &Shared, server: &Server) -> Option<Arc<Stream>> {
    let mut queue = shared.queue.lock();
    loop {
        let now = server.clock.now();
        // Timers first: a flood of publishes must not hold back another stream's redeliveries.
        while let Some(entry) = queue.timers.first_entry() {
            if entry.key().0 > now {
                break;
            }
            if let Some(stream) = entry.remove().upgrade() {
                stream.seat().fired();
                return Some(stream);
            }
        }
        if let Some(stream) = queue.ready.pop_front() {
            stream.dequeued();
            return Some(stream);
        }
        if queue.stopping {
            return None;
        }
        let wait = queue.timers.first_key_value().map_or(SLEEP_MAX, |((at, _), _)| {
            Duration::from_nanos(u64::try_from(at - now).unwrap_or(0)).min(SLEEP_MAX)
        });
        shared.wake.wait_for(&mut queue, wait);
    }
}
