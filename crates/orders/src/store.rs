//! All SQL of this service. Every function works in the caller's transaction, and a change of an order is written
//! together with the event that tells of it.

use events::orders::{
    OrderCancelled, OrderCompleted, OrderCreated, OrderExpiring, OrderOverdue, OrderStatus, OrderUpdated,
    RefundRequested,
};
use events::{Cents, OrderId, PaymentId, TicketId, Timestamp, UserId, Version, outbox};
use sqlx::PgConnection;
use time::Duration;

use crate::Error;
use crate::order::{Change, Order, OrderTicket};
use crate::ticket::Ticket;

/// The index by which a ticket has one order at most that is not cancelled.
const LIVE_TICKET: &str = "orders_live_ticket";

/// The ticket as far as it is known here.
pub async fn ticket(tx: &mut PgConnection, id: TicketId) -> Result<Option<Ticket>, Error> {
    let ticket =
        sqlx::query_as!(Ticket, "select id, title, price, user_id, version from tickets where id = $1", id as _)
            .fetch_optional(tx)
            .await?;
    Ok(ticket)
}

/// The version the replica of a ticket stands at. A ticket that is there stays as it is until the transaction ends.
pub async fn ticket_version(tx: &mut PgConnection, id: TicketId) -> Result<Version, Error> {
    let version =
        sqlx::query_scalar!("select version from tickets where id = $1 for update", id as _).fetch_optional(tx).await?;
    Ok(version.unwrap_or(Version::ABSENT))
}

/// Keeps `ticket`, whose replica stands at the version before it.
pub async fn save_ticket(tx: &mut PgConnection, ticket: &Ticket) -> Result<(), Error> {
    let saved = sqlx::query!(
        "insert into tickets (id, title, price, user_id, version) values ($1, $2, $3, $4, $5)
         on conflict (id) do update set
             title = excluded.title, price = excluded.price, user_id = excluded.user_id, version = excluded.version
         where tickets.version = excluded.version - 1",
        ticket.id as _,
        ticket.title,
        ticket.price as _,
        ticket.user_id as _,
        ticket.version as _,
    )
    .execute(tx)
    .await?;
    one(saved.rows_affected())
}

/// Whether an order has the ticket, held or bought.
pub async fn is_reserved(tx: &mut PgConnection, ticket: TicketId) -> Result<bool, Error> {
    let reserved = sqlx::query_scalar!(
        r#"select exists (select from orders where ticket_id = $1 and status <> 'cancelled') as "reserved!""#,
        ticket as _
    )
    .fetch_one(tx)
    .await?;
    Ok(reserved)
}

/// The tickets a user holds and has not paid.
#[derive(Debug)]
pub struct Holds {
    /// How many.
    pub count: i64,
    /// When the first of them runs out.
    pub first_expires_at: Option<Timestamp>,
}

/// Counts what `user` holds. Whoever else counts for the same user waits until this transaction ends, so that two
/// orders at once can't both be the last one allowed.
pub async fn holds(tx: &mut PgConnection, user: UserId) -> Result<Holds, Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('holds'), hashtext($1::uuid::text))", user as _)
        .execute(&mut *tx)
        .await?;
    // A statement of its own: it must see what was committed while the lock was waited for.
    let holds = sqlx::query_as!(
        Holds,
        r#"select count(*) as "count!", min(expires_at) as "first_expires_at: Timestamp"
           from orders where user_id = $1 and status in ('created', 'awaiting:payment')"#,
        user as _
    )
    .fetch_one(tx)
    .await?;
    Ok(holds)
}

/// Keeps a new order, and publishes it. [`Error::Reserved`] if another one has its ticket; the transaction is of no use
/// after that.
pub async fn insert(tx: &mut PgConnection, order: &Order, now: Timestamp) -> Result<(), Error> {
    sqlx::query!(
        "insert into orders (id, user_id, status, version, expires_at, ticket_id, ticket_title, ticket_price,
                             ticket_version, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        order.id as _,
        order.user_id as _,
        order.status as _,
        order.version as _,
        order.expires_at as _,
        order.ticket.id as _,
        order.ticket.title,
        order.ticket.price as _,
        order.ticket.version as _,
        now as _,
    )
    .execute(&mut *tx)
    .await
    .map_err(reserved)?;
    outbox::push(tx, &OrderCreated::from(order)).await?;
    Ok(())
}

/// Changes `order` if it is still the version we read, and publishes the change. Returns it as it is now.
///
/// [`Error::Reserved`] if it would take a ticket that another order has; the transaction, or the savepoint in it, is of
/// no use after that.
pub async fn change(tx: &mut PgConnection, order: &Order, change: Change, now: Timestamp) -> Result<Order, Error> {
    let changed = order.after(change, now);
    let saved = sqlx::query!(
        "update orders set version = version + 1, status = $3, expiring_since = $4, payment_id = $5
         where id = $1 and version = $2",
        order.id as _,
        order.version as _,
        changed.status as _,
        changed.expiring_since as _,
        changed.payment_id as _,
    )
    .execute(&mut *tx)
    .await
    .map_err(reserved)?;
    one(saved.rows_affected())?;
    match change {
        Change::Await | Change::Reopen => outbox::push(tx, &OrderUpdated::from(&changed)).await?,
        Change::Expire => outbox::push(tx, &OrderExpiring::from(&changed)).await?,
        Change::Cancel => outbox::push(tx, &OrderCancelled::from(&changed)).await?,
        Change::Complete(_) => outbox::push(tx, &OrderCompleted::from(&changed)).await?,
    }
    Ok(changed)
}

/// Asks `payment` back, and notes that it was. The order itself stays as it is.
pub async fn ask_back(tx: &mut PgConnection, order: &Order, payment: PaymentId) -> Result<(), Error> {
    let noted = sqlx::query!(
        "update orders set refunds = refunds || $2::uuid where id = $1 and not $2 = any (refunds)",
        order.id as _,
        payment as _
    )
    .execute(&mut *tx)
    .await?;
    one(noted.rows_affected())?;
    outbox::push(tx, &RefundRequested { payment_id: payment, order_id: order.id }).await?;
    Ok(())
}

/// An order as its row has it, but for what only SQL looks at.
struct Row {
    id: OrderId,
    user_id: UserId,
    status: OrderStatus,
    version: Version,
    expires_at: Timestamp,
    expiring_since: Option<Timestamp>,
    payment_id: Option<PaymentId>,
    refunds: Vec<PaymentId>,
    ticket_id: TicketId,
    ticket_title: String,
    ticket_price: Cents,
    ticket_version: Version,
}

impl From<Row> for Order {
    fn from(row: Row) -> Self {
        let Row { id, user_id, status, version, expires_at, expiring_since, payment_id, refunds, .. } = row;
        let ticket = OrderTicket {
            id: row.ticket_id,
            title: row.ticket_title,
            price: row.ticket_price,
            version: row.ticket_version,
        };
        Self { id, user_id, status, version, expires_at, expiring_since, payment_id, refunds, ticket }
    }
}

/// Orders, by what follows `from orders`: the columns of a [`Row`] are spelled once.
macro_rules! orders {
    ($rest:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            "select id, user_id, status, version, expires_at, expiring_since, payment_id, refunds,
                    ticket_id, ticket_title, ticket_price, ticket_version
             from orders " + $rest
            $(, $argument)*
        )
    };
}

/// The order, to be looked at.
pub async fn find(tx: &mut PgConnection, id: OrderId) -> Result<Option<Order>, Error> {
    Ok(orders!("where id = $1", id as _).fetch_optional(tx).await?.map(Order::from))
}

/// The order, to be decided on: nobody else decides until the transaction ends.
pub async fn lock(tx: &mut PgConnection, id: OrderId) -> Result<Option<Order>, Error> {
    Ok(orders!("where id = $1 for update", id as _).fetch_optional(tx).await?.map(Order::from))
}

/// Which orders of a user are meant: all where nothing is said.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Those that stand so.
    pub status: Option<OrderStatus>,
    /// Those for this ticket.
    pub ticket: Option<TicketId>,
}

/// At most `limit` orders of `user`, newest first, after the one with the id `after`.
pub async fn list(
    tx: &mut PgConnection,
    user: UserId,
    filter: Filter,
    after: Option<OrderId>,
    limit: i64,
) -> Result<Vec<Order>, Error> {
    let rows = orders!(
        "where user_id = $1 and ($2::text is null or status = $2) and ($3::uuid is null or ticket_id = $3)
           and ($4::uuid is null or id < $4)
         order by id desc limit $5",
        user as _,
        filter.status as _,
        filter.ticket as _,
        after as _,
        limit
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(Order::from).collect())
}

/// Publishes [`OrderOverdue`] for at most `limit` orders whose time was up before `before` and of which it was not told
/// since `told_before`. Returns how many. Orders that somebody is deciding on are left out.
pub async fn tell_overdue(
    tx: &mut PgConnection,
    now: Timestamp,
    before: Timestamp,
    told_before: Timestamp,
    limit: i64,
) -> Result<usize, Error> {
    let overdue = sqlx::query!(
        "with overdue as (
             select id from orders
             where status in ('created', 'awaiting:payment') and expiring_since is null and expires_at < $2
               and (overdue_told_at is null or overdue_told_at <= $3)
             order by expires_at limit $4 for update skip locked
         )
         update orders set overdue_told_at = $1 from overdue where orders.id = overdue.id
         returning orders.id, orders.expires_at",
        now as _,
        before as _,
        told_before as _,
        limit,
    )
    .fetch_all(&mut *tx)
    .await?;
    for row in &overdue {
        outbox::push(tx, &OrderOverdue { id: row.id, expires_at: row.expires_at }).await?;
    }
    Ok(overdue.len())
}

/// At most `limit` orders that have been expiring for `patience`, to be decided on. Orders that somebody else is
/// deciding on are left out.
pub async fn lock_unanswered(
    tx: &mut PgConnection,
    now: Timestamp,
    patience: Duration,
    limit: i64,
) -> Result<Vec<Order>, Error> {
    let rows = orders!(
        "where expiring_since <= $1 order by expiring_since limit $2 for update skip locked",
        (now - patience) as _,
        limit
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(Order::from).collect())
}

/// A violation of [`LIVE_TICKET`] is somebody who was faster.
fn reserved(error: sqlx::Error) -> Error {
    match error.as_database_error().and_then(sqlx::error::DatabaseError::constraint) {
        Some(LIVE_TICKET) => Error::Reserved,
        _ => Error::Database(error),
    }
}

fn one(rows: u64) -> Result<(), Error> {
    if rows == 1 { Ok(()) } else { Err(Error::Stale) }
}
