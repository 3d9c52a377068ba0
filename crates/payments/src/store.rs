//! All SQL of this service. The caller owns the transaction, and locks in one order: the order, then its payment.
//!
//! Whoever changes a payment in a way that others hear of [locks its order](lock_order) first: that is what puts the
//! events of one order in the order of their commits. `work.rs` what the workers take up · `webhooks.rs` what was seen.

mod webhooks;
mod work;

use events::orders::OrderStatus;
use events::payments::{PaymentClosed, PaymentCreated, PaymentRefunded, PaymentStarted};
use events::{OrderId, PaymentId, Timestamp, UserId, Version, outbox};
use sqlx::{PgConnection, Postgres, Transaction};

pub use self::webhooks::{forget_webhooks_before, lock_by_stripe_id, see_webhook};
pub use self::work::{claim_looks, claim_refunds, postpone_look, postpone_refund, wake, work_channel};
use crate::Error;
use crate::order::Order;
use crate::payment::{News, Payment};

/// Ends a transaction as its `result` says. By hand: one that is only dropped keeps its locks for a moment, and a worker
/// that comes along would pass the row.
pub async fn end<T>(tx: Transaction<'_, Postgres>, result: Result<T, Error>) -> Result<T, Error> {
    match result {
        Ok(value) => tx.commit().await.map(|()| value).map_err(Error::from),
        Err(error) => tx.rollback().await.map_err(Error::from).and(Err(error)),
    }
}

/// An order to look at.
pub async fn order(db: &mut PgConnection, id: OrderId) -> sqlx::Result<Option<Order>> {
    // The columns are spelled out: `orders` has a table of that name too, and queries are told apart by their text.
    sqlx::query_as!(
        Order,
        "select id, version, user_id, status, price, expires_at, closing from orders where id = $1",
        id as _
    )
    .fetch_optional(db)
    .await
}

/// An order to change, or to begin or end a payment of: it is this transaction's until it ends.
pub async fn lock_order(tx: &mut PgConnection, id: OrderId) -> sqlx::Result<Option<Order>> {
    sqlx::query_as!(
        Order,
        "select id, version, user_id, status, price, expires_at, closing from orders where id = $1 for update",
        id as _
    )
    .fetch_optional(tx)
    .await
}

/// How far the events of an order are known here. Locks it.
pub async fn order_version(tx: &mut PgConnection, id: OrderId) -> sqlx::Result<Version> {
    Ok(lock_order(tx, id).await?.map_or(Version::ABSENT, |order| order.version))
}

/// Saves an order as it was heard of: new, or its next version.
pub async fn save_order(tx: &mut PgConnection, order: &Order) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into orders (id, version, user_id, status, price, expires_at, closing)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (id) do update set version = $2, user_id = $3, status = $4, price = $5, expires_at = $6, closing = $7",
        order.id as _,
        order.version as _,
        order.user_id as _,
        order.status as OrderStatus,
        order.price as _,
        order.expires_at as _,
        order.closing,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A payment to look at.
pub async fn payment(db: &mut PgConnection, id: PaymentId) -> sqlx::Result<Option<Payment>> {
    sqlx::query_as!(Payment, "select * from payments where id = $1", id as _).fetch_optional(db).await
}

/// A payment to change: it is this transaction's until it ends. Its order is locked before.
pub async fn lock_payment(tx: &mut PgConnection, id: PaymentId) -> sqlx::Result<Option<Payment>> {
    sqlx::query_as!(Payment, "select * from payments where id = $1 for update", id as _).fetch_optional(tx).await
}

/// The payment of an order that is under way or paid for it: there is one at most. Its order is locked before.
pub async fn lock_live(tx: &mut PgConnection, order: OrderId) -> sqlx::Result<Option<Payment>> {
    sqlx::query_as!(
        Payment,
        "select * from payments where order_id = $1 and status in ('created', 'completed') for update",
        order as _
    )
    .fetch_optional(tx)
    .await
}

/// The declined payment of an order by the same token whose buyer has not heard the answer yet.
pub async fn lock_owed(tx: &mut PgConnection, order: OrderId, token_digest: &[u8]) -> sqlx::Result<Option<Payment>> {
    sqlx::query_as!(
        Payment,
        "select * from payments
         where order_id = $1 and token_digest = $2 and status = 'failed' and answer_owed and failure is not null
         order by id desc limit 1 for update",
        order as _,
        token_digest,
    )
    .fetch_optional(tx)
    .await
}

/// A user's payments, newest first, from behind `after`; of one order if it is named.
pub async fn payments_of(
    db: &mut PgConnection,
    user: UserId,
    order: Option<OrderId>,
    after: Option<PaymentId>,
    limit: i64,
) -> sqlx::Result<Vec<Payment>> {
    sqlx::query_as!(
        Payment,
        "select * from payments
         where user_id = $1 and ($2::uuid is null or order_id = $2) and ($3::uuid is null or id < $3)
         order by id desc limit $4",
        user as _,
        order as _,
        after as _,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Writes down a new attempt, and tells that it began. Its order is locked before.
pub async fn insert(tx: &mut PgConnection, payment: &Payment) -> Result<(), Error> {
    sqlx::query!(
        "insert into payments (id, order_id, user_id, kind, status, amount, currency, created_at, token_digest, next_look_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        payment.id as _,
        payment.order_id as _,
        payment.user_id as _,
        payment.kind as _,
        payment.status as _,
        payment.amount as _,
        payment.currency,
        payment.created_at as _,
        payment.token_digest,
        payment.next_look_at as _,
    )
    .execute(&mut *tx)
    .await?;
    tell(tx, payment, News::Started).await
}

/// Saves a payment that is locked, and tells the `news` there is of it.
pub async fn save(tx: &mut PgConnection, payment: &Payment, news: Option<News>) -> Result<(), Error> {
    sqlx::query!(
        "update payments set status = $2, failure = $3, answer_owed = $4, next_look_at = $5, looks = $6,
            refund_wanted_at = $7, refund_attempt = $8, stripe_refund_id = $9, next_refund_at = $10, refund_looks = $11
         where id = $1",
        payment.id as _,
        payment.status as _,
        payment.failure,
        payment.answer_owed,
        payment.next_look_at as _,
        payment.looks,
        payment.refund_wanted_at as _,
        payment.refund_attempt,
        payment.stripe_refund_id,
        payment.next_refund_at as _,
        payment.refund_looks,
    )
    .execute(&mut *tx)
    .await?;
    match news {
        Some(news) => tell(tx, payment, news).await,
        None => Ok(()),
    }
}

/// Writes down the provider's name of a payment's intent. False if the payment is over meanwhile: then the intent must
/// not be confirmed, and nobody may get its secret.
pub async fn open(
    db: &mut PgConnection,
    id: PaymentId,
    stripe_id: &str,
    next_look_at: Option<Timestamp>,
) -> sqlx::Result<bool> {
    let opened = sqlx::query!(
        "update payments set stripe_id = $2, next_look_at = coalesce($3, next_look_at)
         where id = $1 and status = 'created' and (stripe_id is null or stripe_id = $2)",
        id as _,
        stripe_id,
        next_look_at as _,
    )
    .execute(db)
    .await?;
    Ok(opened.rows_affected() == 1)
}

/// Tells again what there is to know of a payment: for an order that asks.
pub async fn tell(tx: &mut PgConnection, payment: &Payment, news: News) -> Result<(), Error> {
    let (id, order_id) = (payment.id, payment.order_id);
    let stripe_id = || payment.stripe_id.clone().unwrap_or_default();
    let stripe_refund_id = || payment.stripe_refund_id.clone().unwrap_or_default();
    match news {
        News::Started => outbox::push(tx, &PaymentStarted { id, order_id }).await?,
        News::Paid => outbox::push(tx, &PaymentCreated { id, order_id, stripe_id: stripe_id() }).await?,
        News::Closed => tell_closed(tx, order_id).await?,
        News::Refunded => {
            outbox::push(tx, &PaymentRefunded { id, order_id, stripe_refund_id: stripe_refund_id() }).await?;
        }
    }
    Ok(())
}

/// Tells that no payment of an order is under way, and none succeeded.
pub async fn tell_closed(tx: &mut PgConnection, order: OrderId) -> Result<(), Error> {
    Ok(outbox::push(tx, &PaymentClosed { order_id: order }).await?)
}
