//! `POST /v1/service-sessions/{id}/notes`, `.../tags` and `.../rating`.

use axum::extract::State;
use domain::desk::texts::{RatingText, SessionNote, SessionTag};
use domain::refusal::Refusal;
use http_edge::{Caller, Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::session_handler::{SessionAct, execute_session};
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::metrics::CommandKind;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// A note about a session.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct NoteRequest {
    /// What other agents should know.
    #[schema(max_length = 2000)]
    text: String,
}

/// The tags of a session.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct TagsRequest {
    /// All tags, each of at most 64 characters. They replace the earlier ones.
    #[schema(max_items = 20)]
    tags: Vec<String>,
}

/// A rating.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct RatingRequest {
    /// 1 (worst) to 5 (best).
    #[schema(minimum = 1, maximum = 5)]
    score: i64,
    /// What the customer says with it.
    #[schema(max_length = 1000)]
    text: Option<String>,
}

/// Write a note about a session
///
/// For the agent of the session, and administrators, until seven days after its end. Only agents of
/// the desk see notes.
#[utoipa::path(
    post,
    path = "/v1/service-sessions/{id}/notes",
    operation_id = "note_session",
    tag = "desks",
    params(
        ("id" = String, Path, description = "The session",
            example = "desk_0123456789abcdef0123456789abcdef.1"),
        IdempotencyParams,
    ),
    request_body(content = NoteRequest, example = json!({"text": "She asks for a refund."})),
    responses(
        (status = 200, description = "Noted", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn note_session(
    State(state): State<CommandState>,
    requester: Requester,
    caller: Caller,
    Path(id): Path<String>,
    Json(request): Json<NoteRequest>,
) -> Result<CommandResponse, CommandError> {
    let act = SessionNote::parse(&request.text).map(SessionAct::Note);
    let act = act.map_err(|invalid| Refusal::invalid("text", invalid.0));
    let kind = CommandKind::NoteSession;
    let noted = execute_session(&state, requester, &caller, kind, &id, &request, act).await?;
    Ok(noted.0)
}

/// Tag a session
///
/// For the agent of the session, and administrators, until seven days after its end. The tags
/// replace the earlier ones.
#[utoipa::path(
    post,
    path = "/v1/service-sessions/{id}/tags",
    operation_id = "tag_session",
    tag = "desks",
    params(
        ("id" = String, Path, description = "The session",
            example = "desk_0123456789abcdef0123456789abcdef.1"),
        IdempotencyParams,
    ),
    request_body(content = TagsRequest, example = json!({"tags": ["refund"]})),
    responses(
        (status = 200, description = "The session has these tags", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn tag_session(
    State(state): State<CommandState>,
    requester: Requester,
    caller: Caller,
    Path(id): Path<String>,
    Json(request): Json<TagsRequest>,
) -> Result<CommandResponse, CommandError> {
    let tags = request.tags.iter().map(|tag| SessionTag::parse(tag));
    let tags: Result<Vec<SessionTag>, _> = tags.collect();
    let act = tags.map(SessionAct::Tag);
    let act = act.map_err(|invalid| Refusal::invalid("tags", invalid.0));
    let kind = CommandKind::TagSession;
    let tagged = execute_session(&state, requester, &caller, kind, &id, &request, act).await?;
    Ok(tagged.0)
}

/// Rate a session
///
/// For its customer, once, within seven days of its end.
#[utoipa::path(
    post,
    path = "/v1/service-sessions/{id}/rating",
    operation_id = "rate_session",
    tag = "desks",
    params(
        ("id" = String, Path, description = "The session",
            example = "desk_0123456789abcdef0123456789abcdef.1"),
        IdempotencyParams,
    ),
    request_body(content = RatingRequest, example = json!({"score": 5, "text": "That was quick."})),
    responses(
        (status = 200, description = "Rated", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn rate_session(
    State(state): State<CommandState>,
    requester: Requester,
    caller: Caller,
    Path(id): Path<String>,
    Json(request): Json<RatingRequest>,
) -> Result<CommandResponse, CommandError> {
    let text = request.text.as_deref().map(RatingText::parse).transpose();
    // A score that is out of range is refused by the rule.
    let score = u8::try_from(request.score).unwrap_or_default();
    let act = text.map(|text| SessionAct::Rate(score, text));
    let act = act.map_err(|invalid| Refusal::invalid("text", invalid.0));
    let kind = CommandKind::RateSession;
    let rated = execute_session(&state, requester, &caller, kind, &id, &request, act).await?;
    Ok(rated.0)
}
