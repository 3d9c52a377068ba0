//! A fresh, migrated database for every test, and what may be done to it.
//!
//! ```text
//!  server of the process ─► template of a schema, migrated once ── file copy, 15 ms ─► database of a test
//!                                                                                        └─ dropped when it ends
//! ```
//!
//! On a server of `TEST_DATABASE_URL`, which stays when we go, a lock tells whether the process a database belongs to
//! is still there: the next run drops what a killed one left.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool};
use time::OffsetDateTime;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::servers::{self, Server};
use crate::{PATIENCE, background, eventually};

/// Connections of a test's pool: enough for a race, few enough for many tests at a time.
const CONNECTIONS_MAX: u32 = 8;

/// This run of this process, in the name of every database it makes.
static RUN: LazyLock<String> = LazyLock::new(|| Uuid::now_v7().simple().to_string()[20..].to_owned());

/// A pool on a fresh database with the tables of a service in `schema`: those of `events`, of `service`, and its `own`.
pub async fn database(schema: &'static str, own: &'static Migrator) -> PgPool {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let server = servers::postgres().await;
    let template = template(server, schema, own).await;
    let name = format!("testkit_{}_{schema}_{}", *RUN, NEXT.fetch_add(1, Ordering::Relaxed));
    let mut admin = connect(options(server)).await;
    create(&mut admin, &name, &template).await;
    let _ = admin.close().await;
    let dropped = name.clone();
    background::at_the_end_of_the_test(async move || {
        if let Ok(mut admin) = options(server).connect().await {
            let _ = execute(&mut admin, &format!("drop database if exists {dropped} with (force)")).await;
        }
    });
    let options = options(server).database(&name).options([("search_path", schema)]);
    PgPoolOptions::new().max_connections(CONNECTIONS_MAX).acquire_timeout(PATIENCE).connect_lazy_with(options)
}

/// The database that those of a service's tests are copies of, made by the first that needs one.
async fn template(server: &'static Server, schema: &'static str, own: &'static Migrator) -> String {
    type Templates = HashMap<(&'static str, usize), Arc<OnceCell<String>>>;
    static TEMPLATES: LazyLock<Mutex<Templates>> = LazyLock::new(Mutex::default);
    let key = (schema, std::ptr::from_ref(own).addr());
    let cell = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
    let made = cell.get_or_init(|| background::run(async move || make_template(server, schema, own, key.1).await));
    made.await.clone()
}

async fn make_template(server: &'static Server, schema: &'static str, own: &'static Migrator, key: usize) -> String {
    begin_run(server).await;
    let name = format!("testkit_{}_{schema}_of_{key:x}", *RUN);
    let mut admin = connect(options(server)).await;
    create(&mut admin, &name, "template0").await;
    let _ = admin.close().await;
    let options = options(server).database(&name).options([("search_path", schema)]);
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
    let migrated = service::database::migrate(&pool, schema, own).await;
    migrated.unwrap_or_else(|error| panic!("the migrations of {schema} failed: {error:#}"));
    // Nobody may be connected to what is copied.
    pool.close().await;
    name
}

async fn create(admin: &mut PgConnection, name: &str, template: &str) {
    // Before 15 copying files is the only strategy there is, and has no name.
    let version: i32 = sqlx::query_scalar("select current_setting('server_version_num')::int")
        .fetch_one(&mut *admin)
        .await
        .expect("the server's version");
    let strategy = if version >= 150_000 { "strategy file_copy" } else { "" };
    execute(admin, &format!("create database {name} template {template} {strategy}"))
        .await
        .unwrap_or_else(|error| panic!("cannot create a database for this test: {error}"));
}

/// Marks our run as not over, for as long as this process lives; drops what runs left that are over.
async fn begin_run(server: &'static Server) {
    static ONCE: OnceCell<Mutex<PgConnection>> = OnceCell::const_new();
    let begin = async || {
        let mut admin = connect(options(server)).await;
        assert!(lock(&mut admin, &RUN).await, "another process has our run's name");
        if server.given {
            drop_what_is_over(server, &mut admin).await;
        }
        Mutex::new(admin)
    };
    ONCE.get_or_init(begin).await;
}

async fn drop_what_is_over(server: &'static Server, admin: &mut PgConnection) {
    let all = r"select datname::text from pg_database where datname like 'testkit\_%'";
    let names: Vec<String> = sqlx::query_scalar(all).fetch_all(admin).await.expect("the databases of other runs");
    for name in names {
        let Some(run) = name.split('_').nth(1).filter(|run| *run != *RUN) else { continue };
        // By a connection of its own: with it goes the lock.
        let mut other = connect(options(server)).await;
        if lock(&mut other, run).await {
            let _ = execute(&mut other, &format!("drop database if exists {name} with (force)")).await;
        }
        let _ = other.close().await;
    }
}

async fn lock(connection: &mut PgConnection, run: &str) -> bool {
    sqlx::query_scalar("select pg_try_advisory_lock(hashtextextended('testkit ' || $1, 0))")
        .bind(run)
        .fetch_one(connection)
        .await
        .expect("an advisory lock")
}

fn options(server: &Server) -> PgConnectOptions {
    let options: PgConnectOptions =
        server.url.parse().unwrap_or_else(|error| panic!("{} is no URL of a Postgres: {error}", server.url));
    if options.get_database().is_some() { options } else { options.database("postgres") }
}

async fn connect(options: PgConnectOptions) -> PgConnection {
    let connected = options.connect().await;
    connected.unwrap_or_else(|error| panic!("cannot connect to Postgres at {}: {error}", options.to_url_lossy()))
}

async fn execute(connection: &mut PgConnection, sql: &str) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}

/// How a write to a table fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// The statement fails.
    Raise,
    /// The statement succeeds, and the commit fails.
    AtCommit,
    /// The statement takes the connection with it.
    Disconnect,
}

/// What a test may do to its database beyond using it.
pub struct Database {
    pool: PgPool,
}

impl Database {
    /// The database of a pool from [`database()`].
    pub fn of(pool: &PgPool) -> Self {
        Self { pool: pool.clone() }
    }

    /// Its URL, without a schema: what a service's `…_DATABASE_URL` would be.
    pub fn url(&self) -> String {
        let mut url = self.pool.connect_options().to_url_lossy();
        url.set_query(None);
        url.to_string()
    }

    /// Lets every write to `table` fail from now on, as `how` says.
    pub async fn break_writes(&self, table: &str, how: Break) {
        self.mend(table).await;
        let harm = match how {
            Break::Raise => "raise exception 'the test broke writes to %', tg_table_name",
            Break::AtCommit => "raise exception 'the test broke commits of writes to %', tg_table_name",
            Break::Disconnect => "perform pg_terminate_backend(pg_backend_pid())",
        };
        let (constraint, when) = match how {
            Break::Raise | Break::Disconnect => ("", "before insert or update or delete on"),
            Break::AtCommit => ("constraint", "after insert or update or delete on"),
        };
        let each =
            if how == Break::AtCommit { "deferrable initially deferred for each row" } else { "for each statement" };
        self.execute(&format!(
            "create function testkit_{table}() returns trigger language plpgsql as $$ begin {harm}; return null; end $$;
             create {constraint} trigger testkit_{table} {when} {table} {each} execute function testkit_{table}();"
        ))
        .await;
    }

    /// Undoes [`Database::break_writes`].
    pub async fn mend(&self, table: &str) {
        self.execute(&format!("drop function if exists testkit_{table} cascade")).await;
    }

    /// Ends every connection there is, of whomever: what a restart of Postgres does to its clients. They may
    /// connect again at once, so what is waited for is the end of these, not that there are none.
    pub async fn terminate_connections(&self) {
        let mut admin = self.admin().await;
        let terminate = "select pid, backend_start, pg_terminate_backend(pid) from pg_stat_activity
            where datname = $1 and pid <> pg_backend_pid()";
        let ended: Vec<(i32, OffsetDateTime, bool)> =
            sqlx::query_as(terminate).bind(self.name()).fetch_all(&mut admin).await.expect("ending connections");
        let left = "select pid, backend_start from pg_stat_activity where datname = $1";
        eventually("these connections end", async || {
            let left: Vec<(i32, OffsetDateTime)> =
                sqlx::query_as(left).bind(self.name()).fetch_all(&mut admin).await.expect("the connections");
            !ended.iter().any(|&(pid, since, _)| left.contains(&(pid, since)))
        })
        .await;
    }

    /// Refuses connections, after ending all there are, until [`Database::answer`]: a Postgres that is away.
    pub async fn refuse(&self) {
        let mut admin = self.admin().await;
        execute(&mut admin, &format!("alter database {} allow_connections false", self.name()))
            .await
            .expect("refusing");
        self.terminate_connections().await;
    }

    /// Undoes [`Database::refuse`].
    pub async fn answer(&self) {
        let mut admin = self.admin().await;
        execute(&mut admin, &format!("alter database {} allow_connections true", self.name()))
            .await
            .expect("answering");
    }

    /// Waits until so many transactions wait for another one's lock: whoever asked has come as far as that.
    pub async fn until_waiting(&self, count: i64) {
        let mut admin = self.admin().await;
        let waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = $1";
        eventually("transactions wait for a lock", async || {
            let found = sqlx::query_scalar::<_, i64>(waiting).bind(self.name()).fetch_one(&mut admin).await;
            found
                .map_err(|error| error.to_string())
                .and_then(|found| if found == count { Ok(()) } else { Err(format!("{found} wait")) })
        })
        .await;
    }

    /// Every row of every table, to compare before and after: a table's name and its rows as JSON.
    pub async fn contents(&self) -> Vec<(String, serde_json::Value)> {
        let tables: Vec<String> = sqlx::query_scalar(
            r"select tablename::text from pg_tables where schemaname = current_schema()
              and tablename not like '\_%\_migrations' order by tablename",
        )
        .fetch_all(&self.pool)
        .await
        .expect("the tables");
        let mut contents = Vec::new();
        for table in tables {
            let all = format!(
                "select coalesce(jsonb_agg(row order by row::text), '[]') from (select to_jsonb(t) as row from {table} t) r"
            );
            let rows = sqlx::query_scalar(AssertSqlSafe(all)).fetch_one(&self.pool).await.expect("a table's rows");
            contents.push((table, rows));
        }
        contents
    }

    fn name(&self) -> String {
        self.pool.connect_options().get_database().expect("a test's database has a name").to_owned()
    }

    /// A connection to another database of the server.
    async fn admin(&self) -> PgConnection {
        connect(options(servers::postgres().await)).await
    }

    async fn execute(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.pool).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}
