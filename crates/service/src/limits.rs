//! How often somebody may do something: `429` and `Retry-After` past that.

use std::hash::{BuildHasher, Hash, RandomState};
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::{Clock, Problem};

/// Keys kept before those are looked for that need not be kept: about a megabyte.
const PRUNE_MIN: usize = 10_000;
/// The shortest time between two such looks, which take up to 50 ms.
const PRUNE_PAUSE: Duration = Duration::from_secs(10);
/// How many checks pass between two counts of the keys, each of which asks every shard of the map.
const COUNT_EVERY: usize = 64;
/// Keys kept at most. Past this newcomers share [`SHARED`] places, so that a flood of addresses costs 60 MB at most and
/// shuts nobody out who was there before.
const KEYS_MAX: usize = 500_000;
const SHARED: u64 = 1 << 16;

type Limiter = RateLimiter<u64, DashMapStateStore<u64>, Clock, NoOpMiddleware<Duration>>;

/// A limit per key: per address, per account. Clones share what they have counted.
pub struct Limit<K> {
    quota: Quota,
    state: Arc<State>,
    key: PhantomData<fn(&K)>,
}

struct State {
    clock: Clock,
    limiter: Limiter,
    /// What keys are known by: all of one size, and none that an outsider could guess to share a place with another.
    hasher: RandomState,
    checks: AtomicUsize,
    is_full: AtomicBool,
    prune: Mutex<Prune>,
}

/// When to look for keys that need not be kept.
struct Prune {
    keys: usize,
    time: Duration,
}

impl<K> Clone for Limit<K> {
    fn clone(&self) -> Self {
        Self { quota: self.quota, state: Arc::clone(&self.state), key: PhantomData }
    }
}

impl<K: Hash> Limit<K> {
    /// `burst` at once, and `count` a minute over time.
    pub fn per_minute(count: NonZeroU32, burst: NonZeroU32) -> Self {
        Self::of(Quota::per_minute(count).allow_burst(burst), Clock::system())
    }

    /// `burst` at once, and `count` an hour over time.
    pub fn per_hour(count: NonZeroU32, burst: NonZeroU32) -> Self {
        Self::of(Quota::per_hour(count).allow_burst(burst), Clock::system())
    }

    /// The same limit by another clock, with nothing counted yet.
    #[must_use]
    pub fn by(self, clock: &Clock) -> Self {
        Self::of(self.quota, clock.clone())
    }

    fn of(quota: Quota, clock: Clock) -> Self {
        let limiter = RateLimiter::dashmap_with_clock(quota, clock.clone());
        let state = State {
            clock,
            limiter,
            hasher: RandomState::new(),
            checks: AtomicUsize::new(0),
            is_full: AtomicBool::new(false),
            prune: Mutex::new(Prune { keys: PRUNE_MIN, time: Duration::ZERO }),
        };
        Self { quota, state: Arc::new(state), key: PhantomData }
    }

    /// Counts one for `key`, or says when to come again.
    pub fn check(&self, key: &K) -> Result<(), Problem> {
        let state = &*self.state;
        let mut key = state.hasher.hash_one(key);
        if state.checks.fetch_add(1, Ordering::Relaxed).is_multiple_of(COUNT_EVERY) {
            state.count();
        }
        if state.is_full.load(Ordering::Relaxed) {
            key %= SHARED;
        }
        state.limiter.check_key(&key).map_err(|wait| Problem::too_many(wait.wait_time_from(state.clock.elapsed())))
    }

    /// How many keys are kept now.
    pub fn keys(&self) -> usize {
        self.state.limiter.len()
    }
}

impl State {
    /// Counts the keys, and drops those whose time is over when they have become many.
    fn count(&self) {
        // One at a time is enough.
        let Ok(mut prune) = self.prune.try_lock() else { return };
        let (keys, now) = (self.limiter.len(), self.clock.elapsed());
        let mut left = keys;
        if keys >= prune.keys && now >= prune.time {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
            left = self.limiter.len();
            tracing::debug!(keys, left, "a rate limit was pruned");
            // After as many newcomers as were left, each of them has cost the same.
            *prune = Prune { keys: (left * 2).clamp(PRUNE_MIN, KEYS_MAX), time: now + PRUNE_PAUSE };
        }
        self.is_full.store(left >= KEYS_MAX, Ordering::Relaxed);
    }
}
