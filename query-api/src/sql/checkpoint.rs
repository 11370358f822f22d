//! The position of the read model, for callers that need nothing else from the same snapshot.

use sqlx::PgPool;

/// Reads the position of the read model. The checkpoint table has one row.
pub async fn read_position(pool: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT k.position FROM read.checkpoint k")
        .fetch_one(pool)
        .await
}
