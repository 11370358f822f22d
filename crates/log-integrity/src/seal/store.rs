//! Reads and writes the seals of a database.

use domain::time::Timestamp;
use sqlx::types::time::OffsetDateTime;
use sqlx::{FromRow as _, PgConnection, PgPool, Row as _};

use super::Seal;

impl sqlx::FromRow<'_, sqlx::postgres::PgRow> for Seal {
    fn from_row(row: &sqlx::postgres::PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            number: row.try_get("number")?,
            first: row.try_get("first")?,
            last: row.try_get("last")?,
            sealed_at: Timestamp::from(row.try_get::<OffsetDateTime, _>("sealed_at")?),
            previous: row.try_get("previous")?,
            root: row.try_get("root")?,
            public_key: row.try_get("public_key")?,
            signature: row.try_get("signature")?,
            salts: row.try_get("salts")?,
            digests: row.try_get("digests")?,
        })
    }
}

/// Loads the seals after a number, at most `limit`.
pub async fn load_after(pool: &PgPool, number: i64, limit: i64) -> Result<Vec<Seal>, sqlx::Error> {
    let rows = sqlx::query("SELECT * FROM log.seals WHERE number > $1 ORDER BY number LIMIT $2")
        .bind(number)
        .bind(limit)
        .fetch_all(pool)
        .await?;
    rows.iter().map(Seal::from_row).collect()
}

/// Loads the seals before a number, the newest first, at most `limit`, without their salts and
/// digests.
pub async fn load_before(pool: &PgPool, number: i64, limit: i64) -> Result<Vec<Seal>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT number, first, last, sealed_at, previous, root, public_key, signature,
                ''::bytea AS salts, ''::bytea AS digests
         FROM log.seals WHERE number < $1 ORDER BY number DESC LIMIT $2",
    )
    .bind(number)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.iter().map(Seal::from_row).collect()
}

/// Loads the newest seal without its salts and digests: its hash needs neither, and they are most
/// of its size.
pub async fn load_last(pool: &PgPool) -> Result<Option<Seal>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT number, first, last, sealed_at, previous, root, public_key, signature,
                ''::bytea AS salts, ''::bytea AS digests
         FROM log.seals ORDER BY number DESC LIMIT 1",
    )
    .fetch_optional(pool)
    .await?;
    row.as_ref().map(Seal::from_row).transpose()
}

/// Loads the seal that covers a position, without its salts and digests; `None` if the position is
/// not sealed yet.
pub async fn load_covering(pool: &PgPool, position: i64) -> Result<Option<Seal>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT number, first, last, sealed_at, previous, root, public_key, signature,
                ''::bytea AS salts, ''::bytea AS digests
         FROM log.seals WHERE last >= $1 ORDER BY last LIMIT 1",
    )
    .bind(position)
    .fetch_optional(pool)
    .await?;
    let seal = row.as_ref().map(Seal::from_row).transpose()?;
    Ok(seal.filter(|seal| seal.first <= position))
}

/// The time of the oldest event that is not sealed. `None` if all are.
pub async fn oldest_unsealed(pool: &PgPool) -> Result<Option<Timestamp>, sqlx::Error> {
    let time: Option<OffsetDateTime> = sqlx::query_scalar(
        "SELECT e.occurred_at FROM log.events e
         WHERE e.position = (SELECT coalesce(max(s.last), 0) + 1 FROM log.seals s)",
    )
    .fetch_optional(pool)
    .await?;
    Ok(time.map(Timestamp::from))
}

/// Inserts a seal. Returns false if another process has inserted a seal with that number.
pub async fn insert(connection: &mut PgConnection, seal: &Seal) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(
        "INSERT INTO log.seals
             (number, first, last, sealed_at, previous, root, public_key, signature, salts, digests)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (number) DO NOTHING",
    )
    .bind(seal.number)
    .bind(seal.first)
    .bind(seal.last)
    .bind(OffsetDateTime::from(seal.sealed_at))
    .bind(&seal.previous)
    .bind(&seal.root)
    .bind(&seal.public_key)
    .bind(&seal.signature)
    .bind(&seal.salts)
    .bind(&seal.digests)
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}
