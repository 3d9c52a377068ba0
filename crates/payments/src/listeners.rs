//! What this service listens to, one event a file.

mod order_cancelled;
mod order_completed;
mod order_created;
mod order_expiring;
mod order_updated;
mod refund_requested;

use anyhow::Context;
use events::orders::{OrderCancelled, OrderCompleted, OrderCreated, OrderExpiring, OrderUpdated, RefundRequested};
use events::{Listeners, OrderId, Turn, Version};
use sqlx::PgConnection;

use crate::order::Order;
use crate::payment::{Payment, Status};
use crate::{App, Error, store};

/// The queue group of this service.
const DURABLE: &str = "payments-service";

/// Every listener, on `app`.
pub fn listeners(app: &App) -> Listeners {
    Listeners::new(DURABLE)
        .on::<OrderCreated>(app.clone())
        .on::<OrderUpdated>(app.clone())
        .on::<OrderExpiring>(app.clone())
        .on::<OrderCancelled>(app.clone())
        .on::<OrderCompleted>(app.clone())
        .on::<RefundRequested>(app.clone())
}

/// Changes the replica of an order as its event of this `version` says, if it is its turn. The order is locked.
async fn follow(
    tx: &mut PgConnection,
    id: OrderId,
    version: Version,
    change: impl FnOnce(&mut Order),
) -> anyhow::Result<Turn> {
    let order = store::lock_order(tx, id).await?;
    let turn = version.turn(order.as_ref().map_or(Version::ABSENT, |order| order.version));
    if turn == Turn::Next {
        let mut order = order.context("an order's first event is not its creation")?;
        change(&mut order);
        order.version = version;
        store::save_order(tx, &order).await?;
    }
    Ok(turn)
}

impl App {
    /// Nobody waits for the payment of an order any more that is under way: lets the settle worker end it. Returns what
    /// is under way, or has paid for the order. The order is locked.
    async fn end_payment(&self, tx: &mut PgConnection, order: OrderId) -> Result<Option<Payment>, Error> {
        let Some(mut live) = store::lock_live(tx, order).await? else { return Ok(None) };
        if live.status == Status::Created {
            live.look_soon(self.clock.now());
            store::save(tx, &live, None).await?;
            store::wake(tx).await?;
        }
        Ok(Some(live))
    }
}
