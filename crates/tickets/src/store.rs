//! All SQL of this service. The caller owns the transaction.
//!
//! Whoever changes a ticket [`lock`]s it first, so that what is decided on is what is saved: two edits, or an edit and
//! a hold, come one after the other, and the second decides on what the first left. [`save`] still names the version it
//! follows, so that a change made without the lock would fail, and not be lost.

use events::tickets::{TicketCreated, TicketUpdated};
use events::{Cents, OrderId, TicketId, Timestamp, UserId, Version, outbox};
use sqlx::PgConnection;

use crate::browse::{Browse, Position};
use crate::ticket::{Claim, State};
use crate::{Error, Ticket};

/// A ticket as a row: who has it is told by its last two columns.
struct Row {
    id: TicketId,
    user_id: UserId,
    title: String,
    price: Cents,
    version: Version,
    order_id: Option<OrderId>,
    held_until: Option<Timestamp>,
}

impl From<Row> for Ticket {
    fn from(row: Row) -> Self {
        let state = match (row.order_id, row.held_until) {
            (None, _) => State::Available,
            (Some(order_id), Some(held_until)) => State::Held { order_id, held_until },
            (Some(order_id), None) => State::Sold { order_id },
        };
        let Row { id, user_id, title, price, version, .. } = row;
        Self { id, title, price, user_id, version, state }
    }
}

/// The columns that say `state`.
fn columns(state: State) -> (Option<OrderId>, Option<Timestamp>) {
    match state {
        State::Available => (None, None),
        State::Held { order_id, held_until } => (Some(order_id), Some(held_until)),
        State::Sold { order_id } => (Some(order_id), None),
    }
}

/// Saves a ticket newly listed, and publishes that it was.
pub async fn insert(tx: &mut PgConnection, ticket: &Ticket) -> Result<(), Error> {
    let (order_id, held_until) = columns(ticket.state);
    sqlx::query!(
        "insert into tickets (id, user_id, title, price, version, order_id, held_until)
         values ($1, $2, $3, $4, $5, $6, $7)",
        ticket.id as _,
        ticket.user_id as _,
        ticket.title,
        ticket.price as _,
        ticket.version as _,
        order_id as _,
        held_until as _,
    )
    .execute(&mut *tx)
    .await?;
    outbox::push(tx, &TicketCreated::from(ticket)).await?;
    announce(tx, ticket).await
}

/// Saves a change of a ticket, its version one above the one that is stored, and publishes it.
pub async fn save(tx: &mut PgConnection, ticket: &Ticket) -> Result<(), Error> {
    let (order_id, held_until) = columns(ticket.state);
    let saved = sqlx::query!(
        "update tickets set version = $2, title = $3, price = $4, order_id = $5, held_until = $6
         where id = $1 and version = $2 - 1",
        ticket.id as _,
        ticket.version as _,
        ticket.title,
        ticket.price as _,
        order_id as _,
        held_until as _,
    )
    .execute(&mut *tx)
    .await?;
    if saved.rows_affected() == 0 {
        return Err(Error::Stale);
    }
    outbox::push(tx, &TicketUpdated::from(ticket)).await?;
    announce(tx, ticket).await
}

/// Tells every replica of this service, once the transaction commits: [`changes`](crate::changes) are read there.
async fn announce(tx: &mut PgConnection, ticket: &Ticket) -> Result<(), Error> {
    let json = serde_json::to_string(ticket).map_err(outbox::PushError::from)?;
    sqlx::query!("select pg_notify(current_schema() || '_changes', $1)", json).execute(tx).await?;
    Ok(())
}

/// The channel on which changes are announced.
pub async fn changes_channel(db: &mut PgConnection) -> sqlx::Result<String> {
    sqlx::query_scalar!(r#"select current_schema() || '_changes' as "channel!""#).fetch_one(db).await
}

/// A ticket to look at.
pub async fn find(db: &mut PgConnection, id: TicketId) -> sqlx::Result<Option<Ticket>> {
    let row = sqlx::query_as!(Row, "select * from tickets where id = $1", id as _).fetch_optional(db).await?;
    Ok(row.map(Ticket::from))
}

/// A ticket to change: it is this transaction's until it ends.
pub async fn lock(tx: &mut PgConnection, id: TicketId) -> sqlx::Result<Option<Ticket>> {
    let row =
        sqlx::query_as!(Row, "select * from tickets where id = $1 for update", id as _).fetch_optional(tx).await?;
    Ok(row.map(Ticket::from))
}

/// The first `limit` tickets that can be bought and that `browse` asks for.
pub async fn browse(db: &mut PgConnection, browse: &Browse, limit: i64) -> sqlx::Result<Vec<Ticket>> {
    /// The query with its own end for each way to sort, so that each has the index that fits it.
    macro_rules! tickets {
        ($end:literal, $($key:expr),+) => {
            sqlx::query_as!(
                Row,
                r#"select * from tickets
                   where order_id is null and lower(title) like lower($1 collate "und-x-icu")
                     and price between $2 and $3 and "# + $end,
                browse.pattern, browse.price_min as _, browse.price_max as _, limit, $($key as _),+
            )
            .fetch_all(db)
            .await?
        };
    }
    let rows = match &browse.after {
        Position::Newest { id } => tickets!("id < $5 order by id desc limit $4", id),
        Position::Cheapest { price, id } => {
            tickets!("(price, id) > ($5, $6) order by price, id limit $4", price, id)
        }
        Position::Dearest { price, id } => {
            tickets!("(price, id) < ($5, $6) order by price desc, id desc limit $4", price, id)
        }
        Position::Title { title, id } => tickets!(
            r#"(lower(title), id) > (lower($5 collate "und-x-icu"), $6) order by lower(title), id limit $4"#,
            title,
            id
        ),
    };
    Ok(rows.into_iter().map(Ticket::from).collect())
}

/// The newest `limit` tickets `owner` listed before `before`, whoever has them.
pub async fn owned_by(db: &mut PgConnection, owner: UserId, before: TicketId, limit: i64) -> sqlx::Result<Vec<Ticket>> {
    let rows = sqlx::query_as!(
        Row,
        "select * from tickets where user_id = $1 and id < $2 order by id desc limit $3",
        owner as _,
        before as _,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Ticket::from).collect())
}

/// How far an order is known here.
pub async fn order_version(tx: &mut PgConnection, id: OrderId) -> sqlx::Result<Version> {
    let version =
        sqlx::query_scalar!("select version from orders where id = $1 for update", id as _).fetch_optional(tx).await?;
    Ok(version.unwrap_or(Version::ABSENT))
}

/// Notes that `version` of an order was applied here, the next one after what [`order_version`] said.
pub async fn save_order_version(tx: &mut PgConnection, id: OrderId, version: Version) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into orders (id, version) values ($1, $2) on conflict (id) do update set version = excluded.version",
        id as _,
        version as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Lets an order, known by [`save_order_version`], wait for a ticket.
pub async fn wait_for(tx: &mut PgConnection, ticket: TicketId, (order, until): Claim) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders set ticket_id = $2, held_until = $3 where id = $1",
        order as _,
        ticket as _,
        until as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Lets an order wait no more, if it did.
pub async fn wait_no_more(tx: &mut PgConnection, order: OrderId) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders set ticket_id = null, held_until = null where id = $1 and ticket_id is not null",
        order as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Who waits for a ticket: the latest of those who do, as the others must have let go before that one came.
pub async fn next_claim(tx: &mut PgConnection, ticket: TicketId) -> sqlx::Result<Option<Claim>> {
    let row = sqlx::query!(
        r#"select id as "id: OrderId", held_until as "held_until!: Timestamp" from orders
           where ticket_id = $1 order by held_until desc, id desc limit 1"#,
        ticket as _,
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| (row.id, row.held_until)))
}
