//! What goes on in the background goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use events::Bus;
use service::Worker;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

#[tokio::test(start_paused = true)]
async fn a_worker_that_ends_fails_or_panics_is_started_again() {
    let bus = Bus::connect("nats://127.0.0.1:1", "test").await.unwrap();
    let (starts, works) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
    let worker = {
        let (starts, works) = (starts.clone(), works.clone());
        Worker::new("test", move |stop: CancellationToken| {
            let (start, works) = (starts.fetch_add(1, Ordering::SeqCst), works.clone());
            async move {
                match start {
                    0 => panic!("on purpose"),
                    1 => anyhow::bail!("on purpose"),
                    2 => return Ok(()),
                    _ => works.notify_one(),
                }
                stop.cancelled().await;
                Ok(())
            }
        })
    };
    let stop = CancellationToken::new();
    let running = tokio::spawn(worker.run(bus, stop.clone()));
    works.notified().await;
    assert_eq!(starts.load(Ordering::SeqCst), 4);

    stop.cancel();
    running.await.unwrap();
    assert_eq!(starts.load(Ordering::SeqCst), 4, "one that was told to stop is not started again");
}
