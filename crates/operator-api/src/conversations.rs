//! `GET /v1/admin/conversations` and `GET /v1/admin/conversations/{id}`.

#![expect(
    unused_qualifications,
    reason = "utoipa qualifies the parameters of the route"
)]

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use diagnostics::conversations::{
    AuditedConversation, ConversationSummary, list_conversations, load_conversation,
};
use diagnostics::read_model_position;
use diagnostics::trace::TraceSources;
use domain::ids::ConversationId;
use event_log::reader::LogReader;
use http_edge::extract::{MinPositionParams, params};
use http_edge::{Admin, Path, Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::required_position::RequiredPosition;
use super::state::{OperatorProblems, OperatorState, position_headers};

/// The `Retry-After` of a failed query.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The default and the maximum number of conversations per page.
const PAGE_LIMIT: (i64, i64) = (50, 200);

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ConversationListParams {
    /// Only conversations whose id begins with this, or whose title contains it.
    #[param(example = "lunch")]
    q: Option<String>,
    /// The maximum number of conversations.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    #[param(example = "0")]
    after: Option<String>,
}

/// A page of conversations.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationList {
    /// The conversations, the oldest first.
    pub conversations: Vec<ConversationSummary>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// Returns the conversations of the system.
#[utoipa::path(
    get, path = "/v1/admin/conversations", operation_id = "list_all_conversations", tag = "admin",
    params(ConversationListParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of conversations.", body = ConversationList,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        OperatorProblems,
    ),
)]
pub async fn list_all_conversations(
    State(state): State<OperatorState>,
    _admin: Admin,
    Query(query): Query<ConversationListParams>,
    required: RequiredPosition,
) -> Result<(HeaderMap, Json<ConversationList>), Problem> {
    let (default, max) = PAGE_LIMIT;
    let limit = params::parse_limit(query.limit.as_deref(), default, max)?;
    let after: i64 = match query.after.as_deref().filter(|text| !text.is_empty()) {
        None => 0,
        Some(text) => text
            .parse()
            .map_err(|_| Problem::malformed("after", "expected the `next` of a page"))?,
    };
    required.wait(&state.pool).await?;
    let text = query.q.as_deref().unwrap_or_default();
    let load = async {
        let headers = read_model_headers(&state).await?;
        let mut found = list_conversations(&state.pool, text, after, limit + 1).await?;
        let has_more = found.len() as i64 > limit;
        found.truncate(limit as usize);
        let last = found.last().map(|last| last.number.to_string());
        let page = ConversationList {
            next: last.filter(|_| has_more),
            conversations: found,
        };
        Ok((headers, Json(page)))
    };
    load.await.map_err(|error| unavailable(&error))
}

/// Returns a conversation with its settings, its size, and how far its messages have come: stored,
/// mirrored, projected, indexed.
#[utoipa::path(
    get, path = "/v1/admin/conversations/{id}", operation_id = "audit_conversation", tag = "admin",
    params(("id" = String, Path, description = "The conversation.", example = "lunch"),
           MinPositionParams),
    responses(
        (status = 200, description = "The conversation.", body = AuditedConversation,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        (status = 404, description = "There is no such conversation.", body = Problem,
         content_type = "application/problem+json"),
        OperatorProblems,
    ),
)]
pub async fn audit_conversation(
    State(state): State<OperatorState>,
    _admin: Admin,
    Path(id): Path<String>,
    required: RequiredPosition,
) -> Result<(HeaderMap, Json<AuditedConversation>), Problem> {
    let id = ConversationId::parse(&id).map_err(|_| Problem::not_found())?;
    required.wait(&state.pool).await?;
    let sources = TraceSources {
        pool: &state.pool,
        mirror: &state.mirror,
        nats: Some(&state.nats),
        index_dir: &state.index_dir,
    };
    let load = async {
        let headers = read_model_headers(&state).await?;
        Ok((headers, load_conversation(&sources, &id).await?))
    };
    let (headers, found) = load.await.map_err(|error| unavailable(&error))?;
    let details = found.ok_or_else(Problem::not_found)?;
    Ok((headers, Json(details)))
}

async fn read_model_headers(state: &OperatorState) -> anyhow::Result<HeaderMap> {
    let position = read_model_position(&state.pool).await?;
    let reader = LogReader::new(state.pool.clone());
    Ok(position_headers(&reader, position).await?)
}

fn unavailable(error: &anyhow::Error) -> Problem {
    tracing::error!(
        error = format!("{error:#}"),
        "A query of conversations failed."
    );
    let detail = "The conversations cannot be read at the moment.";
    Problem::unavailable("unavailable", detail, RETRY_AFTER)
}
