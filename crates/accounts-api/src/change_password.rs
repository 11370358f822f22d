//! `PUT /v1/users/me/password`: changes the password of the caller's account.

use accounts::{Password, PendingRevocation};
use axum::extract::State;
use http_edge::{Caller, ClientAddress, Json, Problem};
use serde::Deserialize;
use utoipa::ToSchema;

use super::problems::{AccountProblems, database_away, not_hashed};
use super::state::{AccountsState, SignedInResponse, parse_user};

/// The passwords. Never logged.
#[derive(Deserialize, ToSchema)]
#[schema(as = PasswordChange)]
pub(super) struct ChangePasswordRequest {
    /// The present password.
    #[schema(format = Password)]
    old: String,
    /// The new password, 10 to 128 characters.
    #[schema(min_length = 10, max_length = 128, format = Password)]
    new: String,
}

/// Changes the password of the caller's account, revokes all earlier tokens of the caller, and
/// returns a new one.
///
/// Every process refuses the earlier tokens (401 `revoked`) within a second, and closes live
/// connections that use them. A wrong `old` counts as a wrong attempt to sign in.
#[utoipa::path(
    put, path = "/v1/users/me/password", operation_id = "change_password", tag = "users",
    request_body(content = inline(ChangePasswordRequest), example = json!({
        "old": "correct horse battery", "new": "staple, battery and horse"
    })),
    responses(
        (status = 200, description = "A new token of the caller.", body = SignedInResponse),
        (status = 401, description = "There is no valid token, or `old` is wrong \
                                      (`wrong_password`).",
         body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There are no local accounts, or the caller has none \
                                      (`not_found`).",
         body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is invalid (`invalid`), or another issuer signs the \
                                      tokens of this system (`not_the_issuer`).",
         body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many commands or too many wrong passwords \
                                      (`rate_limited`).",
         body = Problem, content_type = "application/problem+json"),
        AccountProblems,
    ),
)]
pub(super) async fn change_password(
    State(state): State<AccountsState>,
    caller: Caller,
    ClientAddress(address): ClientAddress,
    Json(request): Json<ChangePasswordRequest>,
) -> Result<Json<SignedInResponse>, Problem> {
    state.check_accounts()?;
    let user = parse_user(&caller.user)?;
    let new = Password::parse(&request.new)
        .map_err(|error| Problem::invalid("new", error.to_string()))?;
    let found = state.store.find_credentials(user.as_str()).await;
    if found.map_err(|error| database_away(&error))?.is_none() {
        return Err(Problem::not_found());
    }
    let checked = state.check_password(user.as_str(), &request.old, address);
    let old = checked.await?;
    let hashed = state.hasher.hash(new).await;
    let new = hashed.map_err(|error| not_hashed(&error))?;
    let changed = state.store.change_password(&user, &old, &new).await;
    let Some(pending) = changed.map_err(|error| database_away(&error))? else {
        // Another request has changed it since.
        return Err(Problem::wrong_password());
    };
    let signed_in = state.issue(user.as_str(), old.scope, Some(pending.before))?;
    state.revoke_now(&pending).await;
    Ok(Json(signed_in))
}

impl AccountsState {
    /// Revokes the earlier tokens. If that fails, the upkeep does it as soon as it can.
    pub(super) async fn revoke_now(&self, pending: &PendingRevocation) {
        if let Err(problem) = self.settle_revocation(pending).await {
            tracing::warn!(
                code = problem.code(),
                "the tokens of a changed account are revoked later"
            );
        }
    }
}
