//! `GET /v1/moderation/links`: which hosts texts may link to.

use axum::extract::State;
use axum::response::Response;
use domain::deployment::content::ContentAction;
use http_edge::Moderator;
use serde::Serialize;
use utoipa::ToSchema;

use super::rules_at_head::read_rules;
use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::docs::{AdminProblem, CallerProblems};
use crate::error::EndpointError;

/// Which hosts texts may link to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LinkRules)]
pub struct LinkRulesView {
    /// The refused hosts, in ASCII. A host includes its subdomains.
    pub deny: Vec<String>,
    /// If present, the only hosts that are accepted; null if there is no such rule.
    #[schema(required = true)]
    pub allow_only: Option<Vec<String>>,
    /// What happens to a text with a refused host: `refuse`, `mask` or `flag`.
    #[schema(value_type = String)]
    pub action: ContentAction,
}

/// Returns the rules for links.
#[utoipa::path(
    get, path = "/v1/moderation/links", operation_id = "get_link_rules", tag = "moderation",
    params(MinPositionParams),
    responses(
        (status = 200, description = "The rules.", body = LinkRulesView,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        AdminProblem,
    ),
)]
pub async fn get_link_rules(
    State(state): State<ReadState>,
    _moderator: Moderator,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let guard = min_position.wait().await?;
    let (position, rules) = read_rules(&state.reader, &["link_rules_set"]).await?;
    let rules = rules.link_rules.as_ref();
    let view = LinkRulesView {
        deny: rules.deny.clone(),
        allow_only: rules.allow_only.clone(),
        action: rules.action,
    };
    guard.respond(position, &view)
}
