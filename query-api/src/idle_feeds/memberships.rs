//! The conversations of a user.

use std::sync::Arc;

use sqlx::PgPool;

use crate::error::QueryError;

/// The conversations of users with more of them than this are not kept.
const MAX_CONVERSATIONS: i64 = 5_000;

/// The conversations of a user at a position, with the ids of one build of the read models.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Memberships {
    pub position: i64,
    pub generation: i64,
    pub user: i64,
    pub conversations: Vec<i64>,
    /// Whether there are not too many conversations to keep them.
    #[sqlx(skip)]
    pub are_kept: bool,
}

/// Binds the name of the user, and one more than the largest number of conversations.
const LOAD: &str = "SELECT k.position, k.generation, u.id AS \"user\", ARRAY(
        SELECT m.conversation FROM read.members m WHERE m.user_id = u.id AND m.present LIMIT $2
    ) AS conversations
    FROM read.checkpoint k CROSS JOIN read.users u WHERE u.name = $1";

impl Memberships {
    /// Reads them. `None` if the log does not know the user yet.
    pub async fn load(pool: &PgPool, user: &str) -> Result<Option<Self>, QueryError> {
        let found: Option<Self> = sqlx::query_as(LOAD)
            .bind(user)
            .bind(MAX_CONVERSATIONS + 1)
            .fetch_optional(pool)
            .await?;
        Ok(found.map(|mut found| {
            found.are_kept = found.conversations.len() as i64 <= MAX_CONVERSATIONS;
            if !found.are_kept {
                found.conversations = Vec::new();
            }
            found
        }))
    }
}

/// Weighs a user by the number of conversations.
#[derive(Debug, Clone)]
pub(super) struct MembershipWeighter;

impl quick_cache::Weighter<String, Arc<Memberships>> for MembershipWeighter {
    fn weight(&self, _: &String, memberships: &Arc<Memberships>) -> u64 {
        // A user costs about as much as 20 conversations.
        memberships.conversations.len() as u64 + 20
    }
}
