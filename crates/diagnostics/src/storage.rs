//! What files occupy, as the read model knows it: in all, by conversation and by user. And which of
//! them will be deleted because nothing uses them.
//!
//! Nothing of this is counted as files come and go: each query sums what there is, so no number can
//! drift. A file that several conversations use counts in each of them.

use domain::file::UNUSED_GRACE;
use domain::time::Timestamp;
use read_model::file_uses;
use serde::Serialize;
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;
use utoipa::ToSchema;

/// What files occupy in all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
#[schema(as = Storage)]
pub struct StorageTotals {
    /// The number of stored files.
    pub files: i64,
    /// Their size in bytes.
    pub bytes: i64,
    /// The number of stored files that nothing uses.
    pub unused_files: i64,
    /// Their size in bytes.
    pub unused_bytes: i64,
    /// The number of uploads that are not finished.
    pub uploads: i64,
    /// Their announced size in bytes. Quotas count it; it says nothing of what has arrived.
    pub upload_bytes: i64,
}

/// What the files occupy that a conversation uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
#[schema(as = ConversationStorage)]
pub struct ConversationStorage {
    /// The conversation.
    pub id: String,
    /// `direct` or `group`.
    pub kind: String,
    /// The title of a group.
    #[schema(required = true)]
    pub title: Option<String>,
    /// The number of files that its messages use, also those that wait to be sent, and its avatar.
    pub files: i64,
    /// Their size in bytes.
    pub bytes: i64,
}

/// What the files of a user occupy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
#[schema(as = UserStorage)]
pub struct UserStorage {
    /// The user who has uploaded them.
    pub id: String,
    /// The number of stored files.
    pub files: i64,
    /// Their size in bytes.
    pub bytes: i64,
    /// The number of uploads that are not finished.
    pub uploads: i64,
    /// Their announced size in bytes.
    pub upload_bytes: i64,
}

/// A file that will be deleted because nothing uses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OrphanedFile)]
pub struct OrphanedFile {
    /// The file.
    pub id: String,
    /// The user who uploads or has uploaded it.
    pub uploader: String,
    /// `stored`, or `reserved` for an upload that is not finished.
    pub state: String,
    /// The media type; that of an upload is what the client declared.
    #[serde(rename = "type")]
    pub media_type: String,
    /// The size in bytes.
    pub size: i64,
    /// When it was announced.
    #[schema(value_type = String, format = DateTime)]
    pub reserved_at: Timestamp,
    /// Since when nothing uses it. Null for an upload, and until the collection has noticed, which
    /// takes a minute.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub unused_since: Option<Timestamp>,
    /// When it will be deleted, unless something uses it by then; the collection looks once a
    /// minute. Null until the collection has noticed.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub deleted_at: Option<Timestamp>,
    /// The log position of its announcement, by which pages continue.
    #[serde(skip)]
    pub position: i64,
}

/// Where a page begins, in the order of the list: after a row with this size or name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorageOrder {
    /// The largest first; of equal ones, in the order of their names.
    ByBytes(Option<(i64, String)>),
    /// In the order of the code points of the names.
    ByName(Option<String>),
}

impl StorageOrder {
    /// The condition on the key, whose parameters are `$1` and `$2`, and the order.
    fn clause(&self) -> &'static str {
        match self {
            Self::ByBytes(_) => {
                "WHERE $1::bigint IS NULL OR s.bytes < $1 OR (s.bytes = $1 AND s.id COLLATE \"C\" > $2)
                 ORDER BY s.bytes DESC, s.id COLLATE \"C\" LIMIT $3"
            }
            Self::ByName(_) => {
                "WHERE $1::bigint IS NULL AND ($2::text IS NULL OR s.id COLLATE \"C\" > $2)
                 ORDER BY s.id COLLATE \"C\" LIMIT $3"
            }
        }
    }

    fn key(&self) -> (Option<i64>, Option<&str>) {
        match self {
            Self::ByBytes(Some((bytes, name))) => (Some(*bytes), Some(name)),
            Self::ByName(Some(name)) => (None, Some(name)),
            Self::ByBytes(None) | Self::ByName(None) => (None, None),
        }
    }
}

const TOTALS: &str = concat!(
    "SELECT count(*) FILTER (WHERE f.phase <> 'reserved') AS files,
            coalesce(sum(f.size) FILTER (WHERE f.phase <> 'reserved'), 0)::bigint AS bytes,
            count(*) FILTER (WHERE f.phase <> 'reserved' AND u.file IS NULL) AS unused_files,
            coalesce(sum(f.size) FILTER (WHERE f.phase <> 'reserved' AND u.file IS NULL), 0)::bigint
                AS unused_bytes,
            count(*) FILTER (WHERE f.phase = 'reserved') AS uploads,
            coalesce(sum(f.size) FILTER (WHERE f.phase = 'reserved'), 0)::bigint AS upload_bytes
     FROM read.files f LEFT JOIN (SELECT DISTINCT x.file FROM ",
    file_uses!(),
    " x) u ON u.file = f.id"
);

const BY_CONVERSATION: &str = concat!(
    "SELECT s.* FROM (
        SELECT v.name AS id, v.kind, v.title, t.files, t.bytes
        FROM (SELECT u.conversation, count(*) AS files, sum(f.size)::bigint AS bytes
              FROM (SELECT DISTINCT x.file, x.conversation FROM ",
    file_uses!(),
    " x) u JOIN read.files f ON f.id = u.file AND f.phase <> 'reserved'
              GROUP BY u.conversation) t
        JOIN read.conversations v ON v.id = t.conversation) s "
);

const BY_USER: &str = "SELECT s.* FROM (
        SELECT f.uploader AS id, count(*) FILTER (WHERE f.phase <> 'reserved') AS files,
               coalesce(sum(f.size) FILTER (WHERE f.phase <> 'reserved'), 0)::bigint AS bytes,
               count(*) FILTER (WHERE f.phase = 'reserved') AS uploads,
               coalesce(sum(f.size) FILTER (WHERE f.phase = 'reserved'), 0)::bigint AS upload_bytes
        FROM read.files f GROUP BY f.uploader) s ";

/// Binds the position after which the page starts, the phase or null, and the number of rows.
const ORPHANS: &str = concat!(
    "SELECT f.id, f.uploader, f.phase, coalesce(f.type, f.declared_type) AS media_type, f.size,
            f.reserved_at, f.expires_at, f.stored_at, n.since, coalesce(n.erased, false) AS is_erased,
            f.position
     FROM read.files f LEFT JOIN files.unused n ON n.id = f.id AND f.phase <> 'reserved'
     WHERE f.position > $1 AND ($2::text IS NULL OR (f.phase = 'reserved') = ($2 = 'reserved'))
       AND (f.phase = 'reserved' OR NOT EXISTS (SELECT FROM ",
    file_uses!(),
    " u WHERE u.file = f.id))
     ORDER BY f.position LIMIT $3"
);

/// What files occupy in all.
pub async fn load_storage(pool: &PgPool) -> Result<StorageTotals, sqlx::Error> {
    sqlx::query_as(TOTALS).fetch_one(pool).await
}

/// Lists the conversations that use files.
pub async fn list_by_conversation(
    pool: &PgPool,
    order: &StorageOrder,
    limit: i64,
) -> Result<Vec<ConversationStorage>, sqlx::Error> {
    let statement = format!("{BY_CONVERSATION}{}", order.clause());
    let (bytes, name) = order.key();
    sqlx::query_as(&statement)
        .bind(bytes)
        .bind(name)
        .bind(limit)
        .fetch_all(pool)
        .await
}

/// Lists the users who have files.
pub async fn list_by_user(
    pool: &PgPool,
    order: &StorageOrder,
    limit: i64,
) -> Result<Vec<UserStorage>, sqlx::Error> {
    let statement = format!("{BY_USER}{}", order.clause());
    let (bytes, name) = order.key();
    sqlx::query_as(&statement)
        .bind(bytes)
        .bind(name)
        .bind(limit)
        .fetch_all(pool)
        .await
}

/// Lists the files that nothing uses after a position, in the order in which they were announced,
/// or only those in a state: `stored` or `reserved`.
pub async fn list_orphans(
    pool: &PgPool,
    after: i64,
    state: Option<&str>,
    limit: i64,
) -> Result<Vec<OrphanedFile>, sqlx::Error> {
    let rows: Vec<OrphanRow> = sqlx::query_as(ORPHANS)
        .bind(after)
        .bind(state)
        .bind(limit)
        .fetch_all(pool)
        .await?;
    Ok(rows.into_iter().map(OrphanedFile::from).collect())
}

#[derive(sqlx::FromRow)]
struct OrphanRow {
    id: String,
    uploader: String,
    phase: String,
    media_type: String,
    size: i64,
    reserved_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    stored_at: Option<OffsetDateTime>,
    since: Option<OffsetDateTime>,
    is_erased: bool,
    position: i64,
}

impl From<OrphanRow> for OrphanedFile {
    fn from(row: OrphanRow) -> Self {
        let deleted_at = match row.phase.as_str() {
            "reserved" => Some(row.expires_at),
            // Its deletion has begun.
            "retired" => row.since.or(row.stored_at),
            _ if row.is_erased => row.since,
            _ => row.since.map(|since| since + UNUSED_GRACE),
        };
        let is_reserved = row.phase == "reserved";
        Self {
            id: row.id,
            uploader: row.uploader,
            state: if is_reserved { "reserved" } else { "stored" }.to_owned(),
            media_type: row.media_type,
            size: row.size,
            reserved_at: row.reserved_at.into(),
            unused_since: row.since.map(Timestamp::from),
            deleted_at: deleted_at.map(Timestamp::from),
            position: row.position,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn row(phase: &str, since: Option<u64>, is_erased: bool) -> OrphanRow {
        let at = |hours: u64| OffsetDateTime::UNIX_EPOCH + Duration::from_secs(hours * 3_600);
        OrphanRow {
            id: "f".into(),
            uploader: "ann".into(),
            phase: phase.into(),
            media_type: "text/plain".into(),
            size: 1,
            reserved_at: at(1),
            expires_at: at(25),
            stored_at: (phase != "reserved").then(|| at(2)),
            since: since.map(at),
            is_erased,
            position: 1,
        }
    }

    #[test]
    fn an_orphan_says_when_it_will_be_deleted() {
        let hours = |row: OrphanRow| {
            let deleted_at = OrphanedFile::from(row).deleted_at;
            deleted_at.map(|at| at.millis() / 3_600_000)
        };
        assert_eq!(hours(row("reserved", None, false)), Some(25), "it expires");
        assert_eq!(hours(row("stored", None, false)), None, "nobody noticed");
        assert_eq!(
            hours(row("stored", Some(5), false)),
            Some(29),
            "a day later"
        );
        assert_eq!(hours(row("stored", Some(5), true)), Some(5), "erased");
        assert_eq!(
            hours(row("retired", Some(5), false)),
            Some(5),
            "it has begun"
        );
        assert_eq!(hours(row("retired", None, false)), Some(2), "it has begun");
    }
}
