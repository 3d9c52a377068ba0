//! How often somebody may do something: `429` and `Retry-After` past that.

use std::hash::{BuildHasher, Hash, RandomState};
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::{Clock, Problem};

/// Keys kept before the first look for those that need not be kept: about a megabyte.
const PRUNE_MIN: usize = 10_000;
/// Keys kept at most, each one seen within the limit's window. Past this, newcomers share [`SHARED`] places, so that a
/// flood of addresses costs 60 MB at most and shuts nobody out.
const KEYS_MAX: usize = 500_000;
const SHARED: u64 = 1 << 16;

type Limiter = RateLimiter<u64, DashMapStateStore<u64>, Clock, NoOpMiddleware<std::time::Duration>>;

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
    prune_at: AtomicUsize,
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
        let state = State { clock, limiter, hasher: RandomState::new(), prune_at: AtomicUsize::new(PRUNE_MIN) };
        Self { quota, state: Arc::new(state), key: PhantomData }
    }

    /// Counts one for `key`, or says when to come again.
    pub fn check(&self, key: &K) -> Result<(), Problem> {
        let state = &*self.state;
        let mut key = state.hasher.hash_one(key);
        let keys = state.limiter.len();
        if keys >= state.prune_at.load(Ordering::Relaxed) {
            state.prune(keys);
        }
        if keys >= KEYS_MAX {
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
    /// Drops the keys whose time is over. The next look is after as many newcomers as were left: each costs the same.
    fn prune(&self, keys: usize) {
        // Whoever comes meanwhile need not look too.
        self.prune_at.store(usize::MAX, Ordering::Relaxed);
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
        let left = self.limiter.len();
        tracing::debug!(keys, left, "a rate limit was pruned");
        self.prune_at.store((left * 2).max(PRUNE_MIN), Ordering::Relaxed);
    }
}
