//! Refuses the queries of features that an administrator has switched off, or that this process
//! sheds because it is overloaded.

use std::time::Duration;

use domain::deployment::feature::Feature;
use domain::time::Timestamp;
use http_edge::Problem;
use moderation::LiveRulebook;
use sqlx::types::time::OffsetDateTime;

/// The `Retry-After` of a query that is shed.
const SHED_RETRY_AFTER: Duration = Duration::from_secs(5);

/// Fails with `503 switched_off` if a feature is switched off, and with `503 overloaded` if it is
/// shed.
pub fn require_feature(rulebook: &LiveRulebook, feature: Feature) -> Result<(), Problem> {
    if let Some(retry_after) = rulebook.current().switched_off(feature, now()) {
        return Err(Problem::switched_off(feature.as_str(), retry_after));
    }
    if rulebook.shed().contains(&feature) {
        let detail = "The read model is far behind, so this is not available for now.";
        return Err(Problem::unavailable("overloaded", detail, SHED_RETRY_AFTER));
    }
    Ok(())
}

/// Whether a feature is switched off or shed, for what is then left out without a problem.
pub fn is_off(rulebook: &LiveRulebook, feature: Feature) -> bool {
    rulebook.shed().contains(&feature) || rulebook.current().switched_off(feature, now()).is_some()
}

/// The current time.
pub fn now() -> Timestamp {
    OffsetDateTime::now_utc().into()
}
