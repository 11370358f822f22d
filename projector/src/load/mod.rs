//! Loads the rows that a batch needs and the row cache does not hold: one query per table, and
//! none if the cache holds them all.

mod named;
mod rows;

use std::collections::HashSet;

use domain::ids::UserId;
use sqlx::PgConnection;

use crate::checkpoint::Checkpoint;
use crate::decode::{Decoded, Fact};
use crate::error::ProjectError;
use crate::fold::{conversation_of, source_of};
use crate::memory::{Memory, User};
use crate::picture::{Held, Picture};
use crate::rows::storable;
use named::Named;
use rows::{ConversationRow, MemberRow, damaged};

/// Loads the rows that these events refer to, from the cache or from the tables.
pub(crate) async fn picture(
    connection: &mut PgConnection,
    cache: &mut Memory,
    checkpoint: &Checkpoint,
    has_poison: bool,
    events: &[Decoded<'_>],
) -> Result<Picture, ProjectError> {
    let mut ids = Named::default();
    for event in events {
        ids.event(&event.fact);
    }
    let mut working_set = Picture {
        user_count: checkpoint.users,
        conversation_count: checkpoint.conversations,
        ..Picture::default()
    };
    users(connection, cache, &mut working_set, &ids).await?;
    conversations(connection, cache, &mut working_set, &ids).await?;
    members(connection, cache, &mut working_set, &ids).await?;
    if has_poison {
        parked(connection, &mut working_set, events).await?;
    }
    Ok(working_set)
}

async fn users(
    connection: &mut PgConnection,
    cache: &mut Memory,
    working_set: &mut Picture,
    ids: &Named<'_>,
) -> Result<(), ProjectError> {
    let mut missing = Vec::new();
    for &name in &ids.users {
        match cache.users.get(name) {
            Some(user) => {
                working_set.users.insert(name.clone(), Held::loaded(*user));
            }
            None => missing.push(name.as_str()),
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let rows: Vec<(i64, String, i64)> =
        sqlx::query_as("SELECT id, name, sequence FROM users WHERE name = ANY($1)")
            .bind(missing)
            .fetch_all(connection)
            .await?;
    for (id, name, sequence) in rows {
        let name = UserId::parse(&name).map_err(|e| damaged("users", &e))?;
        let user = User { id, sequence };
        cache.users.insert(name.clone(), user);
        working_set.users.insert(name, Held::loaded(user));
    }
    Ok(())
}

async fn conversations(
    connection: &mut PgConnection,
    cache: &mut Memory,
    working_set: &mut Picture,
    ids: &Named<'_>,
) -> Result<(), ProjectError> {
    let mut missing = Vec::new();
    for &name in &ids.conversations {
        match cache.conversations.get(name) {
            Some(conversation) => {
                working_set
                    .conversations
                    .insert(name.clone(), Held::loaded(conversation.clone()));
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
            .insert(name, Held::loaded(conversation));
    }
    Ok(())
}

/// Loads the memberships whose user and conversation already have ids: no other membership can
/// have a row.
async fn members(
    connection: &mut PgConnection,
    cache: &mut Memory,
    working_set: &mut Picture,
    ids: &Named<'_>,
) -> Result<(), ProjectError> {
    let (mut conversations, mut users) = (Vec::new(), Vec::new());
    for &(conversation, user) in &ids.members {
        let numbers = (
            working_set.conversations.get(conversation),
            working_set.users.get(user),
        );
        let (Some(conversation), Some(user)) = numbers else {
            continue;
        };
        let key = (conversation.now.id, user.now.id);
        if let Some(member) = cache.members.get(&key) {
            working_set.members.insert(key, Held::loaded(*member));
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
        working_set.members.insert(key, Held::loaded(member));
    }
    Ok(())
}

/// Finds the sources that wait behind a parked event. Queried only while there is a poison event.
async fn parked(
    connection: &mut PgConnection,
    working_set: &mut Picture,
    events: &[Decoded<'_>],
) -> Result<(), ProjectError> {
    let mut sources = HashSet::new();
    for event in events {
        sources.insert(storable(&event.envelope.source()));
        if let Fact::Mailbox(_, event) = &event.fact {
            sources.extend(conversation_of(event).map(source_of));
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
