//! `POST /v1/sessions`: signs in with a password.

use axum::extract::State;
use http::StatusCode;
use http_edge::{ClientAddress, Json, Problem};
use serde::Deserialize;
use utoipa::ToSchema;

use super::problems::{AccountProblems, database_away};
use super::state::{AccountsState, SignedInResponse};

/// Who signs in. Never logged: it has a password.
#[derive(Deserialize, ToSchema)]
#[schema(as = SignIn)]
pub(super) struct SignInRequest {
    /// The user id.
    user: String,
    /// The password.
    #[schema(format = Password)]
    password: String,
}

/// Signs in with the password of a local account, and returns a token that is valid for 30 days.
///
/// A wrong password and an unknown user get the same answer in the same time. After 10 wrong
/// passwords for a user or 100 from an address within 15 minutes, every further attempt is a 429,
/// whether its password is right or not, until `Retry-After` has passed.
#[utoipa::path(
    post, path = "/v1/sessions", operation_id = "sign_in", tag = "users",
    security(()),
    request_body(content = inline(SignInRequest), example = json!({
        "user": "dora", "password": "correct horse battery"
    })),
    responses(
        (status = 201, description = "A token of the user.", body = SignedInResponse),
        (status = 401, description = "The user or the password is wrong (`wrong_password`).",
         body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There are no local accounts (`not_found`).",
         body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is invalid (`invalid`), or another issuer signs the \
                                      tokens of this system (`not_the_issuer`).",
         body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong passwords (`rate_limited`).",
         body = Problem, content_type = "application/problem+json"),
        AccountProblems,
    ),
)]
pub(super) async fn sign_in(
    State(state): State<AccountsState>,
    ClientAddress(address): ClientAddress,
    Json(request): Json<SignInRequest>,
) -> Result<(StatusCode, Json<SignedInResponse>), Problem> {
    state.check_accounts()?;
    let SignInRequest { user, password } = request;
    let checked = state.check_password(&user, &password, address);
    let credentials = checked.await?;
    // Issued before the credentials are looked up once more: if they change meanwhile, either this
    // is refused, or the token is older than the revocation.
    let signed_in = state.issue(&user, credentials.scope, None)?;
    let is_current = state.store.is_current(&user, &credentials).await;
    if !is_current.map_err(|error| database_away(&error))? {
        return Err(Problem::wrong_password());
    }
    Ok((StatusCode::CREATED, Json(signed_in)))
}
