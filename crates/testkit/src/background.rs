//! A runtime that outlives every test: what is started on it does not end with the test that happened to be the first.

use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};

/// Brokers, containers and connections share them.
const THREADS: usize = 2;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("testkit")
        .enable_all()
        .build()
        .expect("a runtime for what outlives a test")
});

/// Does `work` there, whatever becomes of the caller's runtime, and hands its panic on. It may block.
pub(crate) async fn run<T: Send + 'static>(work: impl AsyncFnOnce() -> T + Send + 'static) -> T {
    match RUNTIME.spawn_blocking(move || RUNTIME.block_on(work())).await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Starts `work` there and lets it go.
pub(crate) fn spawn(work: impl AsyncFnOnce() + Send + 'static) {
    RUNTIME.spawn_blocking(move || RUNTIME.block_on(work()));
}

/// Does `clean_up` there when the runtime of the current test ends, and with it the test: passed, failed or panicked.
pub(crate) fn at_the_end_of_the_test(clean_up: impl AsyncFnOnce() + Send + 'static) {
    let guard = AtTheEnd(Some(clean_up));
    // A runtime that ends drops its tasks, and with this one the guard.
    tokio::spawn(async move {
        let _guard = guard;
        std::future::pending::<()>().await;
    });
}

struct AtTheEnd<C: AsyncFnOnce() + Send + 'static>(Option<C>);

impl<C: AsyncFnOnce() + Send + 'static> Drop for AtTheEnd<C> {
    fn drop(&mut self) {
        if let Some(clean_up) = self.0.take() {
            spawn(clean_up);
        }
    }
}
