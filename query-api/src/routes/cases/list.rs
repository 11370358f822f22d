//! `GET /v1/moderation/cases`.

use axum::extract::State;
use axum::response::Response;
use domain::ids::ConversationId;
use http_edge::{Caller, Problem, Query};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use utoipa::{IntoParams, ToSchema};

use super::view::{CaseStateView, CaseView, found_cases, is_about_others};
use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::cursor::CursorCodec;
use crate::docs::{AdminProblem, CallerProblems, NotFoundProblem};
use crate::error::EndpointError;
use crate::params::{self, PageLimit};

/// The number of cases per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 50,
    max: 200,
};

/// A page of cases.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cases)]
pub struct CasesPage {
    /// The cases, those that were opened last first.
    pub cases: Vec<CaseView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// Which cases, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CasesParams {
    /// Only those in this state: `open` or `closed`.
    #[param(value_type = Option<CaseStateView>, inline, example = "open")]
    state: Option<String>,
    /// Only those of this conversation: of its messages and its title. Required without the scope
    /// `moderator` or `admin`.
    #[param(value_type = Option<String>, example = "lunch")]
    conversation: Option<String>,
    /// The maximum number of cases.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    after: Option<String>,
}

/// Binds the caller, whether the caller is a moderator, the conversation or null, whether the cases
/// are open or null, the position before which the page starts, and the number of cases. Returns
/// one row without a case if there is none.
const LIST: &str = concat!(
    "SELECT k.position AS read_position, (
        SELECT own.role FROM read.users u
        JOIN read.conversations o ON o.name = $3
        JOIN read.members own ON own.conversation = o.id AND own.user_id = u.id AND own.present
        WHERE u.name = $1) AS own_role, p.*
     FROM read.checkpoint k LEFT JOIN (",
    found_cases!(),
    "WHERE ($3::text IS NULL OR x.conversation = $3) AND ($4::boolean IS NULL OR x.is_open = $4)
           AND x.opened_position < $5 AND ",
    is_about_others!(),
    "   ORDER BY x.opened_position DESC LIMIT $6) p ON true
     ORDER BY p.opened_position DESC"
);

/// Returns cases: for moderators all, for the owner and admins of a group those of the group, if
/// `conversation` names it.
#[utoipa::path(
    get, path = "/v1/moderation/cases", operation_id = "list_cases", tag = "moderation",
    params(CasesParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of cases.", body = CasesPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
        AdminProblem,
    ),
)]
pub async fn list_cases(
    State(state): State<ReadState>,
    caller: Caller,
    Query(query): Query<CasesParams>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    let filter = parse_state(query.state.as_deref())?;
    let conversation = params::non_empty(query.conversation.as_deref());
    let is_moderator = caller.is_moderator();
    if conversation.is_none() && !is_moderator {
        return Err(Problem::forbidden().into());
    }
    let id = conversation
        .map(params::parse_conversation_id)
        .transpose()?;
    let (open, name) = match filter {
        None => (None, ""),
        Some(CaseStateView::Open) => (Some(true), "open"),
        Some(CaseStateView::Closed) => (Some(false), "closed"),
    };
    let codec = CursorCodec {
        listing: "cases",
        scope: &[&caller.user, name, conversation.unwrap_or_default()],
    };
    let after = codec.parse_key("after", query.after.as_deref())?;
    let [before] = after.unwrap_or([i64::MAX]);
    let guard = min_position.wait().await?;
    let rows = sqlx::query(LIST)
        .bind(&caller.user)
        .bind(is_moderator)
        .bind(id.as_ref().map(ConversationId::as_str))
        .bind(open)
        .bind(before)
        .bind(limit + 1)
        .fetch_all(&state.pool)
        .await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let position = first.try_get("read_position")?;
    if let Err(problem) = check_role(is_moderator, first)? {
        return guard.reject(position, problem);
    }
    let cases = rows.iter().map(CaseView::from_row);
    let mut cases: Vec<CaseView> = cases
        .filter_map(Result::transpose)
        .collect::<Result<_, _>>()?;
    let found = cases.len();
    let next = codec.end_page(&mut cases, limit, found, |last| [last.opened_position]);
    guard.respond(position, &CasesPage { cases, next })
}

/// Whether the caller may see the cases of the conversation that they named.
fn check_role(is_moderator: bool, row: &PgRow) -> Result<Result<(), Problem>, sqlx::Error> {
    let role: Option<String> = row.try_get("own_role")?;
    Ok(match role.as_deref() {
        _ if is_moderator => Ok(()),
        Some("owner" | "admin") => Ok(()),
        Some(_) => Err(Problem::forbidden()),
        None => Err(Problem::not_found()),
    })
}

fn parse_state(text: Option<&str>) -> Result<Option<CaseStateView>, Problem> {
    match params::non_empty(text) {
        None => Ok(None),
        Some("open") => Ok(Some(CaseStateView::Open)),
        Some("closed") => Ok(Some(CaseStateView::Closed)),
        Some(_) => Err(Problem::malformed("state", "expected `open` or `closed`")),
    }
}
