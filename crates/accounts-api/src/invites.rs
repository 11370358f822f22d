//! `POST /v1/admin/invites`: issues an invite for one local account.

use std::time::Duration;

use audit::AccessAct;
use axum::extract::State;
use domain::time::Timestamp;
use http::StatusCode;
use http_edge::{Admin, Json, OptionalJson, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problems::{IssuerProblems, database_away};
use super::state::AccountsState;
use super::tokens::parse_ttl;

/// How long an invite is valid unless the request says otherwise.
const DEFAULT_INVITE_TTL: Duration = Duration::from_secs(7 * 24 * 3_600);

/// The invite to issue.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = NewInvite)]
pub(super) struct InviteRequest {
    /// How long it can be used, such as `30s`, `10m`, `2h` or `7d` [default: `7d`].
    ttl: Option<String>,
}

/// An invite. Only this answer has its code.
#[derive(Serialize, ToSchema)]
#[schema(as = Invite)]
pub(super) struct InviteResponse {
    /// The code, for the field `invite` of `POST /v1/accounts`.
    invite: String,
    /// When it can no longer be used.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Issues an invite, with which one local account can be opened.
#[utoipa::path(
    post, path = "/v1/admin/invites", operation_id = "create_invite", tag = "admin",
    request_body(content = inline(InviteRequest), example = json!({"ttl": "7d"})),
    responses(
        (status = 201, description = "The invite.", body = InviteResponse),
        (status = 404, description = "There are no local accounts (`not_found`).",
         body = Problem, content_type = "application/problem+json"),
        IssuerProblems,
    ),
)]
pub(super) async fn create_invite(
    State(state): State<AccountsState>,
    Admin(caller): Admin,
    OptionalJson(request): OptionalJson<InviteRequest>,
) -> Result<(StatusCode, Json<InviteResponse>), Problem> {
    let ttl = parse_ttl(request.ttl.as_deref(), DEFAULT_INVITE_TTL)?;
    state.check_accounts()?;
    let issued = state.store.invite(ttl).await;
    let issued = issued.map_err(|error| database_away(&error))?;
    let (act, call) = (AccessAct::InviteIssued, "POST /v1/admin/invites");
    state.recorder.record_act(&caller, act, None, call).await;
    let response = InviteResponse {
        invite: issued.code.reveal().to_owned(),
        expires_at: Timestamp::from(issued.expires_at),
    };
    Ok((StatusCode::CREATED, Json(response)))
}
