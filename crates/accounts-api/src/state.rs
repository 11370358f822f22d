//! What the routes share.

use std::time::Duration;

use accounts::{
    AccountScope, AccountStore, AttemptLimits, HashingError, LoginAttempts, PasswordHasher,
    PlaceStore,
};
use audit::AccessRecorder;
use command_svc::CommandState;
use domain::ids::UserId;
use domain::time::Timestamp;
use event_log::EventLog;
use http_edge::Problem;
use serde::Serialize;
use settings::AccountsMode;
use sqlx::PgPool;
use utoipa::ToSchema;

use super::token_issuer::{IssuedToken, TokenIssuer};

/// How long the token of an account is valid.
pub const ACCOUNT_TOKEN_TTL: Duration = Duration::from_secs(30 * 24 * 3_600);

/// What the routes need. Cheap to clone.
#[derive(Clone)]
pub struct AccountsState {
    pub(super) mode: AccountsMode,
    pub(super) store: AccountStore,
    pub(super) place: PlaceStore,
    pub(super) attempts: LoginAttempts,
    pub(super) hasher: PasswordHasher,
    pub(super) issuer: TokenIssuer,
    pub(super) commands: CommandState,
    pub(super) log: EventLog,
    pub(super) recorder: AccessRecorder,
    /// Reads the read model.
    pub(super) reads: PgPool,
}

/// What the routes are about.
pub struct AccountsSetup {
    /// Who may open an account.
    pub mode: AccountsMode,
    /// Signs tokens.
    pub issuer: TokenIssuer,
    /// Changes profiles.
    pub commands: CommandState,
    /// The log, in whose database the accounts are.
    pub log: EventLog,
    /// Records what administrators do.
    pub recorder: AccessRecorder,
    /// Reads the read model.
    pub reads: PgPool,
}

/// What an account gets to sign in with.
#[derive(Serialize, ToSchema)]
#[schema(as = SignedIn)]
pub(super) struct SignedInResponse {
    /// The user.
    user: String,
    /// A token of the user, for the header `Authorization: Bearer`.
    token: String,
    /// When the token expires: 30 days after it was issued.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// What the token opens: empty for a user, `moderator` or `admin`.
    scope: String,
    /// Present and true if a word list has masked parts of the name of a new account.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub(super) masked: bool,
}

impl AccountsState {
    /// The accounts in the database of the log.
    pub fn new(setup: AccountsSetup) -> Result<Self, HashingError> {
        let AccountsSetup {
            mode,
            issuer,
            commands,
            log,
            recorder,
            reads,
        } = setup;
        if mode != AccountsMode::Off && issuer.check().is_err() {
            tracing::warn!(
                "local accounts are on, but a public key is configured: this system cannot issue \
                 their tokens"
            );
        }
        Ok(Self {
            mode,
            store: AccountStore::new(log.pool().clone()),
            place: PlaceStore::new(log.pool().clone()),
            attempts: LoginAttempts::new(log.pool().clone(), AttemptLimits::default()),
            hasher: PasswordHasher::new()?,
            issuer,
            commands,
            log,
            recorder,
            reads,
        })
    }

    /// Fails with 404 where there are no local accounts, and with 422 where their tokens could not
    /// be issued.
    pub(super) fn check_accounts(&self) -> Result<(), Problem> {
        if self.mode == AccountsMode::Off {
            return Err(Problem::not_found());
        }
        self.issuer.check()
    }

    /// Issues the token of an account.
    pub(super) fn issue(
        &self,
        user: &str,
        scope: AccountScope,
        after: Option<Timestamp>,
    ) -> Result<SignedInResponse, Problem> {
        let claim = match scope {
            AccountScope::Admin => self.issuer.admin_scope(),
            AccountScope::Moderator | AccountScope::User => scope.as_str(),
        };
        let issued = self.issuer.issue(user, claim, ACCOUNT_TOKEN_TTL, after)?;
        let IssuedToken { token, expires_at } = issued;
        Ok(SignedInResponse {
            user: user.to_owned(),
            token,
            expires_at,
            scope: scope.as_str().to_owned(),
            masked: false,
        })
    }
}

/// The user id in a request.
pub(super) fn parse_user(text: &str) -> Result<UserId, Problem> {
    UserId::parse(text).map_err(|invalid| Problem::invalid("user", invalid.0))
}
