//! `GET .../messages/{seq}/receipts`: to whom a message was delivered, and who has read it.
//!
//! Receipts are derived from watermarks. A message is delivered to a user if one of their devices
//! has acknowledged its position, and read if their read mark has ever been at or past its seq.

use axum::extract::State;
use axum::response::Response;
use domain::deployment::feature::Feature;
use http_edge::{Path, Query};
use moderation::LiveRulebook;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::consistency::as_of::ReadContext;
use crate::consistency::position_params::{AsOfParams, MinPositionParams};
use crate::cursor::CursorCodec;
use crate::docs::{CallerProblems, NotFoundProblem};
use crate::error::EndpointError;
use crate::params::{PageLimit, parse_message_path};
use crate::routes::conversation_query::ConversationQuery;
use crate::sql::as_of_sql::TemporalStatement;
use crate::sql::visibility::{is_visible_message, membership, sees_read_mark};
use crate::switches::require_feature;

/// The number of users per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 100,
    max: 1_000,
};

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReceiptsParams {
    /// The maximum number of users in `delivered`.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<String>,
    /// The `next` of the previous page.
    after: Option<String>,
}

/// Binds the caller, the conversation, the seq, the `joined_order` after which the page starts, and
/// the number of users. The counts cover all users; names are looked up only for those of the page.
/// Returns one row of nulls if the message is not visible to the caller, and one row without a user
/// if nobody has the message.
static RECEIPTS: TemporalStatement = TemporalStatement::new(concat!(
    "WITH ",
    membership!(),
    ", message AS (
        SELECT g.conversation, g.seq, g.position, g.sender, t.user_id AS reader, t.kind
        FROM membership t JOIN read.messages g ON ",
    is_visible_message!(),
    "
    ), covered AS MATERIALIZED (
        SELECT r.user_id, r.joined_order, r.read, r.read OR r.acked AS delivered
        FROM message g CROSS JOIN LATERAL (
            SELECT m.user_id, m.joined_order,
                   m.read_high >= g.seq AND ",
    sees_read_mark!("g.reader", "g.kind"),
    " AS read,
                   EXISTS (SELECT FROM read.devices d
                           WHERE d.user_id = m.user_id AND d.position > g.position
                             AND d.cursor >= g.position) AS acked
            FROM read.members m
            WHERE m.conversation = g.conversation AND m.present AND m.user_id <> g.sender
              AND EXISTS (SELECT FROM read.stays s
                          WHERE s.conversation = m.conversation AND s.user_id = m.user_id
                            AND s.from_position <= g.position
                            AND (s.to_position IS NULL OR g.position <= s.to_position))) r
    ), page AS (
        SELECT c.user_id, c.joined_order, c.read FROM covered c
        WHERE c.delivered AND c.joined_order > $4 ORDER BY c.joined_order LIMIT $5
    )
    SELECT k.position, EXISTS (SELECT FROM message) AS is_visible, n.*, u.name, p.read, p.joined_order
    FROM read.checkpoint k
    CROSS JOIN (SELECT count(*) AS member_count, count(*) FILTER (WHERE read) AS read_count,
                       count(*) FILTER (WHERE delivered) AS delivered_count FROM covered) n
    LEFT JOIN (page p JOIN read.users u ON u.id = p.user_id) ON true
    ORDER BY p.joined_order"
));

/// The receipts of a message. They cover the users who were members when it was sent and are
/// members now, except the sender.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Receipts)]
pub struct MessageReceipts {
    /// The users of this page who have the message on a device or have read it, in the order of
    /// joining.
    pub delivered: Vec<String>,
    /// Those of them who have read it, as far as they show it to the caller.
    pub read: Vec<String>,
    /// The number of users to whom the message was delivered, on all pages.
    pub delivered_count: i64,
    /// The number of users who have read it, on all pages.
    pub read_count: i64,
    /// The number of users that the receipts cover: members of the conversation, without the
    /// sender.
    pub recipient_count: i64,
    /// The same number, under the name of an earlier release. It is not the `member_count` of the
    /// conversation.
    #[schema(deprecated)]
    pub member_count: i64,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
    /// True if the lists were cut, and `next` leads to the other users; absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub truncated: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    position: i64,
    is_visible: bool,
    member_count: i64,
    read_count: i64,
    delivered_count: i64,
    name: Option<String>,
    read: Option<bool>,
    joined_order: Option<i64>,
}

/// Returns the receipts of a message.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/messages/{seq}/receipts", operation_id = "get_receipts",
    tag = "messages",
    params(("id" = String, Path, description = "The conversation.", example = "lunch"),
           ("seq" = i64, Path, minimum = 1, description = "The message.", example = 1), ReceiptsParams, AsOfParams,
           MinPositionParams),
    responses(
        (status = 200, description = "The receipts of the message.", body = MessageReceipts,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
    ),
)]
pub async fn get_receipts(
    Path((id, seq)): Path<(String, String)>,
    Query(params): Query<ReceiptsParams>,
    State(rulebook): State<LiveRulebook>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    require_feature(&rulebook, Feature::Receipts)?;
    let limit = PAGE_LIMIT.parse(params.limit.as_deref())?;
    let (id, seq) = parse_message_path(&id, &seq)?;
    let (user, number) = (context.user().to_owned(), seq.to_string());
    let codec = CursorCodec {
        listing: "receipts",
        scope: &[&user, id.as_str(), &number],
    };
    let [after] = codec
        .parse_key::<1>("after", params.after.as_deref())?
        .unwrap_or([0]);
    let query = ConversationQuery::begin(context, id.clone()).await?;
    let rows: Vec<Row> = query.fetch_all(&RECEIPTS, &[seq, after, limit + 1]).await?;
    let Some(first) = rows.first() else {
        return Err(sqlx::Error::RowNotFound.into());
    };
    let (position, is_visible) = (first.position, first.is_visible);
    let mut receipts = MessageReceipts {
        delivered: Vec::new(),
        read: Vec::new(),
        delivered_count: first.delivered_count,
        read_count: first.read_count,
        recipient_count: first.member_count,
        member_count: first.member_count,
        next: None,
        truncated: false,
    };
    let mut users: Vec<(String, bool, i64)> = rows
        .into_iter()
        .filter_map(|row| Some((row.name?, row.read?, row.joined_order?)))
        .collect();
    let found = users.len();
    receipts.next = codec.end_page(&mut users, limit, found, |user| [user.2]);
    receipts.truncated = receipts.next.is_some();
    for (name, has_read, _) in users {
        if has_read {
            receipts.read.push(name.clone());
        }
        receipts.delivered.push(name);
    }
    query
        .snapshot
        .respond_or_not_found(position, is_visible.then_some(receipts).as_ref())
}
