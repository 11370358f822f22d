//! `GET /v1/moderation/cases/{id}`.

use axum::extract::State;
use axum::response::Response;
use domain::case::target::CaseId;
use domain::time::Timestamp;
use http_edge::{Caller, Path, Problem};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::types::time::OffsetDateTime;
use utoipa::ToSchema;

use super::view::{CaseView, found_cases, is_about_others};
use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::docs::{CallerProblems, NotFoundProblem};
use crate::error::{EndpointError, QueryError};
use crate::sql::message_view::{MessageView, message_columns};
use crate::sql::visibility::caller_id;
use read_model::can_see;

/// A case with what moderators need to decide.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseDetail {
    /// The case, as in the list.
    #[serde(flatten)]
    pub case: CaseView,
    /// The message that the case is about, with the five before and the five after it, as they are
    /// now: the body of a recalled or erased message is null. Only those that the caller can see;
    /// empty if the case is about something else.
    pub context: Vec<MessageView>,
    /// What happened, oldest first: the events of the case.
    pub acts: Vec<CaseActView>,
    /// True if the case has more than 1,000 acts, of which `acts` has the newest; absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub truncated: bool,
}

/// Something that happened in a case. Each type has fields of its own; the others are absent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseAct)]
pub struct CaseActView {
    /// The log position.
    pub position: i64,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// `case_opened`, `report_filed`, `evidence_added`, `case_resolved` or `case_reopened`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Of an opening: why, as in `kind` of a case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Of a report: the user who reported it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reporter: Option<String>,
    /// Of a report: `spam`, `abuse`, `illegal` or `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of a report and of a resolution: what the user wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Of evidence: the position of the event in which it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_position: Option<i64>,
    /// Of evidence: which lists or rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Of a resolution: what was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Of evidence: whose doing it is. Of a resolution: who was silenced or banned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Of a resolution: when the silence or ban ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Of a resolution and a reopening: the moderator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// The data of an act, as the log has it, without the note.
#[derive(Deserialize)]
struct CaseActData {
    kind: Option<String>,
    reporter: Option<String>,
    reason: Option<String>,
    source_position: Option<i64>,
    detail: Option<String>,
    action: Option<String>,
    user: Option<String>,
    until: Option<Timestamp>,
    by: Option<String>,
}

/// The maximum number of acts in an answer. A case has more than that only if very many users
/// report the same, and the newest are those that nobody has seen.
const MAX_ACTS: i64 = 1_000;

/// Binds the caller, whether the caller is a moderator, the case, and the maximum number of acts.
/// Returns a row for each message of the context, and one if there is none. Only the first row has
/// the acts.
const DETAIL: &str = concat!(
    "WITH found AS (",
    found_cases!(),
    "WHERE x.id = $3 AND ",
    is_about_others!(),
    "), acts AS (
        SELECT a.position, a.at, a.type, a.note, a.data FROM read.case_acts a
        WHERE a.case_id = $3 ORDER BY a.position DESC LIMIT $4 + 1
    )
    SELECT k.position AS read_position, f.*, m.role AS own_role,
           CASE WHEN row_number() OVER (ORDER BY g.seq) = 1 THEN l.positions END AS act_positions,
           CASE WHEN row_number() OVER (ORDER BY g.seq) = 1 THEN l.times END AS act_times,
           CASE WHEN row_number() OVER (ORDER BY g.seq) = 1 THEN l.types END AS act_types,
           CASE WHEN row_number() OVER (ORDER BY g.seq) = 1 THEN l.notes END AS act_notes,
           CASE WHEN row_number() OVER (ORDER BY g.seq) = 1 THEN l.data END AS act_data, ",
    message_columns!("c.name", caller_id!()),
    "
    FROM read.checkpoint k
    CROSS JOIN (SELECT array_agg(a.position ORDER BY a.position) AS positions,
                       array_agg(a.at ORDER BY a.position) AS times,
                       array_agg(a.type ORDER BY a.position) AS types,
                       array_agg(a.note ORDER BY a.position) AS notes,
                       array_agg(a.data ORDER BY a.position) AS data FROM acts a) l
    LEFT JOIN found f ON true
    LEFT JOIN read.conversations c ON c.name = f.conversation
    LEFT JOIN read.members m ON m.conversation = c.id AND m.present AND m.user_id = ",
    caller_id!(),
    "
    LEFT JOIN read.messages g ON g.conversation = c.id AND g.seq BETWEEN f.seq - 5 AND f.seq + 5 AND ($2 OR ",
    can_see!("m", "c", "g.seq"),
    ")
    ORDER BY g.seq"
);

/// Returns a case with its context and everything that happened in it.
#[utoipa::path(
    get, path = "/v1/moderation/cases/{id}", operation_id = "get_case", tag = "moderation",
    params(("id" = String, Path, description = "The case.",
            example = "case-95864c51a5a0f1dd3de5f401fab71228"), MinPositionParams),
    responses(
        (status = 200, description = "The case.", body = CaseDetail,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
    ),
)]
pub async fn get_case(
    State(state): State<ReadState>,
    caller: Caller,
    Path(id): Path<String>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let id = CaseId::parse(&id).map_err(|_| Problem::not_found())?;
    let guard = min_position.wait().await?;
    let rows = sqlx::query(DETAIL)
        .bind(&caller.user)
        .bind(caller.is_moderator())
        .bind(id.as_str())
        .bind(MAX_ACTS)
        .fetch_all(&state.pool)
        .await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let position = first.try_get("read_position")?;
    let role: Option<String> = first.try_get("own_role")?;
    let may_decide = caller.is_moderator() || matches!(role.as_deref(), Some("owner" | "admin"));
    let found = CaseView::from_row(first)?.filter(|_| may_decide);
    let detail = found.map(|case| build_detail(case, &rows)).transpose()?;
    guard.respond_or_not_found(position, detail.as_ref())
}

fn build_detail(case: CaseView, rows: &[PgRow]) -> Result<CaseDetail, QueryError> {
    let mut context = Vec::with_capacity(rows.len());
    for row in rows {
        context.extend(MessageView::from_row(row)?);
    }
    let mut acts = match rows.first() {
        Some(first) => read_acts(first)?,
        None => Vec::new(),
    };
    let surplus = acts.len().saturating_sub(MAX_ACTS as usize);
    acts.drain(..surplus);
    Ok(CaseDetail {
        case,
        context,
        acts,
        truncated: surplus > 0,
    })
}

fn read_acts(row: &PgRow) -> Result<Vec<CaseActView>, QueryError> {
    let positions: Option<Vec<i64>> = row.try_get("act_positions")?;
    let times: Option<Vec<OffsetDateTime>> = row.try_get("act_times")?;
    let types: Option<Vec<String>> = row.try_get("act_types")?;
    let notes: Option<Vec<Option<String>>> = row.try_get("act_notes")?;
    let data: Option<Vec<String>> = row.try_get("act_data")?;
    let positions = positions.unwrap_or_default().into_iter();
    let times = times.unwrap_or_default().into_iter();
    let types = types.unwrap_or_default().into_iter();
    let notes = notes.unwrap_or_default().into_iter();
    let data = data.unwrap_or_default();
    let rows = positions.zip(times).zip(types).zip(notes).zip(&data);
    rows.map(|((((position, at), event_type), note), data)| {
        let data = serde_json::from_str(data).map_err(|error| QueryError::Corrupt {
            value: "an act of a case",
            reason: error.to_string(),
        })?;
        let CaseActData {
            kind,
            reporter,
            reason,
            source_position,
            detail,
            action,
            user,
            until,
            by,
        } = data;
        Ok(CaseActView {
            position,
            at: at.into(),
            event_type,
            kind,
            reporter,
            reason,
            note,
            source_position,
            detail,
            action,
            user,
            until,
            by,
        })
    })
    .collect()
}
