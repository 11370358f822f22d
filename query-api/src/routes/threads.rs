//! `GET /v1/threads`: the threads that the caller follows, the one with the newest reply first.
//!
//! Who writes in a thread, started it or is mentioned in it follows it. That is read from the
//! messages. What the caller chose since then, to follow it or not, prevails until the next such
//! message.

use axum::response::Response;
use http_edge::Query;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::postgres::PgRow;
use utoipa::{IntoParams, ToSchema};

use crate::consistency::as_of::ReadContext;
use crate::consistency::position_params::{AsOfParams, MinPositionParams};
use crate::cursor::CursorCodec;
use crate::docs::CallerProblems;
use crate::error::{EndpointError, QueryError};
use crate::page::{MAX_PAGE_BODY_BYTES, bytes_before};
use crate::params::PageLimit;
use crate::sql::as_of_sql::TemporalStatement;
use crate::sql::message_view::{MessageView, message_columns};
use crate::sql::thread_replies::ThreadReplies;
use crate::sql::visibility::caller_id;
use read_model::{can_see, visible_windows};

/// The number of threads per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 50,
    max: 200,
};

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ThreadsParams {
    /// The maximum number of threads. A page also ends at 1 MiB.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    after: Option<String>,
}

/// A page of threads.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Threads)]
pub struct ThreadsPage {
    /// The threads, the one with the newest reply first.
    pub threads: Vec<ThreadView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// A thread that the caller follows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FollowedThread)]
pub struct ThreadView {
    /// The conversation.
    pub conversation_id: String,
    /// The seq of the root.
    pub root: i64,
    /// The root itself.
    pub message: MessageView,
    /// The replies.
    pub replies: ThreadReplies,
    /// The number of replies of others that the caller has not read.
    pub unread: i64,
    /// The last seq that the caller has read in the thread, 0 if none.
    pub read_seq: i64,
    /// The sort key.
    #[serde(skip)]
    activity: i64,
}

/// Binds the caller, the sort key before which the page starts, the number of threads, and the
/// byte budget.
static THREADS: TemporalStatement = TemporalStatement::new(concat!(
    "WITH me AS (
        SELECT u.id, u.name FROM read.users u WHERE u.name = $1
    ), reasons AS (
        SELECT r.conversation, r.thread AS root, r.position
        FROM me JOIN read.messages r ON r.sender = me.id
        WHERE r.thread IS NOT NULL
        UNION ALL
        SELECT o.conversation, o.seq, o.position
        FROM me JOIN read.messages o ON o.sender = me.id
        WHERE o.thread IS NULL AND EXISTS (
            SELECT FROM read.messages r WHERE r.conversation = o.conversation AND r.thread = o.seq)
        UNION ALL
        SELECT o.conversation, coalesce(o.thread, o.seq), o.position
        FROM me JOIN read.messages o ON o.mentions::jsonb ? me.name
        WHERE o.mentions IS NOT NULL AND NOT o.recalled AND (o.thread IS NOT NULL OR EXISTS (
            SELECT FROM read.messages r WHERE r.conversation = o.conversation AND r.thread = o.seq))
    ), chosen AS (
        SELECT DISTINCT ON (k.conversation, k.root) k.conversation, k.root, k.followed, k.position
        FROM me JOIN read.thread_marks k ON k.user_id = me.id AND k.followed IS NOT NULL
        ORDER BY k.conversation, k.root, k.position DESC
    ), followed AS (
        SELECT conversation, root
        FROM (SELECT r.conversation, r.root, max(r.position) AS position FROM reasons r
              GROUP BY r.conversation, r.root) i
        FULL JOIN chosen k USING (conversation, root)
        WHERE coalesce(k.followed, false) OR i.position > coalesce(k.position, 0)
    ), page AS MATERIALIZED (
        SELECT c.name, m.conversation, m.user_id, m.cleared_seq, c.history, c.head_seq, f.root,
               coalesce(s.activity, o.position) AS activity, octet_length(o.body) AS bytes,
               greatest(s.own_seq, CASE WHEN o.sender = m.user_id THEN o.seq END,
                        (SELECT max(k.read_seq) FROM read.thread_marks k
                         WHERE k.user_id = m.user_id AND k.conversation = f.conversation
                           AND k.root = f.root), 0) AS read_seq
        FROM followed f
        CROSS JOIN me
        JOIN read.members m ON m.conversation = f.conversation AND m.user_id = me.id AND m.present
        JOIN read.conversations c ON c.id = f.conversation
        JOIN read.messages o ON o.conversation = f.conversation AND o.seq = f.root
            AND o.thread IS NULL AND ",
    can_see!("m", "c", "o.seq"),
    "
        CROSS JOIN LATERAL (
            SELECT max(r.position) AS activity, max(r.seq) FILTER (WHERE r.sender = m.user_id) AS own_seq
            FROM ",
    visible_windows!("m", "c"),
    " w JOIN read.messages r ON r.conversation = f.conversation AND r.thread = f.root
                AND r.seq > w.after_seq AND r.seq <= w.until_seq) s
        WHERE coalesce(s.activity, o.position) < $2
        ORDER BY coalesce(s.activity, o.position) DESC LIMIT $3
    )
    SELECT k.position AS read_position, p.found, p.root, p.activity, p.read_seq,
           (SELECT count(*) FROM ",
    visible_windows!("p", "p"),
    " w JOIN read.messages r ON r.conversation = p.conversation AND r.thread = p.root
                AND r.seq > greatest(w.after_seq, p.read_seq) AND r.seq <= w.until_seq
            WHERE r.sender <> p.user_id AND NOT r.recalled AND r.type <> 'control') AS unread, ",
    message_columns!("p.name", caller_id!()),
    "
    FROM read.checkpoint k
    LEFT JOIN (SELECT p.*, count(*) OVER () AS found, ",
    bytes_before!("p.bytes", "ORDER BY p.activity DESC"),
    " FROM page p) p ON p.bytes_before < $4
    LEFT JOIN read.messages g ON g.conversation = p.conversation AND g.seq = p.root
    ORDER BY p.activity DESC"
));

/// Returns the threads that the caller follows.
#[utoipa::path(
    get, path = "/v1/threads", operation_id = "list_threads", tag = "inbox",
    params(ThreadsParams, AsOfParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of threads.", body = ThreadsPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
    ),
)]
pub async fn list_threads(
    Query(params): Query<ThreadsParams>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(params.limit.as_deref())?;
    let user = context.user().to_owned();
    let codec = CursorCodec {
        listing: "threads",
        scope: &[&user],
    };
    let [before] = codec
        .parse_key::<1>("after", params.after.as_deref())?
        .unwrap_or([i64::MAX]);
    let snapshot = context.wait().await?;
    let query = sqlx::query(snapshot.sql(&THREADS))
        .bind(&user)
        .bind(before)
        .bind(limit + 1)
        .bind(MAX_PAGE_BODY_BYTES);
    let rows = snapshot.fetch_rows(query).await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let position = first.try_get("read_position")?;
    let found: Option<i64> = first.try_get("found")?;
    let found = usize::try_from(found.unwrap_or(0)).unwrap_or_default();
    let mut threads = Vec::with_capacity(rows.len());
    for row in &rows {
        threads.extend(ThreadView::from_row(row)?);
    }
    let next = codec.end_page(&mut threads, limit, found, |thread| [thread.activity]);
    snapshot.respond(position, &ThreadsPage { threads, next })
}

impl ThreadView {
    /// Returns `None` for the placeholder row of an empty list.
    fn from_row(row: &PgRow) -> Result<Option<Self>, QueryError> {
        let Some(mut message) = MessageView::from_row(row)? else {
            return Ok(None);
        };
        message.summarize_reactions();
        Ok(Some(Self {
            conversation_id: message.conversation_id.clone(),
            root: message.seq,
            replies: message.replies.clone().unwrap_or_default(),
            message,
            unread: row.try_get("unread")?,
            read_seq: row.try_get("read_seq")?,
            activity: row.try_get("activity")?,
        }))
    }
}
