//! Webhooks: their configuration, status and parked deliveries. This module has all SQL of the
//! operators' commands.

use domain::time::Timestamp;
use event_log::reader::LogReader;
use reqwest::Url;
use serde::Serialize;
use sqlx::types::time::OffsetDateTime;
use sqlx::{PgConnection, PgExecutor, PgPool};
use utoipa::ToSchema;

use crate::secret::{SigningSecret, SigningSecretError};

/// The kind of a webhook: what it delivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookKind {
    /// The events of the log as CloudEvents, restricted to these types; all types if empty.
    Events(Vec<String>),
    /// Notifications of unread messages for offline users.
    Notifications,
}

/// A webhook, as a dispatcher needs it.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// The id of the webhook.
    pub id: i64,
    /// Incremented with every change by an operator.
    pub revision: i64,
    /// The address to deliver to.
    pub url: Url,
    /// The secret that signs deliveries.
    pub secret: SigningSecret,
    /// What it delivers.
    pub kind: WebhookKind,
    /// The log position up to which everything was delivered, waits or is parked.
    pub position: i64,
    /// The log position after which it began.
    pub floor: i64,
}

/// The status of a webhook, as operators see it. The field names are the JSON output.
#[derive(Debug, Clone, Serialize, sqlx::FromRow, ToSchema)]
pub struct WebhookStatus {
    /// The id of the webhook.
    pub id: i64,
    /// The address to deliver to.
    pub url: String,
    /// `events` or `notifications`.
    pub kind: String,
    /// For `events`: the event types to deliver; all if empty.
    pub types: Vec<String>,
    /// `on`, `off`, or `gone` if the receiver answered 410.
    pub state: String,
    /// The log position up to which everything was delivered, waits or is parked.
    pub position: i64,
    /// The head of the log.
    #[sqlx(skip)]
    pub head: i64,
    /// The number of accepted deliveries.
    pub delivered: i64,
    /// The time of the last accepted delivery.
    #[sqlx(try_from = "DbTimestamp")]
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub delivered_at: Option<Timestamp>,
    /// The number of waiting events and notifications.
    pub waiting: i64,
    /// The number of parked events and notifications.
    pub parked: i64,
    /// The reason of the last failure.
    #[schema(required = true)]
    pub error: Option<String>,
    /// The time of the last failure.
    #[sqlx(try_from = "DbTimestamp")]
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub error_at: Option<Timestamp>,
}

/// A nullable timestamp, as read from the database.
#[derive(sqlx::Type)]
#[sqlx(transparent)]
struct DbTimestamp(Option<OffsetDateTime>);

impl From<DbTimestamp> for Option<Timestamp> {
    fn from(moment: DbTimestamp) -> Self {
        moment.0.map(Timestamp::from)
    }
}

/// The stored configuration of a webhook is invalid.
#[derive(Debug, thiserror::Error)]
pub enum InvalidWebhookError {
    /// The address is invalid.
    #[error("the stored address of webhook {0} is invalid")]
    Address(i64),
    /// The secret is invalid.
    #[error("webhook {0}: {1}")]
    Secret(i64, SigningSecretError),
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    revision: i64,
    url: String,
    secret: String,
    kind: String,
    types: Vec<String>,
    position: i64,
    floor: i64,
}

impl TryFrom<Row> for Webhook {
    type Error = InvalidWebhookError;

    fn try_from(row: Row) -> Result<Self, InvalidWebhookError> {
        Ok(Self {
            id: row.id,
            revision: row.revision,
            url: Url::parse(&row.url).map_err(|_| InvalidWebhookError::Address(row.id))?,
            secret: SigningSecret::parse(&row.secret)
                .map_err(|error| InvalidWebhookError::Secret(row.id, error))?,
            kind: match row.kind.as_str() {
                "events" => WebhookKind::Events(row.types),
                _ => WebhookKind::Notifications,
            },
            position: row.position,
            floor: row.floor,
        })
    }
}

/// The position of the oldest event, or message of a notification, that waits for another attempt.
pub async fn oldest_waiting(pool: &PgPool, id: i64) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT least((SELECT min(position) FROM hooks.waiting WHERE webhook = $1),
                      (SELECT min(from_position) FROM hooks.notices
                       WHERE webhook = $1 AND told_position < to_position))",
    )
    .bind(id)
    .fetch_one(pool)
    .await
}

/// Lists the webhooks that are on, as id and revision.
pub async fn list_enabled(pool: &PgPool) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    sqlx::query_as("SELECT id, revision FROM hooks.webhooks WHERE state = 'on' ORDER BY id")
        .fetch_all(pool)
        .await
}

/// Loads a webhook. Returns `None` unless it exists and is on.
pub async fn load_enabled(
    pool: &PgPool,
    id: i64,
) -> Result<Option<Result<Webhook, InvalidWebhookError>>, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT id, revision, url, secret, kind, types, position, floor
         FROM hooks.webhooks WHERE id = $1 AND state = 'on'",
    )
    .bind(id)
    .fetch_optional(pool)
    .await?;
    Ok(row.map(Webhook::try_from))
}

/// Adds a webhook that begins after a log position, or at the head of the log. Returns its id and
/// the position after which it begins.
pub async fn add(
    pool: &PgPool,
    url: &Url,
    secret: &SigningSecret,
    kind: &WebhookKind,
    after: Option<i64>,
) -> Result<(i64, i64), sqlx::Error> {
    let head = LogReader::new(pool.clone()).head().await?.position;
    let after = after.map_or(head, |after| after.min(head));
    let id = insert(pool, url, secret, kind, after).await?;
    Ok((id, after))
}

/// Adds a webhook that begins after this log position, which the log has reached. Returns its id.
pub async fn insert(
    executor: impl PgExecutor<'_>,
    url: &Url,
    secret: &SigningSecret,
    kind: &WebhookKind,
    after: i64,
) -> Result<i64, sqlx::Error> {
    let (kind, types) = match kind {
        WebhookKind::Events(types) => ("events", types.as_slice()),
        WebhookKind::Notifications => ("notifications", [].as_slice()),
    };
    sqlx::query_scalar(
        "INSERT INTO hooks.webhooks (url, secret, kind, types, position, floor)
         VALUES ($1, $2, $3, $4, $5, $5) RETURNING id",
    )
    .bind(url.as_str())
    .bind(secret.reveal())
    .bind(kind)
    .bind(types)
    .bind(after)
    .fetch_one(executor)
    .await
}

/// Lists all webhooks, in order of id.
pub async fn list(pool: &PgPool) -> Result<Vec<WebhookStatus>, sqlx::Error> {
    let mut webhooks: Vec<WebhookStatus> = sqlx::query_as(
        "SELECT w.id, w.url, w.kind, w.types, w.state, w.position, w.delivered, w.delivered_at,
                w.error, w.error_at,
                (SELECT count(*) FROM hooks.waiting x WHERE x.webhook = w.id)
                    + (SELECT count(*) FROM hooks.notices x
                       WHERE x.webhook = w.id AND x.told_position < x.to_position) AS waiting,
                (SELECT count(*) FROM hooks.parked x WHERE x.webhook = w.id) AS parked
         FROM hooks.webhooks w ORDER BY w.id",
    )
    .fetch_all(pool)
    .await?;
    // Read after the positions, so that none of them is beyond the head.
    let head = LogReader::new(pool.clone()).head().await?.position;
    for webhook in &mut webhooks {
        webhook.head = head;
    }
    Ok(webhooks)
}

/// Removes a webhook with its waiting and parked deliveries. Returns whether it existed.
pub async fn remove(executor: impl PgExecutor<'_>, id: i64) -> Result<bool, sqlx::Error> {
    let removed = sqlx::query("DELETE FROM hooks.webhooks WHERE id = $1")
        .bind(id)
        .execute(executor)
        .await?;
    Ok(removed.rows_affected() > 0)
}

/// Switches a webhook on, at its stored position, or off. Returns whether it exists.
pub async fn set_enabled(pool: &PgPool, id: i64, on: bool) -> Result<bool, sqlx::Error> {
    let switched =
        sqlx::query("UPDATE hooks.webhooks SET state = $2, revision = revision + 1 WHERE id = $1")
            .bind(id)
            .bind(if on { "on" } else { "off" })
            .execute(pool)
            .await?;
    Ok(switched.rows_affected() > 0)
}

/// What to change in a webhook. `None` keeps the value.
#[derive(Debug, Default)]
pub struct WebhookChange {
    /// The address to deliver to.
    pub url: Option<Url>,
    /// The event types to deliver; all if empty.
    pub types: Option<Vec<String>>,
    /// Whether it delivers.
    pub enabled: Option<bool>,
}

/// Changes a webhook, which continues at its stored position. Returns whether it exists.
pub async fn change(
    executor: impl PgExecutor<'_>,
    id: i64,
    change: &WebhookChange,
) -> Result<bool, sqlx::Error> {
    let changed = sqlx::query(
        "UPDATE hooks.webhooks SET url = coalesce($2, url), types = coalesce($3, types),
                state = coalesce($4, state), revision = revision + 1 WHERE id = $1",
    )
    .bind(id)
    .bind(change.url.as_ref().map(Url::as_str))
    .bind(&change.types)
    .bind(change.enabled.map(|on| if on { "on" } else { "off" }))
    .execute(executor)
    .await?;
    Ok(changed.rows_affected() > 0)
}

/// Replays deliveries from a log position on (inclusive), for one webhook or for all. Deletes
/// waiting and parked deliveries from there on, because the replay repeats them. Returns the ids of
/// the affected webhooks.
pub async fn replay(pool: &PgPool, id: Option<i64>, from: i64) -> Result<Vec<i64>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let replayed = replay_within(&mut transaction, id, from).await?;
    transaction.commit().await?;
    Ok(replayed)
}

/// As [`replay`], within a transaction of the caller.
pub async fn replay_within(
    transaction: &mut PgConnection,
    id: Option<i64>,
    from: i64,
) -> Result<Vec<i64>, sqlx::Error> {
    // Only move backwards: a move forwards would skip the events in between.
    let replayed: Vec<i64> = sqlx::query_scalar(
        "UPDATE hooks.webhooks SET position = least(position, $2 - 1), floor = least(floor, $2 - 1),
                revision = revision + 1
         WHERE $1::bigint IS NULL OR id = $1 RETURNING id",
    )
    .bind(id)
    .bind(from)
    .fetch_all(&mut *transaction)
    .await?;
    for delete in [
        "DELETE FROM hooks.waiting WHERE webhook = ANY($1) AND position >= $2",
        "DELETE FROM hooks.parked WHERE webhook = ANY($1) AND position >= $2",
        "DELETE FROM hooks.notices WHERE webhook = ANY($1) AND to_position >= $2",
    ] {
        sqlx::query(delete)
            .bind(&replayed)
            .bind(from)
            .execute(&mut *transaction)
            .await?;
    }
    Ok(replayed)
}

/// Rewinds a webhook to the head of a log that is shorter than before.
pub async fn rewind(pool: &PgPool, id: i64, head: i64) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    for statement in [
        "UPDATE hooks.webhooks SET position = $2, floor = least(floor, $2) WHERE id = $1",
        "DELETE FROM hooks.waiting WHERE webhook = $1 AND position > $2",
        "DELETE FROM hooks.notices WHERE webhook = $1 AND to_position > $2",
    ] {
        sqlx::query(statement)
            .bind(id)
            .bind(head)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await
}

/// Schedules all parked deliveries of a webhook for a retry. Returns their number.
pub async fn retry_parked(pool: &PgPool, id: i64) -> Result<i64, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let parked: i64 = sqlx::query_scalar("SELECT count(*) FROM hooks.parked WHERE webhook = $1")
        .bind(id)
        .fetch_one(&mut *transaction)
        .await?;
    for statement in [
        "INSERT INTO hooks.waiting (webhook, position, lane, tries, due_at)
         SELECT webhook, position, lane, 0, now() FROM hooks.parked
         WHERE webhook = $1 AND user_name = ''
         ON CONFLICT (webhook, position) DO NOTHING",
        "INSERT INTO hooks.notices AS n
             (webhook, user_name, conversation, from_position, to_position, since, due_at)
         SELECT webhook, user_name, lane, min(position), max(position), now(), now() FROM hooks.parked
         WHERE webhook = $1 AND user_name <> '' GROUP BY webhook, user_name, lane
         ON CONFLICT (webhook, user_name, conversation) DO UPDATE
         SET from_position = least(n.from_position, excluded.from_position),
             to_position = greatest(n.to_position, excluded.to_position),
             told_position = least(n.told_position, excluded.from_position - 1), tries = 0, due_at = now()",
        "DELETE FROM hooks.parked WHERE webhook = $1",
        "UPDATE hooks.webhooks SET revision = revision + 1 WHERE id = $1",
    ] {
        sqlx::query(statement).bind(id).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(parked)
}

/// A parked delivery, as operators see it. The field names are the JSON output.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct ParkedDeliveryRow {
    /// The id of the webhook.
    pub webhook: i64,
    /// The log position of the event, or of the newest message of a notification.
    pub position: i64,
    /// The source of an event, or the conversation of a notification.
    pub lane: String,
    /// The user to notify; empty for an event.
    pub user_name: String,
    /// The number of attempts.
    pub tries: i32,
    /// The reason why the last attempt failed.
    pub error: String,
    /// When it was parked.
    #[sqlx(try_from = "OffsetDateTime")]
    pub parked_at: Timestamp,
}

/// Lists the parked deliveries of one webhook or of all, oldest first, at most `limit`.
pub async fn list_parked(
    pool: &PgPool,
    id: Option<i64>,
    limit: i64,
) -> Result<Vec<ParkedDeliveryRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT webhook, position, lane, user_name, tries, error, parked_at FROM hooks.parked
         WHERE $1::bigint IS NULL OR webhook = $1 ORDER BY webhook, position LIMIT $2",
    )
    .bind(id)
    .bind(limit)
    .fetch_all(pool)
    .await
}
