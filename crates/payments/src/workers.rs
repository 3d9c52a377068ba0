//! What goes on without a request: payments are settled, refunds are seen through, old webhooks are forgotten.
//!
//! Each worker is a loop around a function that a test can call by itself. Every replica runs them; a row is taken up by
//! one of them at a time, and by another once the lease of one that died is over.

pub mod refund;
pub mod settle;

use std::pin::Pin;
use std::time::Duration;

use service::Worker;
use sqlx::postgres::PgListener;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::{App, store};

/// How long a worker sleeps when nothing wakes it: what is due by time alone is late by this much at most.
const POLL: Duration = Duration::from_secs(1);
/// How long the provider's events are remembered: it sends one again for three days at most.
const WEBHOOKS_KEPT: time::Duration = time::Duration::days(30);
/// How often old ones are forgotten. There is no hurry.
const FORGET_EVERY: Duration = Duration::from_hours(1);

/// Every worker of this service.
pub fn workers(app: &App) -> Vec<Worker> {
    vec![
        on_work("settle", app, |app| Box::pin(settle::settle_once(app))),
        on_work("refund", app, |app| Box::pin(refund::refund_once(app))),
        forgetting(app),
    ]
}

/// Does what is due, and says how much that was.
type Work = for<'a> fn(&'a App) -> Pin<Box<dyn Future<Output = anyhow::Result<usize>> + Send + 'a>>;

/// A worker that does `work` whenever it is woken, until there is none left.
fn on_work(name: &'static str, app: &App, work: Work) -> Worker {
    let app = app.clone();
    Worker::new(name, move |stop: CancellationToken| {
        let app = app.clone();
        async move {
            let mut woken = PgListener::connect_with(&app.db).await?;
            woken.listen(&store::work_channel(&mut *app.db.acquire().await?).await?).await?;
            while !stop.is_cancelled() {
                if work(&app).await? > 0 {
                    continue;
                }
                // A notification that was lost with its connection costs no more than one that never came.
                let _ = stop.run_until_cancelled(timeout(POLL, woken.recv())).await;
            }
            anyhow::Ok(())
        }
    })
}

fn forgetting(app: &App) -> Worker {
    let app = app.clone();
    Worker::new("forget-webhooks", move |stop: CancellationToken| {
        let app = app.clone();
        async move {
            while !stop.is_cancelled() {
                let before = app.clock.now() - WEBHOOKS_KEPT;
                store::forget_webhooks_before(&mut *app.db.acquire().await?, before).await?;
                let _ = stop.run_until_cancelled(sleep(FORGET_EVERY)).await;
            }
            anyhow::Ok(())
        }
    })
}
