//! `GET .../messages/{seq}/receipts`: whom a message has reached, and who has read it.
//!
//! Derived from watermarks: delivered is who has a device that acknowledged the message's position,
//! read is whose read mark has ever stood at or past its seq.

use axum::extract::State;
use axum::response::Response;
use http_edge::Path;
use serde::Serialize;
use utoipa::ToSchema;

use crate::docs::ConversationProblems;
use crate::failed::Unanswered;
use crate::min_position::MinPositionQuery;
use crate::moment::{Moment, MomentQuery};
use crate::params;
use crate::past::Statement;
use crate::state::QueryState;
use crate::visibility::seat;
use read_model::sees;

/// Binds the caller, the conversation and the seq. One row of nulls if the caller does not see the
/// message, or if there is nobody but its sender.
static RECEIPTS: Statement = Statement::new(concat!(
    "WITH ",
    seat!(),
    ", message AS (
        SELECT g.conversation, g.seq, g.position, g.sender
        FROM seat t JOIN read.messages g ON g.conversation = t.conversation AND g.seq = $3
        WHERE ",
    sees!("t", "t", "g.seq"),
    "
    )
    SELECT k.position, g.seq IS NOT NULL AS seen, p.name, p.read, p.read OR p.acked AS delivered
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

/// Who has a message. Speaks of those who were members when it was sent and are now, the sender
/// left out.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Receipts {
    /// A device of theirs has it, or they have read it; in the order of joining.
    pub delivered: Vec<String>,
    /// They have read it; in the order of joining.
    pub read: Vec<String>,
    /// How many are in `delivered`.
    pub delivered_count: usize,
    /// How many are in `read`.
    pub read_count: usize,
    /// How many the receipts speak of.
    pub member_count: usize,
}

/// Position, whether the message is seen, who, read, delivered.
type Row = (i64, bool, Option<String>, Option<bool>, Option<bool>);

/// Whom a message has reached.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/messages/{seq}/receipts", operation_id = "get_receipts",
    tag = "messages",
    params(("id" = String, Path, description = "The conversation."),
           ("seq" = i64, Path, minimum = 1, description = "The message."), MomentQuery, MinPositionQuery),
    responses(
        (status = 200, description = "Its receipts.", body = Receipts,
         headers(("Tidings-Position" = i64, description = "How far the read model is."))),
        ConversationProblems,
    ),
)]
pub async fn receipts(
    State(state): State<QueryState>,
    Path((id, seq)): Path<(String, String)>,
    moment: Moment,
) -> Result<Response, Unanswered> {
    let seq = params::seq(&seq)?;
    let id = params::conversation(&id)?;
    let user = moment.user().to_owned();
    let moment = moment.reached().await?;
    let rows: Vec<Row> = moment
        .bind_as(
            sqlx::query_as(moment.text(&RECEIPTS))
                .bind(&user)
                .bind(id.as_str())
                .bind(seq),
        )
        .fetch_all(&state.pool)
        .await?;
    let (position, seen) = rows.first().map_or((0, false), |row| (row.0, row.1));
    let mut receipts = Receipts::default();
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
    moment.found(position, seen.then_some(receipts).as_ref())
}
