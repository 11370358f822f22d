//! The advisory lock that excludes sealing and erasure from each other: an event is sealed either
//! before it is redacted, with a salt that redaction then clears, or after it.

use connectivity::postgres::connect;
use sqlx::{PgConnection, PgPool};

/// The number of the lock: "erasure" in ASCII.
const SEALING_LOCK: i64 = 0x0065_7261_7375_7265;

/// Acquires the lock until the transaction of the connection ends.
pub(crate) async fn acquire_for_transaction(
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(SEALING_LOCK)
        .execute(connection)
        .await?;
    Ok(())
}

/// Opens a connection that holds the lock for as long as it lives.
pub(crate) async fn connect_with_lock(pool: &PgPool) -> Result<PgConnection, sqlx::Error> {
    connect_and_lock(pool, "SELECT pg_advisory_lock($1)").await
}

/// Opens a connection that blocks redaction and sealing for as long as it lives. Several may.
pub(crate) async fn connect_with_shared_lock(pool: &PgPool) -> Result<PgConnection, sqlx::Error> {
    connect_and_lock(pool, "SELECT pg_advisory_lock_shared($1)").await
}

async fn connect_and_lock(pool: &PgPool, statement: &str) -> Result<PgConnection, sqlx::Error> {
    let mut connection = connect(&pool.connect_options()).await?;
    sqlx::query(statement)
        .bind(SEALING_LOCK)
        .execute(&mut connection)
        .await?;
    Ok(connection)
}
