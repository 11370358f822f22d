//! `GET /v1/moderation/hook`: the service that checks messages before they are sent.

use axum::extract::State;
use axum::response::Response;
use domain::body::MessageType;
use domain::deployment::content::HookFailureAction;
use domain::time::Timestamp;
use http_edge::Moderator;
use http_edge::schema::MessageTypeSchema;
use moderation::ActiveHook;
use serde::Serialize;
use utoipa::ToSchema;

use super::rules_at_head::read_rules;
use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::docs::{AdminProblem, CallerProblems};
use crate::error::EndpointError;

/// The hook, without its secret. Without a hook, `configured` is false, `types` is empty, and the
/// other fields are null.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = MessageHook)]
pub struct HookView {
    /// Whether there is a hook.
    pub configured: bool,
    /// Where Tidings asks.
    #[schema(required = true)]
    pub url: Option<String>,
    /// The types of messages that are checked; empty for all.
    #[schema(value_type = Vec<MessageTypeSchema>)]
    pub types: Vec<MessageType>,
    /// How long Tidings waits for an answer, in milliseconds.
    #[schema(required = true)]
    pub timeout_ms: Option<u32>,
    /// What happens to a message without an answer: `allow`, `hold` or `refuse`.
    #[schema(required = true, value_type = Option<String>)]
    pub on_failure: Option<HookFailureAction>,
    /// Who set it.
    #[schema(required = true)]
    pub by: Option<String>,
    /// When it was set.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}

impl From<&ActiveHook> for HookView {
    fn from(active: &ActiveHook) -> Self {
        Self {
            configured: true,
            url: Some(active.hook.url.clone()),
            types: active.hook.types.clone(),
            timeout_ms: Some(active.hook.timeout_ms),
            on_failure: Some(active.hook.on_failure),
            by: Some(active.by.to_string()),
            at: Some(active.at),
        }
    }
}

/// Returns the hook, or says that there is none.
#[utoipa::path(
    get, path = "/v1/moderation/hook", operation_id = "get_hook", tag = "moderation",
    params(MinPositionParams),
    responses(
        (status = 200, description = "The hook.", body = HookView,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        AdminProblem,
    ),
)]
pub async fn get_hook(
    State(state): State<ReadState>,
    _moderator: Moderator,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let guard = min_position.wait().await?;
    let (position, rules) = read_rules(&state.reader, &["hook_set", "hook_removed"]).await?;
    let view = rules.hook.as_deref().map(HookView::from);
    guard.respond(position, &view.unwrap_or_default())
}
