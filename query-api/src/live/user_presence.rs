//! The presence of one user, and who may know of it: users who currently share a conversation.

use domain::time::Timestamp;
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;

use super::frame::ServerFrame;
use crate::error::QueryError;

/// Whether a user is online.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UserPresence {
    /// The user.
    pub user: String,
    /// Whether the user has a live connection.
    pub online: bool,
    /// When the user was last online, if that is known; null while the user is online.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub last_seen: Option<Timestamp>,
}

impl UserPresence {
    /// The `{"type": "presence", ...}` frame.
    pub fn to_frame(&self) -> ServerFrame {
        let Self {
            user,
            online,
            last_seen,
        } = self;
        ServerFrame::ephemeral(
            "presence",
            &serde_json::json!({
                "type": "presence",
                "user": user,
                "online": online,
                "last_seen": last_seen,
            }),
        )
    }
}

/// A user who currently shares a conversation with another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharingUser {
    /// The user.
    pub name: String,
    /// Whether neither of the two hides when they were online last.
    pub shows_last_seen: bool,
}

/// Returns those of the users who currently share a conversation with `user`.
pub async fn filter_sharing(
    pool: &PgPool,
    user: &str,
    with: &[&str],
) -> Result<Vec<SharingUser>, QueryError> {
    let (_, sharing) = load_sharing(pool, user, with).await?;
    Ok(sharing)
}

/// The same, ordered by name, with the position of the read model.
pub async fn load_sharing(
    pool: &PgPool,
    user: &str,
    with: &[&str],
) -> Result<(i64, Vec<SharingUser>), QueryError> {
    let rows: Vec<(i64, Option<String>, Option<bool>)> = sqlx::query_as(
        "SELECT k.position, s.name, s.shows_last_seen
         FROM read.checkpoint k LEFT JOIN (
             SELECT u.name, NOT EXISTS (
                SELECT FROM read.profiles f JOIN read.users x ON x.id = f.user_id
                WHERE x.name IN (u.name, $1) AND NOT f.last_seen) AS shows_last_seen
             FROM read.users u
             WHERE u.name = ANY($2) AND u.name <> $1 AND EXISTS (
                SELECT FROM read.users me
                JOIN read.members mine ON mine.user_id = me.id AND mine.present
                JOIN read.members theirs ON theirs.conversation = mine.conversation
                    AND theirs.user_id = u.id AND theirs.present
                WHERE me.name = $1)
         ) s ON true
         ORDER BY s.name COLLATE \"C\"",
    )
    .bind(user)
    .bind(with)
    .fetch_all(pool)
    .await?;
    let position = rows.first().ok_or(sqlx::Error::RowNotFound)?.0;
    let sharing = rows.into_iter().filter_map(|(_, name, shows_last_seen)| {
        Some(SharingUser {
            name: name?,
            shows_last_seen: shows_last_seen?,
        })
    });
    Ok((position, sharing.collect()))
}
