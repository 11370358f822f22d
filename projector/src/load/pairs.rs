//! Loads what is between two users: blocks, and requests of which one of them must not learn.

use sqlx::PgConnection;

use super::referenced_ids::ReferencedIds;
use crate::error::ProjectionError;
use crate::working_set::WorkingSet;

/// Loads the blocks and the hidden requests of the pairs. Only users who already have ids can have
/// any. Contacts change rarely, so nothing is cached.
pub(super) async fn load_pairs(
    connection: &mut PgConnection,
    working_set: &mut WorkingSet,
    ids: &ReferencedIds<'_>,
) -> Result<(), ProjectionError> {
    let id_of = |name| working_set.users.get(name).map(|user| user.row.id);
    let (mut users, mut others) = (Vec::new(), Vec::new());
    for &(user, other) in &ids.pairs {
        if let Some((user, other)) = id_of(user).zip(id_of(other)) {
            users.push(user);
            others.push(other);
        }
    }
    if users.is_empty() {
        return Ok(());
    }
    let rows: Vec<(i64, i64, bool, bool)> = sqlx::query_as(
        "SELECT p.user_id, p.other, \
         EXISTS (SELECT FROM blocks b WHERE b.user_id = p.user_id AND b.blocked = p.other), \
         EXISTS (SELECT FROM contacts c WHERE c.user_id = p.user_id AND c.other = p.other AND c.hidden) \
         FROM unnest($1::bigint[], $2::bigint[]) AS p(user_id, other)",
    )
    .bind(users)
    .bind(others)
    .fetch_all(connection)
    .await?;
    for (user, other, is_blocked, is_hidden) in rows {
        if is_blocked {
            working_set.blocks.insert((user, other));
        }
        if is_hidden {
            working_set.hidden_contacts.insert((user, other));
        }
    }
    Ok(())
}
