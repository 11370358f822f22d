//! Loads the rows that a batch needs and the row cache does not hold: one query per table, and
//! none if the cache holds them all.

mod pairs;
mod referenced_ids;
mod rows;

use std::collections::{HashMap, HashSet};

use domain::ids::UserId;
use sqlx::PgConnection;

use crate::checkpoint::Checkpoint;
use crate::decode::{DecodedEvent, EventPayload};
use crate::error::ProjectionError;
use crate::fold::{conversation_of, conversation_source};
use crate::row_cache::{RowCache, UserState};
use crate::rows::{ProfileState, sanitize_text};
use crate::working_set::{TrackedRow, WorkingSet};
use referenced_ids::ReferencedIds;
use rows::{ConversationRow, MemberRow, corrupted_row};

/// Loads the rows that these events refer to, from the cache or from the tables.
pub(crate) async fn load_working_set(
    connection: &mut PgConnection,
    cache: &mut RowCache,
    checkpoint: &Checkpoint,
    has_poison: bool,
    events: &[DecodedEvent<'_>],
) -> Result<WorkingSet, ProjectionError> {
    let mut ids = ReferencedIds::default();
    for event in events {
        ids.add_event(&event.payload);
    }
    let mut working_set = WorkingSet {
        user_count: checkpoint.users,
        conversation_count: checkpoint.conversations,
        ..WorkingSet::default()
    };
    load_users(connection, cache, &mut working_set, &ids).await?;
    load_conversations(connection, cache, &mut working_set, &ids).await?;
    load_members(connection, cache, &mut working_set, &ids).await?;
    load_profiles(connection, &mut working_set, &ids).await?;
    pairs::load_pairs(connection, &mut working_set, &ids).await?;
    if has_poison {
        load_parked_sources(connection, &mut working_set, events).await?;
    }
    Ok(working_set)
}

async fn load_users(
    connection: &mut PgConnection,
    cache: &mut RowCache,
    working_set: &mut WorkingSet,
    ids: &ReferencedIds<'_>,
) -> Result<(), ProjectionError> {
    let mut missing = Vec::new();
    for &name in &ids.users {
        match cache.users.get(name) {
            Some(user) => {
                working_set
                    .users
                    .insert(name.clone(), TrackedRow::existing(*user));
            }
            None => missing.push(name.as_str()),
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let rows: Vec<(i64, String, i64, bool)> =
        sqlx::query_as("SELECT id, name, sequence, read_receipts FROM users WHERE name = ANY($1)")
            .bind(missing)
            .fetch_all(connection)
            .await?;
    for (id, name, sequence, read_receipts) in rows {
        let name = UserId::parse(&name).map_err(|e| corrupted_row("users", &e))?;
        let user = UserState {
            id,
            sequence,
            read_receipts,
        };
        cache.users.insert(name.clone(), user);
        working_set.users.insert(name, TrackedRow::existing(user));
    }
    Ok(())
}

async fn load_conversations(
    connection: &mut PgConnection,
    cache: &mut RowCache,
    working_set: &mut WorkingSet,
    ids: &ReferencedIds<'_>,
) -> Result<(), ProjectionError> {
    let mut missing = Vec::new();
    for &name in &ids.conversations {
        match cache.conversations.get(name) {
            Some(conversation) => {
                working_set
                    .conversations
                    .insert(name.clone(), TrackedRow::existing(conversation.clone()));
            }
            None => missing.push(name.as_str()),
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let rows: Vec<ConversationRow> = sqlx::query_as(
        "SELECT id, name, kind, title, history, created_at, member_count, head_seq, countable, last_seq, \
         activity, unfanned, head_position, joins, sequence FROM conversations WHERE name = ANY($1)",
    )
    .bind(missing)
    .fetch_all(connection)
    .await?;
    for row in rows {
        let (name, conversation) = row.read()?;
        cache
            .conversations
            .insert(name.clone(), conversation.clone());
        working_set
            .conversations
            .insert(name, TrackedRow::existing(conversation));
    }
    Ok(())
}

/// Loads the memberships whose user and conversation already have ids: no other membership can
/// have a row.
async fn load_members(
    connection: &mut PgConnection,
    cache: &mut RowCache,
    working_set: &mut WorkingSet,
    ids: &ReferencedIds<'_>,
) -> Result<(), ProjectionError> {
    let (mut conversations, mut users) = (Vec::new(), Vec::new());
    for &(conversation, user) in &ids.members {
        let numbers = (
            working_set.conversations.get(conversation),
            working_set.users.get(user),
        );
        let (Some(conversation), Some(user)) = numbers else {
            continue;
        };
        let key = (conversation.row.id, user.row.id);
        if let Some(member) = cache.members.get(&key) {
            working_set
                .members
                .insert(key, TrackedRow::existing(*member));
        } else {
            conversations.push(key.0);
            users.push(key.1);
        }
    }
    if users.is_empty() {
        return Ok(());
    }
    let rows: Vec<MemberRow> = sqlx::query_as(
        "SELECT m.* FROM unnest($1::bigint[], $2::bigint[]) AS k(conversation, user_id) \
         JOIN members m ON m.conversation = k.conversation AND m.user_id = k.user_id",
    )
    .bind(conversations)
    .bind(users)
    .fetch_all(connection)
    .await?;
    for row in rows {
        let (key, member) = row.read()?;
        cache.members.insert(key, member);
        working_set
            .members
            .insert(key, TrackedRow::existing(member));
    }
    Ok(())
}

/// Loads the profiles of users who already have ids: no other user can have a profile.
async fn load_profiles(
    connection: &mut PgConnection,
    working_set: &mut WorkingSet,
    ids: &ReferencedIds<'_>,
) -> Result<(), ProjectionError> {
    let mut names = HashMap::new();
    for &name in &ids.profiles {
        if let Some(user) = working_set.users.get(name) {
            names.insert(user.row.id, name.clone());
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    let users: Vec<i64> = names.keys().copied().collect();
    let rows: Vec<ProfileState> =
        sqlx::query_as("SELECT p.* FROM profiles p WHERE p.user_id = ANY($1)")
            .bind(users)
            .fetch_all(connection)
            .await?;
    for row in rows {
        if let Some(name) = names.remove(&row.user_id) {
            working_set.profiles.insert(name, TrackedRow::existing(row));
        }
    }
    Ok(())
}

/// Finds the sources that wait behind a parked event. Queried only while there is a poison event.
async fn load_parked_sources(
    connection: &mut PgConnection,
    working_set: &mut WorkingSet,
    events: &[DecodedEvent<'_>],
) -> Result<(), ProjectionError> {
    let mut sources = HashSet::new();
    for event in events {
        sources.insert(sanitize_text(&event.envelope.source()));
        if let EventPayload::Mailbox(_, event) = &event.payload {
            sources.extend(conversation_of(event).map(conversation_source));
        }
    }
    let sources: Vec<String> = sources.into_iter().collect();
    let parked: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT source FROM parked WHERE poison AND source = ANY($1)")
            .bind(sources)
            .fetch_all(connection)
            .await?;
    working_set.parked.extend(parked);
    Ok(())
}
