//! `POST /v1/place/setup`: the first account, which owns the place. The code that it needs is
//! printed on the machine, so that of those who find the page, only the operator sets it up.

use std::net::IpAddr;
use std::time::Duration;

use accounts::{
    AccountScope, LoginAttempt, NewOwner, Password, PlaceStore, SetupCode, SetupOutcome,
};
use audit::{AccessAct, AccessRecord};
use axum::extract::State;
use domain::ids::UserId;
use domain::texts::DisplayName;
use http::StatusCode;
use http_edge::{ClientAddress, Json, Problem};
use serde::Deserialize;
use settings::AccountsMode;
use sqlx::PgPool;
use utoipa::ToSchema;

use super::people::parse_name;
use super::place::parse_place_name;
use super::problems::{
    AccountProblems, database_away, has_owner, invalid_setup_code, not_hashed, too_many_codes,
    user_id_taken,
};
use super::state::{AccountsState, SignedInResponse, parse_user};
use super::token_issuer::TokenIssuer;

/// How long a printed code is valid.
const SETUP_CODE_TTL: Duration = Duration::from_secs(7 * 24 * 3_600);

/// Issues a code with which the place can be set up; `None` if it has an owner, has no accounts, or
/// does not issue their tokens.
pub async fn issue_setup_code(
    mode: AccountsMode,
    issuer: &TokenIssuer,
    pool: &PgPool,
) -> Result<Option<SetupCode>, sqlx::Error> {
    if mode == AccountsMode::Off || issuer.check().is_err() {
        return Ok(None);
    }
    let place = PlaceStore::new(pool.clone());
    place.issue_code(SETUP_CODE_TTL).await
}

/// The owner and the name. Never logged: it has a code and a password.
#[derive(Deserialize, ToSchema)]
#[schema(as = PlaceSetup)]
pub(super) struct SetupRequest {
    /// The code that `tidings up` has printed.
    code: String,
    /// The user id of the owner, which never changes: 1 to 128 characters.
    #[schema(min_length = 1, max_length = 128)]
    user: String,
    /// 10 to 128 characters. Nothing is trimmed.
    #[schema(min_length = 10, max_length = 128, format = Password)]
    password: String,
    /// What the place is called, 1 to 64 characters.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    /// The name of the owner that others see, 1 to 64 characters.
    #[schema(min_length = 1, max_length = 64)]
    display_name: Option<String>,
}

/// Sets the place up: names it, opens the account of its owner, an administrator, and signs it in.
///
/// `tidings up` prints a code for it while there is no owner. It works once, and all codes end with
/// it. After 10 wrong codes from an address within 15 minutes, every further attempt is a 429.
#[utoipa::path(
    post, path = "/v1/place/setup", operation_id = "set_up_place", tag = "users",
    security(()),
    request_body(content = inline(SetupRequest), example = json!({
        "code": "5f1d0c6b8f4a4d2e9b7a3c1e0d9f8a7b", "user": "olga",
        "password": "correct horse battery", "name": "The Tea House", "display_name": "Olga"
    })),
    responses(
        (status = 201, description = "The account of the owner, signed in.",
         body = SignedInResponse),
        (status = 403, description = "The code is wrong or has expired (`setup_code`).",
         body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There are no local accounts (`not_found`).",
         body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The place has an owner, or the user id is taken or has been \
                                      used (`conflict`).",
         body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is invalid (`invalid`), or another issuer signs the \
                                      tokens of this system (`not_the_issuer`).",
         body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong codes (`rate_limited`).",
         body = Problem, content_type = "application/problem+json"),
        AccountProblems,
    ),
)]
pub(super) async fn set_up_place(
    State(state): State<AccountsState>,
    ClientAddress(address): ClientAddress,
    Json(request): Json<SetupRequest>,
) -> Result<(StatusCode, Json<SignedInResponse>), Problem> {
    state.check_accounts()?;
    let user = parse_user(&request.user)?;
    let password = Password::parse(&request.password)
        .map_err(|error| Problem::invalid("password", error.to_string()))?;
    let name = parse_place_name(&request.name)?;
    let display_name = request.display_name.as_deref().map(parse_name);
    let display_name = display_name.transpose()?;
    let code = SetupCode::presented(&request.code);
    state.check_setup_code(&code, address).await?;
    state.require_unused(&user).await?;
    let hashed = state.hasher.hash(password).await;
    let hash = hashed.map_err(|error| not_hashed(&error))?;
    let owner = NewOwner {
        user: user.clone(),
        hash,
    };
    let outcome = state.place.set_up(&code, &owner, &name).await;
    to_result(outcome.map_err(|error| database_away(&error))?)?;
    state.record_setup(&user).await;
    if let Some(display_name) = display_name {
        state.name_owner(&user, display_name).await;
    }
    let signed_in = state.issue(user.as_str(), AccountScope::Admin, None)?;
    Ok((StatusCode::CREATED, Json(signed_in)))
}

fn to_result(outcome: SetupOutcome) -> Result<(), Problem> {
    match outcome {
        SetupOutcome::SetUp => Ok(()),
        SetupOutcome::InvalidCode => Err(invalid_setup_code()),
        SetupOutcome::HasOwner => Err(has_owner()),
        SetupOutcome::Taken => Err(user_id_taken()),
    }
}

impl AccountsState {
    /// Compares the code within the limit of its address. Strangers must not use up the attempts of
    /// the operator, so there is no limit for all addresses together: nobody guesses a code.
    async fn check_setup_code(&self, code: &SetupCode, address: IpAddr) -> Result<(), Problem> {
        let subject = format!("setup code from {address}");
        let recorded = self.attempts.record(&subject, address).await;
        let attempt = match recorded.map_err(|error| database_away(&error))? {
            Ok(attempt) => attempt,
            Err(error) => return Err(too_many_codes(error)),
        };
        match self.place.check_code(code).await {
            Ok(SetupOutcome::InvalidCode) => Err(invalid_setup_code()),
            Ok(outcome) => {
                self.forgive(&attempt).await?;
                to_result(outcome)
            }
            Err(error) => {
                self.forgive(&attempt).await?;
                Err(database_away(&error))
            }
        }
    }

    async fn forgive(&self, attempt: &LoginAttempt) -> Result<(), Problem> {
        let forgiven = self.attempts.forgive(attempt).await;
        forgiven.map_err(|error| database_away(&error))
    }

    async fn record_setup(&self, user: &UserId) {
        let access = AccessRecord {
            actor: user.clone(),
            act: AccessAct::PlaceSetUp,
            target: Some(user.as_str().to_owned()),
            call: "POST /v1/place/setup".to_owned(),
        };
        self.recorder.record(&access).await;
    }

    /// The owner exists and can set another name, so a name that is refused stops nothing.
    async fn name_owner(&self, user: &UserId, name: DisplayName) {
        if let Err(problem) = self.set_display_name(user, name).await {
            tracing::warn!(code = problem.code(), "the owner has no display name");
        }
    }
}
