//! `GET /v1/moderation/flood`: what counts as flooding.

use axum::extract::State;
use axum::response::Response;
use domain::deployment::flood::{FloodAction, FloodReach, FloodRule};
use http_edge::{Moderator, schema};
use serde::Serialize;
use utoipa::ToSchema;

use super::rules_at_head::read_rules;
use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::docs::{AdminProblem, CallerProblems};
use crate::error::EndpointError;

/// What counts as flooding.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FloodRules)]
pub struct FloodRulesView {
    /// The rules.
    pub rules: Vec<FloodRuleView>,
}

/// A sender who sends `same_text` near-equal texts within `within` floods.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FloodRule)]
pub struct FloodRuleView {
    /// How many near-equal texts.
    #[schema(minimum = 2, maximum = 100)]
    pub same_text: u32,
    /// Within which time: a duration such as `30s`.
    pub within: String,
    /// Where they are counted.
    #[schema(value_type = schema::FloodReachSchema)]
    pub across: FloodReach,
    /// What happens.
    #[schema(value_type = schema::FloodActionSchema)]
    pub then: FloodAction,
    /// How long the first silence lasts; null for a rule without one.
    #[serde(rename = "for")]
    #[schema(required = true)]
    pub lasting: Option<String>,
}

impl From<&FloodRule> for FloodRuleView {
    fn from(rule: &FloodRule) -> Self {
        Self {
            same_text: rule.same_text,
            within: rule.within.to_string(),
            across: rule.across,
            then: rule.then,
            lasting: rule.lasting.as_ref().map(ToString::to_string),
        }
    }
}

/// Returns the flood rules.
#[utoipa::path(
    get, path = "/v1/moderation/flood", operation_id = "get_flood_rules", tag = "moderation",
    params(MinPositionParams),
    responses(
        (status = 200, description = "The rules.", body = FloodRulesView,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        AdminProblem,
    ),
)]
pub async fn get_flood_rules(
    State(state): State<ReadState>,
    _moderator: Moderator,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let guard = min_position.wait().await?;
    let (position, rules) = read_rules(&state.reader, &["flood_rules_set"]).await?;
    let rules = rules.flood_rules.iter().map(FloodRuleView::from).collect();
    guard.respond(position, &FloodRulesView { rules })
}
