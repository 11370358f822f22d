//! `GET /v1/admin/pushes`: who gets pushes through whom, and what the providers answer.

#![expect(
    unused_qualifications,
    reason = "utoipa qualifies the parameters of the route"
)]

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use diagnostics::read_model_position;
use dispatcher::push_report::{self, OutcomeReport, ProviderReport, PushReport};
use domain::time::Timestamp;
use event_log::reader::LogReader;
use http_edge::extract::MinPositionParams;
use http_edge::{Admin, Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::required_position::RequiredPosition;
use super::state::{OperatorProblems, OperatorState, database_away, position_headers};

/// How many hours are counted without the parameter.
const DEFAULT_HOURS: i32 = 24;

/// How long answers are kept.
const MAX_HOURS: i32 = 30 * 24;

/// Selects the time.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PushReportParams {
    /// How many hours of answers are counted, of which the current one is the last.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 720, default = 24)]
    hours: Option<String>,
}

/// How pushes fare.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PushReport)]
pub struct PushReportView {
    /// From when on answers are counted: the beginning of an hour.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// All providers, whether devices use them or not.
    pub providers: Vec<ProviderReportView>,
}

/// How pushes through one provider fare.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PushProviderReport)]
pub struct ProviderReportView {
    /// `apns`, `fcm` or `webpush`.
    pub provider: &'static str,
    /// The number of devices that get pushes.
    pub devices: i64,
    /// The number of pushes that wait: for their time, or for another attempt.
    pub waiting: i64,
    /// The number of pushes whose last attempt failed within a week.
    pub parked: i64,
    /// What the provider answered, by outcome.
    pub outcomes: Vec<OutcomeReportView>,
}

/// The attempts with one outcome.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PushOutcomeReport)]
pub struct OutcomeReportView {
    /// `accepted`, `gone` (the token), `unavailable`, `throttled`, `misconfigured` or `rejected`.
    pub outcome: String,
    /// The number of attempts.
    pub attempts: i64,
    /// When the last of them was stored.
    #[schema(value_type = String, format = DateTime)]
    pub last_at: Timestamp,
    /// Why the last of them failed; null if they did not.
    #[schema(required = true)]
    pub error: Option<String>,
}

/// Returns how pushes fare, by provider
///
/// Attempts are counted once their results are stored. The metric `tidings_push_total` has the same
/// for each process.
#[utoipa::path(
    get, path = "/v1/admin/pushes", operation_id = "get_push_report", tag = "admin",
    params(PushReportParams, MinPositionParams),
    responses(
        (status = 200, description = "How pushes fare.", body = PushReportView,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position.")),
         example = json!({"since": "2026-11-26T10:00:00.000Z", "providers": [
             {"provider": "webpush", "devices": 12, "waiting": 1, "parked": 0, "outcomes": [
                 {"outcome": "accepted", "attempts": 340, "last_at": "2026-11-27T09:12:01.000Z",
                  "error": null},
                 {"outcome": "unavailable", "attempts": 2, "last_at": "2026-11-27T08:00:03.000Z",
                  "error": "503 Service Unavailable"}
             ]}
         ]})),
        OperatorProblems,
    ),
)]
pub async fn get_push_report(
    State(state): State<OperatorState>,
    _admin: Admin,
    Query(query): Query<PushReportParams>,
    required: RequiredPosition,
) -> Result<(HeaderMap, Json<PushReportView>), Problem> {
    let hours = query.parse()?;
    required.wait(&state.pool).await?;
    let load = async {
        let position = read_model_position(&state.pool).await?;
        let reader = LogReader::new(state.pool.clone());
        let headers = position_headers(&reader, position).await?;
        let report = push_report::load_report(&state.pool, hours).await?;
        Ok((headers, Json(PushReportView::from(report))))
    };
    load.await
        .map_err(|error: sqlx::Error| database_away(&error))
}

impl PushReportParams {
    fn parse(&self) -> Result<i32, Problem> {
        let Some(text) = self.hours.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(DEFAULT_HOURS);
        };
        let hours = text.parse().ok();
        let in_range = hours.filter(|hours| (1..=MAX_HOURS).contains(hours));
        in_range.ok_or_else(|| {
            let expected = format!("expected a whole number from 1 to {MAX_HOURS}");
            Problem::malformed("hours", expected)
        })
    }
}

impl From<PushReport> for PushReportView {
    fn from(report: PushReport) -> Self {
        let providers = report.providers.into_iter();
        Self {
            since: report.since,
            providers: providers.map(ProviderReportView::from).collect(),
        }
    }
}

impl From<ProviderReport> for ProviderReportView {
    fn from(report: ProviderReport) -> Self {
        let outcomes = report.outcomes.into_iter();
        Self {
            provider: report.provider.as_str(),
            devices: report.devices,
            waiting: report.waiting,
            parked: report.parked,
            outcomes: outcomes.map(OutcomeReportView::from).collect(),
        }
    }
}

impl From<OutcomeReport> for OutcomeReportView {
    fn from(report: OutcomeReport) -> Self {
        Self {
            outcome: report.outcome,
            attempts: report.attempts,
            last_at: report.last_at,
            error: report.error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_have_a_default_and_a_range() {
        let parse = |text: &str| {
            let hours = Some(text.to_owned());
            PushReportParams { hours }.parse().ok()
        };
        assert_eq!(parse(""), Some(24));
        assert_eq!(parse("1"), Some(1));
        assert_eq!(parse("720"), Some(720));
        for bad in ["0", "721", "-1", "1.5", "day", "99999999999"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
