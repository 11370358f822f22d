//! `GET /v1/admin/conversations/{id}/messages/{seq}/trace`: what has become of one message.

use std::time::Duration;

use anyhow::Result;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use diagnostics::trace::{self, MessageTrace, TraceSources};
use domain::ids::ConversationId;
use event_log::reader::LogReader;
use http_edge::extract::{MinPositionParams, params};
use http_edge::{Admin, Path, Problem};

use super::required_position::RequiredPosition;
use super::state::{OperatorProblems, OperatorState, position_headers};

/// The `Retry-After` of a failed trace.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Returns what has become of a message: stored, mirrored, projected, indexed and sealed, who has
/// it on which device, who has read it, and what the webhooks did.
///
/// Each stage says when it happened, or that its time is not stored, and where the stage stands
/// now.
#[utoipa::path(
    get, path = "/v1/admin/conversations/{id}/messages/{seq}/trace", operation_id = "trace_message",
    tag = "admin",
    params(("id" = String, Path, description = "The conversation.", example = "lunch"),
           ("seq" = i64, Path, minimum = 1, description = "The message.", example = 1),
           MinPositionParams),
    responses(
        (status = 200, description = "The trace.", body = MessageTrace,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        (status = 404, description = "The log has no such message.", body = Problem,
         content_type = "application/problem+json"),
        OperatorProblems,
    ),
)]
pub async fn trace_message(
    State(state): State<OperatorState>,
    _admin: Admin,
    Path((id, seq)): Path<(String, String)>,
    required: RequiredPosition,
) -> Result<(HeaderMap, Json<MessageTrace>), Problem> {
    let seq = params::parse_seq(&seq)?;
    let conversation = ConversationId::parse(&id).map_err(|_| Problem::not_found())?;
    required.wait(&state.pool).await?;
    match load(&state, &conversation, seq).await {
        Ok(Some((headers, trace))) => Ok((headers, Json(trace))),
        Ok(None) => Err(Problem::not_found()),
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "A trace failed.");
            let detail = "The message cannot be traced at the moment.";
            Err(Problem::unavailable("unavailable", detail, RETRY_AFTER))
        }
    }
}

async fn load(
    state: &OperatorState,
    conversation: &ConversationId,
    seq: i64,
) -> Result<Option<(HeaderMap, MessageTrace)>> {
    let sources = TraceSources {
        pool: &state.pool,
        mirror: &state.mirror,
        nats: Some(&state.nats),
        index_dir: &state.index_dir,
    };
    let Some(trace) = trace::trace_message(&sources, conversation, seq).await? else {
        return Ok(None);
    };
    let reader = LogReader::new(state.pool.clone());
    let headers = position_headers(&reader, trace.checkpoint).await?;
    Ok(Some((headers, trace)))
}
