//! The conversations of the system, as administrators see them, with a delivery audit: how far the
//! messages of one have come.

use anyhow::Result;
use async_nats::jetstream;
use domain::conversation::settings::ConversationPolicy;
use domain::ids::ConversationId;
use domain::time::Timestamp;
use event_log::reader::LogReader;
use event_stream::mirror;
use search::index::{Index, IndexDir};
use serde::Serialize;
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;
use utoipa::ToSchema;

use crate::trace::TraceSources;

/// How many missing seqs an audit lists.
const MAX_MISSING: i64 = 1_000;

/// A conversation in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationSummary {
    /// The id.
    pub id: String,
    /// `direct` or `group`.
    pub kind: String,
    /// The title of a group.
    #[schema(required = true)]
    pub title: Option<String>,
    /// The number of members.
    pub member_count: i64,
    /// The number of messages, with those that were recalled or erased.
    pub messages: i64,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When the last message was sent; null without messages.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub last_activity: Option<Timestamp>,
    /// Its number, by which pages continue.
    #[serde(skip)]
    pub number: i64,
}

/// A conversation with everything that administrators see of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditedConversation {
    /// The id.
    pub id: String,
    /// `direct` or `group`.
    pub kind: String,
    /// The title of a group.
    #[schema(required = true)]
    pub title: Option<String>,
    /// The number of members.
    pub member_count: i64,
    /// The number of messages, with those that were recalled or erased.
    pub messages: i64,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When the last message was sent; null without messages.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub last_activity: Option<Timestamp>,
    /// What new members see: `all` or `since_join`.
    pub history: String,
    /// What the owner and admins have set, as members get it.
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    pub policy: ConversationPolicy,
    /// The bytes of the newest bodies of its messages.
    pub bytes: i64,
    /// How far its messages have come.
    pub delivery: DeliveryAudit,
}

/// How many messages of a conversation have passed each stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeliveryAudit {
    /// The seq of the newest message.
    pub head_seq: i64,
    /// The messages in the log.
    pub stored: i64,
    /// Those that the stream has, or has had.
    pub mirrored: i64,
    /// Those that the read model has.
    pub projected: i64,
    /// Those that the search index of this machine has passed.
    pub indexed: i64,
    /// The seqs that the log or the read model should have and does not, at most 1,000.
    pub missing: Vec<i64>,
}

#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    id: String,
    kind: String,
    title: Option<String>,
    member_count: i64,
    messages: i64,
    created_at: OffsetDateTime,
    last_activity: Option<OffsetDateTime>,
    history: String,
}

impl From<Row> for ConversationSummary {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            title: row.title,
            member_count: row.member_count,
            messages: row.messages,
            created_at: row.created_at.into(),
            last_activity: row.last_activity.map(Timestamp::from),
            number: row.number,
        }
    }
}

/// Selects conversations. The condition follows.
const SELECT: &str = "SELECT c.id AS number, c.name AS id, c.kind, c.title, c.member_count, \
     c.head_seq AS messages, c.created_at, c.history, \
     (SELECT g.sent_at FROM read.messages g WHERE g.conversation = c.id AND g.seq = c.head_seq) \
         AS last_activity FROM read.conversations c WHERE ";

/// Lists the conversations after a number, in the order of their numbers. With a text, only those
/// whose id begins with it or whose title contains it, whatever the case.
pub async fn list_conversations(
    pool: &PgPool,
    text: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<ConversationSummary>, sqlx::Error> {
    let statement = format!(
        "{SELECT} c.id > $2 AND ($1 = '' OR starts_with(c.name, $1) \
         OR strpos(lower(c.title), lower($1)) > 0) ORDER BY c.id LIMIT $3"
    );
    let rows: Vec<Row> = sqlx::query_as(&statement)
        .bind(text)
        .bind(after)
        .bind(limit)
        .fetch_all(pool)
        .await?;
    Ok(rows.into_iter().map(ConversationSummary::from).collect())
}

/// Loads a conversation with its delivery audit. `None` if the read model does not have it.
pub async fn load_conversation(
    sources: &TraceSources<'_>,
    id: &ConversationId,
) -> Result<Option<AuditedConversation>> {
    let statement = format!("{SELECT} c.name = $1");
    let row: Option<Row> = sqlx::query_as(&statement)
        .bind(id.as_str())
        .fetch_optional(sources.pool)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let bytes: i64 = sqlx::query_scalar(
        "SELECT coalesce(sum(octet_length(body)), 0)::bigint FROM read.messages WHERE conversation = $1",
    )
    .bind(row.number)
    .fetch_one(sources.pool)
    .await?;
    let policy = load_policy(sources.pool, row.number).await?;
    let delivery = audit_delivery(sources, id, row.number).await?;
    Ok(Some(AuditedConversation {
        id: row.id,
        kind: row.kind,
        title: row.title,
        member_count: row.member_count,
        messages: row.messages,
        created_at: row.created_at.into(),
        last_activity: row.last_activity.map(Timestamp::from),
        history: row.history,
        policy,
        bytes,
        delivery,
    }))
}

/// The policy of a conversation: the default one, unless somebody has changed it.
async fn load_policy(pool: &PgPool, number: i64) -> Result<ConversationPolicy> {
    let stored: Option<String> =
        sqlx::query_scalar("SELECT policy::text FROM read.policies WHERE conversation = $1")
            .bind(number)
            .fetch_optional(pool)
            .await?;
    let policy = stored.map(|stored| serde_json::from_str(&stored));
    Ok(policy.transpose()?.unwrap_or_default())
}

/// Counts how far the messages of a conversation have come.
async fn audit_delivery(
    sources: &TraceSources<'_>,
    id: &ConversationId,
    number: i64,
) -> Result<DeliveryAudit> {
    let mirrored = find_mirrored(sources).await?;
    let dir = sources.index_dir.clone();
    let indexed = tokio::task::spawn_blocking(move || find_indexed(&dir)).await?;
    // Read before the log, so that the log has everything that the read model should have.
    let (projected_to, projected): (i64, i64) = sqlx::query_as(
        "SELECT k.position, (SELECT count(*) FROM read.messages g WHERE g.conversation = $1)
         FROM read.checkpoint k",
    )
    .bind(number)
    .fetch_one(sources.pool)
    .await?;
    let reader = LogReader::new(sources.pool.clone());
    let positions = [mirrored, indexed, projected_to];
    let stored = reader
        .count_stored(id.as_str(), &positions, MAX_MISSING)
        .await?;
    let passed = |stage: usize| stored.passed.get(stage).copied().unwrap_or_default();
    let mut missing = stored.missing.clone();
    // Seqs are in the order of positions, so those of the read model are the first ones.
    missing.extend(find_unprojected(sources.pool, number, passed(2)).await?);
    missing.sort_unstable();
    missing.dedup();
    missing.truncate(usize::try_from(MAX_MISSING)?);
    Ok(DeliveryAudit {
        head_seq: stored.head_seq,
        stored: stored.stored,
        mirrored: passed(0),
        projected,
        indexed: passed(1),
        missing,
    })
}

/// The seqs from 1 to `last` that the read model does not have.
async fn find_unprojected(
    pool: &PgPool,
    conversation: i64,
    last: i64,
) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT n FROM generate_series(1, $2::bigint) n
         EXCEPT SELECT seq FROM read.messages WHERE conversation = $1 ORDER BY 1 LIMIT $3",
    )
    .bind(conversation)
    .bind(last)
    .bind(MAX_MISSING)
    .fetch_all(pool)
    .await
}

/// The position that the stream has reached; 0 without a stream.
async fn find_mirrored(sources: &TraceSources<'_>) -> Result<i64> {
    let Some(nats) = sources.nats else {
        return Ok(0);
    };
    let stream = mirror::load_state(&jetstream::new(nats.clone()), sources.mirror).await?;
    Ok(stream.map_or(0, |stream| stream.last))
}

/// The position that the search index of this machine has reached; 0 without an index.
fn find_indexed(dir: &IndexDir) -> i64 {
    let read = || -> Result<i64> {
        let Some(build) = dir.current_build()? else {
            return Ok(0);
        };
        let checkpoint = Index::open(&dir.build_path(build))?.checkpoint()?;
        Ok(i64::try_from(checkpoint.position)?)
    };
    read().unwrap_or_default()
}
