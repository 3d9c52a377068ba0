//! The streams a subscription is a member in: one, or as many as its wildcards reach.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use protocol::subject;

use crate::stream::Stream;

/// See the module.
pub(super) struct Reach {
    /// Acknowledgements have to say which channel they are of.
    is_wide: bool,
    inner: Mutex<Inner>,
}

struct Inner {
    streams: Vec<Reached>,
    /// The subscriber knows where to acknowledge.
    is_told: bool,
}

struct Reached {
    stream: Weak<Stream>,
    /// What it holds: no two streams hold the same.
    subjects: Vec<String>,
}

impl Reach {
    /// One stream, and no other ever.
    pub fn one(stream: &Arc<Stream>) -> Self {
        let reach = Self::new(false, true);
        reach.add(stream);
        reach
    }

    /// None yet. `is_told` says whether the subscriber knows where to acknowledge.
    pub fn wide(is_told: bool) -> Self {
        Self::new(true, is_told)
    }

    fn new(is_wide: bool, is_told: bool) -> Self {
        Self { is_wide, inner: Mutex::new(Inner { streams: Vec::new(), is_told }) }
    }

    /// One more, or one whose subjects have changed. True if its member is to be started: it would not be otherwise.
    pub fn add(&self, stream: &Arc<Stream>) -> bool {
        let subjects = if self.is_wide { stream.config().subjects } else { Vec::new() };
        let mut inner = self.inner.lock();
        inner.streams.retain(|reached| reached.stream.upgrade().is_some_and(|other| !Arc::ptr_eq(&other, stream)));
        inner.streams.push(Reached { stream: Arc::downgrade(stream), subjects });
        inner.is_told
    }

    /// The subscriber knows where to acknowledge. Returns the streams whose members are to be started.
    pub fn tell(&self) -> Vec<Arc<Stream>> {
        let mut inner = self.inner.lock();
        inner.is_told = true;
        inner.streams.iter().filter_map(|reached| reached.stream.upgrade()).collect()
    }

    /// All of them.
    pub fn streams(&self) -> Vec<Arc<Stream>> {
        self.inner.lock().streams.iter().filter_map(|reached| reached.stream.upgrade()).collect()
    }

    /// The one that holds the messages of `channel`.
    pub fn stream_of(&self, channel: &str) -> Option<Arc<Stream>> {
        let inner = self.inner.lock();
        let holds = |reached: &&Reached| {
            !self.is_wide || reached.subjects.iter().any(|filter| subject::matches(filter, channel))
        };
        inner.streams.iter().find(holds).and_then(|reached| reached.stream.upgrade())
    }
}
