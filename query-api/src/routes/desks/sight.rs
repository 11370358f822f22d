//! Who sees a desk: its agents, and administrators.

use crate::consistency::as_of::ReadSnapshot;
use crate::error::QueryError;
use crate::sql::as_of_sql::TemporalStatement;

/// Binds the user, the desk, and whether an administrator asks.
static SIGHT: TemporalStatement = TemporalStatement::new(
    "SELECT k.position, d.id IS NOT NULL AND ($3 OR d.agents ? $1) AS is_visible
     FROM read.checkpoint k LEFT JOIN read.desks d ON d.id = $2",
);

/// The position of the read model, and whether the user is an agent of the desk now, or an
/// administrator.
pub(super) async fn sees_desk(
    snapshot: &ReadSnapshot,
    desk: &str,
) -> Result<(i64, bool), QueryError> {
    let query = sqlx::query(snapshot.sql(&SIGHT))
        .bind(snapshot.user())
        .bind(desk)
        .bind(snapshot.is_admin());
    let found = snapshot.fetch_all(query).await?;
    Ok(found.first().copied().ok_or(sqlx::Error::RowNotFound)?)
}
