//! All SQL of this service.

use events::UserId;
use sqlx::PgConnection;

use crate::user::{Account, PasswordHash, User};

/// Writes a new user down; `false` if the address is another's already, in whatever case.
pub async fn create(db: &mut PgConnection, user: &User, password_hash: &PasswordHash) -> sqlx::Result<bool> {
    let created = sqlx::query!(
        "insert into users (id, email, password_hash) values ($1, $2, $3) on conflict (lower(email)) do nothing",
        user.id as _,
        user.email,
        password_hash as _,
    )
    .execute(db)
    .await?;
    Ok(created.rows_affected() == 1)
}

/// Whose address this is.
pub async fn find(db: &mut PgConnection, email: &str) -> sqlx::Result<Option<Account>> {
    let row = sqlx::query!(
        r#"select id as "id: UserId", email, password_hash as "password_hash: PasswordHash"
           from users where lower(email) = lower($1)"#,
        email,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Account { user: User { id: row.id, email: row.email }, password_hash: row.password_hash }))
}

/// Puts a hash of the same password in the place of `old`, unless somebody has changed it meanwhile.
pub async fn rehash(db: &mut PgConnection, user: UserId, old: &PasswordHash, new: &PasswordHash) -> sqlx::Result<()> {
    sqlx::query!(
        "update users set password_hash = $3 where id = $1 and password_hash = $2",
        user as _,
        old as _,
        new as _,
    )
    .execute(db)
    .await?;
    Ok(())
}
