//! What all streams of a kind may hold together: the server's memory and disk have a bound.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The bound, and what is held. It is kept within what streams may have staged: see `STAGED_BYTES_MAX`.
#[derive(Debug)]
pub struct Quota {
    used: AtomicU64,
    max: Option<u64>,
}

impl Quota {
    /// A bound in bytes; none where `None`.
    pub fn new(max: Option<u64>) -> Arc<Self> {
        Arc::new(Self { used: AtomicU64::new(0), max })
    }

    /// Bytes held by all streams.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}

/// One stream's part.
#[derive(Debug)]
pub(super) struct Share {
    quota: Arc<Quota>,
    bytes: u64,
}

impl Share {
    pub fn of(quota: Arc<Quota>) -> Self {
        Self { quota, bytes: 0 }
    }

    /// The stream holds so many bytes now.
    pub fn set(&mut self, bytes: u64) {
        if bytes > self.bytes {
            self.quota.used.fetch_add(bytes - self.bytes, Ordering::Relaxed);
        } else if bytes < self.bytes {
            self.quota.used.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
    }

    /// Whether there is no place for so many bytes more.
    pub fn is_full(&self, more: u64) -> bool {
        self.quota.max.is_some_and(|max| self.quota.used().saturating_add(more) > max)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_share_what_there_is_and_give_it_back() {
        let quota = Quota::new(Some(100));
        let (mut a, mut b) = (Share::of(quota.clone()), Share::of(quota.clone()));
        a.set(60);
        b.set(30);
        assert!(!b.is_full(10) && b.is_full(11));
        a.set(20);
        assert!(!b.is_full(50) && b.is_full(51));
        drop(a);
        assert_eq!(quota.used(), 30);
        assert!(!Share::of(Quota::new(None)).is_full(u64::MAX));
    }
}
