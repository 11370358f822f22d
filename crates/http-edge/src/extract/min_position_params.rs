//! The parameter of queries that wait for the read model.

use serde::Deserialize;
use utoipa::IntoParams;

/// The parameter that every query takes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MinPositionParams {
    /// Wait until the read model has reached this position or cursor (at most 5 s by default, then
    /// 503 `projection_behind`).
    #[param(value_type = Option<String>, example = "2")]
    pub min_position: Option<String>,
}
