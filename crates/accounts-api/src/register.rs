//! `POST /v1/accounts`: opens a local account.

use accounts::{AccountScope, InviteCode, Password, Registration};
use axum::extract::State;
use domain::ids::UserId;
use http::StatusCode;
use http_edge::{Json, Problem};
use serde::Deserialize;
use settings::AccountsMode;
use utoipa::ToSchema;

use super::people::parse_name;
use super::problems::{
    AccountProblems, database_away, invite_required, not_hashed, projection_behind, user_id_taken,
};
use super::state::{AccountsState, SignedInResponse, parse_user};

/// User ids that nobody can register, because a path means something else by them.
const RESERVED_IDS: [&str; 1] = ["me"];

/// The account to open. Never logged: it has a password.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewAccount)]
pub(super) struct RegisterRequest {
    /// The user id, which never changes: 1 to 128 characters, no control characters.
    #[schema(min_length = 1, max_length = 128)]
    user: String,
    /// 10 to 128 characters. Nothing is trimmed.
    #[schema(min_length = 10, max_length = 128, format = Password)]
    password: String,
    /// The name that others see, 1 to 64 characters.
    #[schema(min_length = 1, max_length = 64)]
    display_name: Option<String>,
    /// The code of an invite, where accounts need one.
    invite: Option<String>,
}

/// Opens a local account, and signs it in.
///
/// There is a 404 unless the system has `TIDINGS_ACCOUNTS=open` (anybody can open an account) or
/// `invited` (with an invite of an administrator). A user id that has an account, or that the log
/// has ever named, is a 409, so nobody can take over what belongs to another user. Repeating the
/// request is a 409 too: sign in instead.
#[utoipa::path(
    post, path = "/v1/accounts", operation_id = "register", tag = "users",
    security(()),
    request_body(content = inline(RegisterRequest), example = json!({
        "user": "dora", "password": "correct horse battery", "display_name": "Dora"
    })),
    responses(
        (status = 201, description = "The account, signed in.", body = SignedInResponse),
        (status = 403, description = "The invite is missing, used or expired (`invite_required`).",
         body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There are no local accounts (`not_found`).",
         body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The user id is taken or has been used (`conflict`).",
         body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is invalid (`invalid`), a word list refuses the name \
                                      (`content_refused`), or another issuer signs the tokens of \
                                      this system (`not_the_issuer`).",
         body = Problem, content_type = "application/problem+json"),
        AccountProblems,
    ),
)]
pub(super) async fn register(
    State(state): State<AccountsState>,
    Json(request): Json<RegisterRequest>,
) -> Result<(StatusCode, Json<SignedInResponse>), Problem> {
    state.check_accounts()?;
    state.commands.check_signup()?;
    let user = parse_user(&request.user)?;
    let password = Password::parse(&request.password)
        .map_err(|error| Problem::invalid("password", error.to_string()))?;
    let name = request.display_name.as_deref().map(parse_name);
    let name = name.transpose()?;
    let invite = match state.mode {
        AccountsMode::Invited => {
            let code = request.invite.as_deref().ok_or_else(invite_required)?;
            Some(InviteCode::presented(code))
        }
        AccountsMode::Open | AccountsMode::Off => None,
    };
    state.require_unused(&user).await?;
    let hashed = state.hasher.hash(password).await;
    let hash = hashed.map_err(|error| not_hashed(&error))?;
    let registered = state.store.register(&user, &hash, invite.as_ref()).await;
    match registered.map_err(|error| database_away(&error))? {
        Registration::Created => {}
        Registration::Taken => return Err(user_id_taken()),
        Registration::InvalidInvite => return Err(invite_required()),
    }
    let mut masked = false;
    if let Some(name) = name {
        masked = match state.set_display_name(&user, name).await {
            Ok(masked) => masked,
            Err(refused) => {
                let undone = state.store.undo_registration(&user, &hash).await;
                undone.map_err(|error| database_away(&error))?;
                return Err(refused);
            }
        };
    }
    let mut signed_in = state.issue(user.as_str(), AccountScope::User, None)?;
    signed_in.masked = masked;
    Ok((StatusCode::CREATED, Json(signed_in)))
}

impl AccountsState {
    /// Fails if the user id has an account, or if the log names it.
    pub(super) async fn require_unused(&self, user: &UserId) -> Result<(), Problem> {
        if RESERVED_IDS.contains(&user.as_str()) {
            return Err(user_id_taken());
        }
        let exists = self.store.exists(user).await;
        if exists.map_err(|error| database_away(&error))? {
            return Err(user_id_taken());
        }
        let head = self.log.head().await.map_err(|error| {
            tracing::debug!(%error, "the head of the log is unknown");
            projection_behind()
        })?;
        let is_used = query_api::is_user_id_used(&self.reads, head, user).await;
        match is_used.map_err(|error| database_away(&error))? {
            Some(false) => Ok(()),
            Some(true) => Err(user_id_taken()),
            None => Err(projection_behind()),
        }
    }
}
