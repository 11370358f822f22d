//! `GET /v1/admin/audit`: who did or viewed what with the rights of an administrator, a moderator
//! or a service.

use axum::extract::State;
use axum::response::Response;
use domain::time::Timestamp;
use http_edge::{Admin, Problem, Query};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::types::time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::docs::{AdminProblem, CallerProblems};
use crate::error::{EndpointError, QueryError};
use crate::params::{self, PageLimit};
use crate::people::parse_json;

/// The number of entries per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 50,
    max: 200,
};

/// An entry of the audit.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    /// The log position of the event; of a view, the head of the log at that time.
    pub position: i64,
    /// The number of a view; 0 for an event.
    #[serde(skip)]
    id: i64,
    /// When it was done or viewed.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who called: the user of the token.
    pub actor: String,
    /// The type of the event, such as `user_restricted`; for what leaves no event of its own, one
    /// of `events_read`, `read_as_user`, `read_for_user`, `users_read`, `conversations_read`,
    /// `message_traced`, `cases_read`, `token_issued`, `invite_issued`, `webhook_added`,
    /// `webhook_changed`, `webhook_replayed`, `webhook_removed`, `user_exported`.
    pub act: String,
    /// What it was done to: a conversation, a user, a case, a message as `conversation/seq`, or the
    /// name of a rule; null if nothing in particular.
    #[schema(required = true)]
    pub target: Option<String>,
    /// More about it: fields of the event, or the `call`. Never text that somebody wrote.
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    pub detail: Box<RawValue>,
}

/// A page of the audit.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditPage {
    /// The entries, the oldest first.
    pub entries: Vec<AuditEntry>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditParams {
    /// Only what this user did.
    #[param(example = "root")]
    actor: Option<String>,
    /// The maximum number of entries.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page, or any log position.
    #[param(example = "0")]
    after: Option<String>,
}

/// Binds the position and the id after which the page starts, the actor or null, and the number of
/// rows. An event has the id 0; what was viewed when it was the newest comes after it.
const LIST: &str = "SELECT k.position AS read_position, p.* FROM read.checkpoint k LEFT JOIN (
        (SELECT a.position, 0::bigint AS id, a.at, a.actor, a.act, a.target, a.detail FROM read.audit a
         WHERE a.position > $1 AND ($3::text IS NULL OR a.actor = $3)
         ORDER BY a.position LIMIT $4)
        UNION ALL
        (SELECT x.position, x.id, x.at, x.actor, x.act, x.target, x.detail FROM audit.accesses x
         WHERE (x.position, x.id) > ($1, $2) AND ($3::text IS NULL OR x.actor = $3)
         ORDER BY x.position, x.id LIMIT $4)
        ORDER BY 1, 2 LIMIT $4) p ON true
    ORDER BY p.position, p.id";

/// A row of [`LIST`]. All columns but the first are null if there is no entry.
#[derive(sqlx::FromRow)]
struct AuditListRow {
    read_position: i64,
    position: Option<i64>,
    id: Option<i64>,
    at: Option<OffsetDateTime>,
    actor: Option<String>,
    act: Option<String>,
    target: Option<String>,
    detail: Option<String>,
}

/// Returns who did or viewed what with the rights of an administrator, a moderator or a service.
///
/// Every event that names who called is in it, and also queries with `as_user`, queries of a
/// service on behalf of users, reading the log, exports, issued tokens and changed webhooks. A view
/// is recorded once a minute for each actor, act and target.
#[utoipa::path(
    get, path = "/v1/admin/audit", operation_id = "list_audit", tag = "admin",
    params(AuditParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of the audit.", body = AuditPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        AdminProblem,
    ),
)]
pub async fn list_audit(
    State(state): State<ReadState>,
    _admin: Admin,
    Query(query): Query<AuditParams>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    let (after, after_id) = match params::non_empty(query.after.as_deref()) {
        None => (0, 0),
        Some(text) => parse_after(text)?,
    };
    let actor = params::non_empty(query.actor.as_deref());
    if actor.is_some_and(|actor| actor.contains('\0')) {
        return Err(Problem::malformed("actor", "expected a user id").into());
    }
    let guard = min_position.wait().await?;
    let rows: Vec<AuditListRow> = sqlx::query_as(LIST)
        .bind(after)
        .bind(after_id)
        .bind(actor)
        .bind(limit + 1)
        .fetch_all(&state.pool)
        .await?;
    let position = rows.first().ok_or(sqlx::Error::RowNotFound)?.read_position;
    let entries = rows.into_iter().map(AuditListRow::into_entry);
    let mut entries: Vec<AuditEntry> = entries
        .filter_map(Result::transpose)
        .collect::<Result<_, _>>()?;
    let has_more = entries.len() as i64 > limit;
    entries.truncate(usize::try_from(limit).unwrap_or_default());
    let last = entries.last().filter(|_| has_more);
    let next = last.map(|last| format!("{}.{}", last.position, last.id));
    guard.respond(position, &AuditPage { entries, next })
}

/// Parses the position and the id after which a page starts. A bare position is after everything
/// that was viewed there.
fn parse_after(text: &str) -> Result<(i64, i64), Problem> {
    let number = |text: &str| text.parse().ok().filter(|number| *number >= 0);
    let parsed = match text.split_once('.') {
        None => number(text).map(|position| (position, i64::MAX)),
        Some((position, id)) => number(position).zip(number(id)),
    };
    parsed.ok_or_else(|| Problem::malformed("after", "expected the `next` of a page"))
}

impl AuditListRow {
    fn into_entry(self) -> Result<Option<AuditEntry>, QueryError> {
        let Self {
            position: Some(position),
            id: Some(id),
            at: Some(at),
            actor: Some(actor),
            act: Some(act),
            target,
            detail: Some(detail),
            ..
        } = self
        else {
            return Ok(None);
        };
        Ok(Some(AuditEntry {
            position,
            id,
            at: Timestamp::from(at),
            actor,
            act,
            target,
            detail: parse_json(detail)?,
        }))
    }
}
