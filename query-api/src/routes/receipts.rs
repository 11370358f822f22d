//! `GET .../messages/{seq}/receipts`: to whom a message was delivered, and who has read it.
//!
//! Receipts are derived from watermarks. A message is delivered to a user if one of their devices
//! has acknowledged its position, and read if their read mark has ever been at or past its seq.

use axum::response::Response;
use http_edge::Path;
use serde::Serialize;
use utoipa::ToSchema;

use crate::consistency::as_of::ReadContext;
use crate::consistency::position_params::{AsOfParams, MinPositionParams};
use crate::docs::ConversationProblems;
use crate::error::EndpointError;
use crate::routes::conversation_query::by_message;
use crate::sql::as_of_sql::TemporalStatement;
use crate::sql::visibility::membership;
use read_model::can_see;

/// Binds the caller, the conversation and the seq. Returns one row of nulls if the message is not
/// visible to the caller, or if the sender is the only member.
static RECEIPTS: TemporalStatement = TemporalStatement::new(concat!(
    "WITH ",
    membership!(),
    ", message AS (
        SELECT g.conversation, g.seq, g.position, g.sender
        FROM membership t JOIN read.messages g ON g.conversation = t.conversation AND g.seq = $3
        WHERE ",
    can_see!("t", "t", "g.seq"),
    "
    )
    SELECT k.position, g.seq IS NOT NULL AS visible, p.name, p.read, p.read OR p.acked AS delivered
    FROM read.checkpoint k LEFT JOIN message g ON true LEFT JOIN LATERAL (
        SELECT u.name, m.joined_order, m.read_high >= g.seq AS read,
               EXISTS (SELECT FROM read.devices d
                       WHERE d.user_id = m.user_id AND d.position > g.position AND d.cursor >= g.position) AS acked
        FROM read.members m JOIN read.users u ON u.id = m.user_id
        WHERE m.conversation = g.conversation AND m.present AND m.user_id <> g.sender
          AND EXISTS (SELECT FROM read.stays s
                      WHERE s.conversation = m.conversation AND s.user_id = m.user_id
                        AND s.from_position <= g.position
                        AND (s.to_position IS NULL OR g.position <= s.to_position))
    ) p ON true
    ORDER BY p.joined_order"
));

/// The receipts of a message. They cover the users who were members when it was sent and are
/// members now, except the sender.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Receipts)]
pub struct MessageReceipts {
    /// The users who have the message on a device or have read it, in the order of joining.
    pub delivered: Vec<String>,
    /// The users who have read it, in the order of joining.
    pub read: Vec<String>,
    /// The number of users in `delivered`.
    pub delivered_count: usize,
    /// The number of users in `read`.
    pub read_count: usize,
    /// The number of users that the receipts cover.
    pub member_count: usize,
}

/// The position, whether the message is visible, the user, read, delivered.
type Row = (i64, bool, Option<String>, Option<bool>, Option<bool>);

/// Returns the receipts of a message.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/messages/{seq}/receipts", operation_id = "get_receipts",
    tag = "messages",
    params(("id" = String, Path, description = "The conversation."),
           ("seq" = i64, Path, minimum = 1, description = "The message."), AsOfParams, MinPositionParams),
    responses(
        (status = 200, description = "The receipts of the message.", body = MessageReceipts,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        ConversationProblems,
    ),
)]
pub async fn get_receipts(
    Path(path): Path<(String, String)>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    let (query, seq) = by_message(context, path).await?;
    let rows: Vec<Row> = query.fetch_all(&RECEIPTS, &[seq]).await?;
    let (position, is_visible) = rows.first().map_or((0, false), |row| (row.0, row.1));
    let mut receipts = MessageReceipts::default();
    for (_, _, name, read, delivered) in rows {
        let Some(name) = name else { continue };
        receipts.member_count += 1;
        if read == Some(true) {
            receipts.read.push(name.clone());
        }
        if delivered == Some(true) {
            receipts.delivered.push(name);
        }
    }
    receipts.delivered_count = receipts.delivered.len();
    receipts.read_count = receipts.read.len();
    query
        .snapshot
        .respond_or_not_found(position, is_visible.then_some(receipts).as_ref())
}
