//! Reads what a batch needs and the memory does not have: one query a table, none if all is warm.

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

/// The rows that these events name, from memory or from the tables.
pub(crate) async fn picture(
    connection: &mut PgConnection,
    memory: &mut Memory,
    checkpoint: &Checkpoint,
    has_poison: bool,
    events: &[Decoded<'_>],
) -> Result<Picture, ProjectError> {
    let mut named = Named::default();
    for event in events {
        named.event(&event.fact);
    }
    let mut picture = Picture {
        user_count: checkpoint.users,
        conversation_count: checkpoint.conversations,
        ..Picture::default()
    };
    users(connection, memory, &mut picture, &named).await?;
    conversations(connection, memory, &mut picture, &named).await?;
    members(connection, memory, &mut picture, &named).await?;
    if has_poison {
        parked(connection, &mut picture, events).await?;
    }
    Ok(picture)
}

async fn users(
    connection: &mut PgConnection,
    memory: &mut Memory,
    picture: &mut Picture,
    named: &Named<'_>,
) -> Result<(), ProjectError> {
    let mut missing = Vec::new();
    for &name in &named.users {
        match memory.users.get(name) {
            Some(user) => {
                picture.users.insert(name.clone(), Held::loaded(*user));
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
        memory.users.insert(name.clone(), user);
        picture.users.insert(name, Held::loaded(user));
    }
    Ok(())
}

async fn conversations(
    connection: &mut PgConnection,
    memory: &mut Memory,
    picture: &mut Picture,
    named: &Named<'_>,
) -> Result<(), ProjectError> {
    let mut missing = Vec::new();
    for &name in &named.conversations {
        match memory.conversations.get(name) {
            Some(conversation) => {
                picture
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
        memory
            .conversations
            .insert(name.clone(), conversation.clone());
        picture
            .conversations
            .insert(name, Held::loaded(conversation));
    }
    Ok(())
}

/// Those whose user and conversation have numbers already: nobody else can have a row.
async fn members(
    connection: &mut PgConnection,
    memory: &mut Memory,
    picture: &mut Picture,
    named: &Named<'_>,
) -> Result<(), ProjectError> {
    let (mut conversations, mut users) = (Vec::new(), Vec::new());
    for &(conversation, user) in &named.members {
        let numbers = (
            picture.conversations.get(conversation),
            picture.users.get(user),
        );
        let (Some(conversation), Some(user)) = numbers else {
            continue;
        };
        let key = (conversation.now.id, user.now.id);
        if let Some(member) = memory.members.get(&key) {
            picture.members.insert(key, Held::loaded(*member));
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
        memory.members.insert(key, member);
        picture.members.insert(key, Held::loaded(member));
    }
    Ok(())
}

/// Which sources wait: asked only while there is poison at all.
async fn parked(
    connection: &mut PgConnection,
    picture: &mut Picture,
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
    picture.parked.extend(parked);
    Ok(())
}
