//! `GET /v1/admin/status`: what `tidings status` shows.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use diagnostics::status::SystemStatus;
use diagnostics::{StatusSources, collect_status};
use event_log::reader::LogReader;
use http_edge::extract::MinPositionParams;
use http_edge::{Admin, Problem};
use serde::Serialize;
use utoipa::ToSchema;

use super::required_position::RequiredPosition;
use super::state::{OperatorProblems, OperatorState, position_headers};

/// The `Retry-After` of a failed status.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The status of the system, and what this process does not send.
#[derive(Serialize, ToSchema)]
#[schema(as = Status)]
pub struct StatusView {
    #[serde(flatten)]
    status: SystemStatus,
    /// The live frames that this process does not send because the read models are far behind:
    /// `typing`, `presence`, `receipts`.
    #[schema(value_type = Vec<String>)]
    shedding: Vec<&'static str>,
}

/// Returns the state of the system, with the fields of `tidings status --json`: the log, the
/// mirror, the read models, the search index, seals, erasure, retention, webhooks, sessions and
/// sizes.
///
/// A part that cannot be read says why, in `error`; the others are there.
#[utoipa::path(
    get, path = "/v1/admin/status", operation_id = "get_status", tag = "admin",
    params(MinPositionParams),
    responses(
        (status = 200, description = "The status.", body = StatusView,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        OperatorProblems,
    ),
)]
pub async fn get_status(
    State(state): State<OperatorState>,
    _admin: Admin,
    required: RequiredPosition,
) -> Result<(HeaderMap, Json<StatusView>), Problem> {
    required.wait(&state.pool).await?;
    load(&state).await.map_err(|error| {
        tracing::error!(error = format!("{error:#}"), "A status failed.");
        let detail = "The status cannot be read at the moment.";
        Problem::unavailable("unavailable", detail, RETRY_AFTER)
    })
}

async fn load(state: &OperatorState) -> anyhow::Result<(HeaderMap, Json<StatusView>)> {
    let status = collect_status(StatusSources {
        data: &state.data,
        servers: state.servers.clone(),
        mirror: state.mirror.clone(),
        index_dir: state.index_dir.clone(),
    })
    .await?;
    let database = status.database.as_ref();
    let position = database.map_or(0, |database| database.projection.position);
    let reader = LogReader::new(state.pool.clone());
    let headers = position_headers(&reader, position).await?;
    let shed = state.rulebook.shed().iter();
    let shedding = shed.map(|feature| feature.as_str()).collect();
    Ok((headers, Json(StatusView { status, shedding })))
}
