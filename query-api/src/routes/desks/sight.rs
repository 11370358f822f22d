//! Who sees a desk: its agents, and administrators.

use http_edge::Caller;
use sqlx::PgPool;

use crate::error::QueryError;

/// The position of the read model, and whether the caller sees the desk.
pub(super) async fn sees_desk(
    pool: &PgPool,
    caller: &Caller,
    desk: &str,
) -> Result<(i64, bool), QueryError> {
    let found = sqlx::query_as(
        "SELECT k.position, d.id IS NOT NULL AND ($3 OR d.agents ? $1) \
         FROM read.checkpoint k LEFT JOIN read.desks d ON d.id = $2",
    )
    .bind(&caller.user)
    .bind(desk)
    .bind(caller.is_admin())
    .fetch_one(pool);
    Ok(found.await?)
}
