//! A service's own schema: nobody else reads or writes it.

use std::time::Duration;

use anyhow::{Context, ensure};
use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool};
use tracing::info;

/// Connections of one process: more would only queue inside of Postgres, whose own bound is 100 for everybody.
const CONNECTIONS_MAX: u32 = 16;
/// How long a request waits for a connection: less than it may take as a whole.
const ACQUIRE_MAX: Duration = Duration::from_secs(5);
/// The longest statement. One that takes longer is a fault, and would hold its locks for as long.
const STATEMENT_MAX: &str = "10s";
/// The longest a transaction may do nothing while it holds its locks.
const IDLE_IN_TRANSACTION_MAX: &str = "30s";

/// Opens the database at `url`: makes `schema` if it is absent, lets every connection see that schema only, and runs the
/// migrations of `events`, of `service` and the service's `own`. Replicas that start together take turns.
pub async fn open(url: &SecretString, schema: &'static str, own: &Migrator) -> anyhow::Result<PgPool> {
    let options: PgConnectOptions =
        // The error would tell the URL, and with it the password.
        url.expose_secret().parse().map_err(|_| anyhow::anyhow!("the database's URL is no postgres:// URL"))?;
    let options = options.application_name(schema).options([
        ("search_path", schema),
        ("statement_timeout", STATEMENT_MAX),
        ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION_MAX),
    ]);
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .acquire_timeout(ACQUIRE_MAX)
        .connect_with(options)
        .await
        .with_context(|| format!("the database of {schema} does not answer"))?;
    migrate(&pool, schema, own).await.with_context(|| format!("the database of {schema} can't be migrated"))?;
    Ok(pool)
}

/// Makes `schema` what this build expects: all migrations, in their order.
pub async fn migrate(pool: &PgPool, schema: &'static str, own: &Migrator) -> anyhow::Result<()> {
    ensure!(schema.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{schema} is no name of a schema");
    let mut connection = pool.acquire().await?;
    // A name, not a value: it can't be bound, and was looked at above.
    let create = AssertSqlSafe(format!("create schema {schema}"));
    sqlx::query("set statement_timeout = 0").execute(&mut *connection).await?;
    // Postgres refuses one of two who make the same schema at once, even so.
    let locked = sqlx::query("select pg_advisory_lock(hashtext('schema'), hashtext($1))").bind(schema);
    locked.execute(&mut *connection).await?;
    let migrated = async {
        // Where an operator made it, this role may not be allowed to make any.
        let there = sqlx::query_scalar!(r#"select to_regnamespace($1) is not null as "there!""#, schema);
        if !there.fetch_one(&mut *connection).await? {
            sqlx::query(create).execute(&mut *connection).await?;
        }
        for migrator in [&events::MIGRATOR, &crate::MIGRATOR, own] {
            // `run` itself would make this future one that no other thread may take over, by a limit of the language.
            migrator.run_direct(None, &mut *connection, false).await?;
        }
        anyhow::Ok(())
    }
    .await;
    // Closed, and not given back: with it go the lock and the settings.
    connection.close().await?;
    migrated?;
    info!(schema, "the database is migrated");
    Ok(())
}

/// Whether the migrations of `events`, of `service` and of the service itself have run, and none of them half.
pub(crate) async fn check_migrations(pool: &PgPool) -> anyhow::Result<()> {
    // Of the migrators' tables only the two we share are known by name.
    let tables = sqlx::query_scalar!(
        r#"select tablename::text as "name!" from pg_tables
           where schemaname = current_schema() and tablename ~ '^_[a-z_]+_migrations$' order by 1"#
    )
    .fetch_all(pool)
    .await
    .map_err(|_| anyhow::anyhow!("nobody can tell"))?;
    for shared in ["_events_migrations", "_service_migrations"] {
        ensure!(tables.iter().any(|table| table == shared), "{shared} is not there");
    }
    for table in tables {
        let half = AssertSqlSafe(format!("select exists(select from {table} where not success)"));
        let half: bool = sqlx::query_scalar(half).fetch_one(pool).await?;
        ensure!(!half, "{table} has one that failed");
    }
    Ok(())
}
