//! `GET /v1/admin/switches`: which features are switched off.

use axum::extract::State;
use axum::response::Response;
use domain::deployment::feature::Feature;
use domain::time::Timestamp;
use http_edge::Admin;
use moderation::{DeploymentRules, FeatureSwitch};
use serde::Serialize;
use utoipa::ToSchema;

use super::rules_at_head::read_rules;
use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::docs::{AdminProblem, CallerProblems};
use crate::error::EndpointError;
use crate::switches::now;

/// All switches.
#[derive(Debug, Serialize, ToSchema)]
pub struct SwitchList {
    /// The features, in the order of the documentation.
    pub switches: Vec<SwitchView>,
}

/// Whether a feature is on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FeatureSwitch)]
pub struct SwitchView {
    /// The feature.
    pub name: &'static str,
    /// Whether the feature is on now.
    pub on: bool,
    /// Why it was switched; null if it never was.
    #[schema(required = true)]
    pub reason: Option<String>,
    /// When a feature that is off is on again by itself.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub until: Option<Timestamp>,
    /// Who switched it.
    #[schema(required = true)]
    pub by: Option<String>,
    /// The time of the last change.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub at: Option<Timestamp>,
}

impl SwitchView {
    fn new(rules: &DeploymentRules, feature: Feature) -> Self {
        let switch = rules.switches.get(&feature);
        let is_off = switch.is_some_and(|switch| switch.is_off(now()));
        Self {
            name: feature.as_str(),
            on: !is_off,
            reason: switch.and_then(|switch| switch.reason.clone()),
            until: switch.and_then(|switch| switch.until),
            by: switch.map(|switch: &FeatureSwitch| switch.by.to_string()),
            at: switch.map(|switch| switch.at),
        }
    }
}

/// Returns which features are switched off, by whom and why.
#[utoipa::path(
    get, path = "/v1/admin/switches", operation_id = "list_switches", tag = "admin",
    params(MinPositionParams),
    responses(
        (status = 200, description = "All switches.", body = SwitchList,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        AdminProblem,
    ),
)]
pub async fn list_switches(
    State(state): State<ReadState>,
    _admin: Admin,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let guard = min_position.wait().await?;
    let (position, rules) = read_rules(&state.reader, &["feature_switched"]).await?;
    let switches = Feature::ALL
        .into_iter()
        .map(|feature| SwitchView::new(&rules, feature))
        .collect();
    guard.respond(position, &SwitchList { switches })
}
