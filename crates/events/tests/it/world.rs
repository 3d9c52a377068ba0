//! What the tests share: a database, events of a made-up ticket, and a listener that keeps a tally.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use anyhow::bail;
use async_nats::jetstream::{self, Context};
use events::listener::Delivery;
use events::tickets::TicketUpdated;
use events::{Cents, Envelope, Listener, Outcome, TicketId, UserId, Version};
use sqlx::migrate::Migrator;
use sqlx::{PgConnection, PgPool};
use testkit::Broker;

/// The crate's own tables are all there is.
static NOTHING: Migrator = Migrator::DEFAULT;

/// A database with the tables of the post, and a table `tally` for a listener to write in.
pub async fn database() -> PgPool {
    let db = testkit::database("events", &NOTHING).await;
    sqlx::raw_sql("create table tally (ticket uuid not null, version bigint not null)").execute(&db).await.unwrap();
    db
}

/// A client of the broker, past everything under test.
pub async fn jetstream(broker: &Broker) -> Context {
    jetstream::new(async_nats::connect(&broker.url).await.unwrap())
}

/// A change of a ticket.
pub fn updated(id: TicketId, version: i64) -> TicketUpdated {
    TicketUpdated {
        id,
        title: "Hamlet".into(),
        price: Cents(1999),
        user_id: UserId::new(),
        order_id: None,
        version: Version(version),
    }
}

/// The first delivery of something.
pub fn delivery(count: i64) -> Delivery {
    Delivery { stream: "TICKETS".into(), sequence: 7, count }
}

/// An envelope around a change of a ticket.
pub fn envelope(version: i64) -> Envelope {
    Envelope::of(&updated(TicketId::new(), version)).unwrap()
}

/// What a [`Tally`] does with the next event.
#[derive(Clone, Copy)]
pub enum Turn {
    Fail,
    Early,
}

/// Writes down each event it handles; its next answers can be set.
#[derive(Clone, Default)]
pub struct Tally(Arc<Mutex<VecDeque<Turn>>>);

impl Tally {
    /// Answers the next events so, one after the other.
    pub fn answers(turns: &[Turn]) -> Self {
        Self(Arc::new(Mutex::new(turns.iter().copied().collect())))
    }
}

impl Listener<TicketUpdated> for Tally {
    async fn handle(&self, tx: &mut PgConnection, event: TicketUpdated) -> anyhow::Result<Outcome> {
        sqlx::query("insert into tally (ticket, version) values ($1, $2)")
            .bind(event.id)
            .bind(event.version)
            .execute(tx)
            .await?;
        let turn = self.0.lock().unwrap().pop_front();
        match turn {
            Some(Turn::Fail) => bail!("the listener is out of order"),
            Some(Turn::Early) => Ok(Outcome::TooEarly),
            None => Ok(Outcome::Done),
        }
    }
}

/// Versions written down, in their order.
pub async fn tally(db: &PgPool) -> Vec<i64> {
    sqlx::query_scalar("select version from tally order by version").fetch_all(db).await.unwrap()
}
