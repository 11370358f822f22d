//! Messages as the read models have them now.

use event_log::reader::Touched;
use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use search::index::Message;
use sqlx::types::time::OffsetDateTime;
use sqlx::{PgConnection, PgPool};

/// How far the read models are, and how they number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct ReadModel {
    /// The last event folded.
    pub position: i64,
    /// Which numbering of users and conversations.
    pub numbering: i64,
    /// When the last event folded happened.
    pub event_time: OffsetDateTime,
}

const READ_MODEL: &str = "SELECT position, numbering, event_time FROM read.checkpoint";

impl ReadModel {
    pub async fn look(pool: &PgPool) -> Result<Self, sqlx::Error> {
        sqlx::query_as(READ_MODEL).fetch_one(pool).await
    }

    /// In the snapshot of a transaction.
    pub async fn seen_by(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        sqlx::query_as(READ_MODEL).fetch_one(connection).await
    }

    /// When that event happened, in milliseconds since 1970.
    pub fn time(&self) -> i64 {
        domain::time::Timestamp::from(self.event_time).millis()
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    conversation: i64,
    seq: i64,
    position: i64,
    sender: i64,
    sent_at: OffsetDateTime,
    #[sqlx(rename = "type")]
    kind: String,
    /// Null if there is nothing to search.
    body: Option<String>,
    mentions: Option<String>,
}

/// What a message that has changed is now.
pub(super) enum Now {
    /// To be found, in this form.
    There(Message),
    /// Not to be found: recalled, or a control message.
    Gone {
        /// Where it is.
        conversation: u64,
        /// Its number there.
        seq: u64,
    },
}

/// The messages of these names as they are now. Those that are not in the read models, because what sent
/// them is parked, are left out. Also answers which numbering they are of.
pub(super) async fn changed(
    pool: &PgPool,
    touched: &[Touched],
) -> Result<(i64, Vec<Now>), sqlx::Error> {
    let conversations: Vec<&str> = touched.iter().map(|it| it.conversation.as_str()).collect();
    let seqs: Vec<i64> = touched.iter().map(|it| it.seq).collect();
    #[derive(sqlx::FromRow)]
    struct Numbered {
        numbering: i64,
        #[sqlx(flatten)]
        row: Row,
    }
    let rows: Vec<Numbered> = sqlx::query_as(
        "SELECT k.numbering, g.conversation, g.seq, g.position, g.sender, g.sent_at, g.type, \
         CASE WHEN NOT g.recalled AND g.type <> 'control' THEN g.body END AS body, g.mentions \
         FROM read.checkpoint k, unnest($1::text[], $2::bigint[]) AS t(name, seq) \
         JOIN read.conversations c ON c.name = t.name \
         JOIN read.messages g ON g.conversation = c.id AND g.seq = t.seq",
    )
    .bind(conversations)
    .bind(seqs)
    .fetch_all(pool)
    .await?;
    let numbering = rows.first().map_or(0, |row| row.numbering);
    Ok((numbering, rows.into_iter().map(|it| it.row.now()).collect()))
}

/// Every message that is to be found.
pub(super) fn all(connection: &mut PgConnection) -> BoxStream<'_, Result<Message, sqlx::Error>> {
    let rows = sqlx::query_as::<_, Row>(
        "SELECT g.conversation, g.seq, g.position, g.sender, g.sent_at, g.type, g.body, g.mentions \
         FROM read.messages g WHERE NOT g.recalled AND g.type <> 'control'",
    )
    .fetch(connection);
    Box::pin(rows.try_filter_map(|row| async move {
        Ok(match row.now() {
            Now::There(message) => Some(message),
            Now::Gone { .. } => None,
        })
    }))
}

/// How many messages there are, about: as many as the planner believes.
pub(super) async fn count(connection: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let rows: f32 =
        sqlx::query_scalar("SELECT reltuples FROM pg_class WHERE oid = 'read.messages'::regclass")
            .fetch_one(connection)
            .await?;
    Ok(rows.max(0.0) as u64)
}

impl Row {
    fn now(self) -> Now {
        let (conversation, seq) = (self.conversation.unsigned_abs(), self.seq.unsigned_abs());
        let Some(body) = self.body else {
            return Now::Gone { conversation, seq };
        };
        let mentions = self.mentions.as_deref().map(serde_json::from_str);
        Now::There(Message {
            position: self.position.unsigned_abs(),
            conversation,
            seq,
            sender: self.sender.unsigned_abs(),
            sent_at: domain::time::Timestamp::from(self.sent_at).millis(),
            text: search::body::text(&self.kind, &body),
            kind: self.kind,
            mentions: mentions.and_then(Result::ok).unwrap_or_default(),
        })
    }
}
