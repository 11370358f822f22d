//! `/v1/admin/accounts`: who has an account, and the rights of each.

#![expect(
    unused_qualifications,
    reason = "utoipa qualifies the parameters of the route"
)]

use accounts::{AccountRecord, AccountScope, ScopeChange};
use audit::AccessAct;
use axum::extract::State;
use domain::time::Timestamp;
use http_edge::extract::params;
use http_edge::{Admin, Json, Path, Problem, Query};
use serde::{Deserialize, Serialize};
use settings::AccountsMode;
use utoipa::{IntoParams, ToSchema};

use super::place::PlaceState;
use super::problems::{IssuerProblems, database_away, last_administrator};
use super::state::{AccountsState, parse_user};

/// The default and the maximum number of accounts per page.
const PAGE_LIMIT: (i64, i64) = (50, 200);

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AccountListParams {
    /// Only accounts whose user id begins with this.
    #[param(example = "do")]
    q: Option<String>,
    /// Only accounts with this scope: `admin`, `moderator`, or empty.
    #[param(example = "admin")]
    scope: Option<String>,
    /// The maximum number of accounts.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    #[param(example = "dora")]
    after: Option<String>,
}

/// A page of local accounts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AccountList {
    /// The accounts, in the order of their user ids.
    accounts: Vec<AccountView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    next: Option<String>,
}

/// A local account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub(super) struct AccountView {
    /// The user.
    user: String,
    /// The scope of the tokens that it gets: empty, `moderator` or `admin`.
    scope: &'static str,
    /// Whether its user can sign in.
    open: bool,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When its password was last set, or when it was closed.
    #[schema(value_type = String, format = DateTime)]
    changed_at: Timestamp,
}

impl From<AccountRecord> for AccountView {
    fn from(record: AccountRecord) -> Self {
        Self {
            user: record.user,
            scope: record.scope.as_str(),
            open: record.is_open,
            created_at: record.created_at,
            changed_at: record.changed_at,
        }
    }
}

/// Returns the local accounts.
#[utoipa::path(
    get, path = "/v1/admin/accounts", operation_id = "list_accounts", tag = "admin",
    params(AccountListParams),
    responses(
        (status = 200, description = "A page of accounts.", body = AccountList),
        (status = 404, description = "There are no local accounts (`not_found`).",
         body = Problem, content_type = "application/problem+json"),
        IssuerProblems,
    ),
)]
pub(super) async fn list_accounts(
    State(state): State<PlaceState>,
    _admin: Admin,
    Query(query): Query<AccountListParams>,
) -> Result<Json<AccountList>, Problem> {
    if state.mode == AccountsMode::Off {
        return Err(Problem::not_found());
    }
    let (default, max) = PAGE_LIMIT;
    let limit = params::parse_limit(query.limit.as_deref(), default, max)?;
    let scope = query.scope.as_deref().map(|name| {
        AccountScope::parse(name).ok_or_else(|| Problem::malformed("scope", EXPECTED_SCOPE))
    });
    let prefix = query.q.as_deref().unwrap_or_default();
    let after = query.after.as_deref().unwrap_or_default();
    let found = state
        .accounts
        .list_records(prefix, scope.transpose()?, after, limit + 1)
        .await;
    let mut found = found.map_err(|error| database_away(&error))?;
    let has_more = found.len() as i64 > limit;
    found.truncate(limit as usize);
    let last = found.last().map(|last| last.user.clone());
    Ok(Json(AccountList {
        next: last.filter(|_| has_more),
        accounts: found.into_iter().map(AccountView::from).collect(),
    }))
}

/// What is expected of a scope.
const EXPECTED_SCOPE: &str = "expected `admin`, `moderator`, or an empty text for a user";

/// The scope to give.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct AccountScopeRequest {
    /// `admin`, `moderator`, or empty for a user.
    scope: String,
}

/// An account and its scope.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountScope)]
pub(super) struct AccountScopeResponse {
    /// The user.
    user: String,
    /// The scope of the tokens that it gets.
    scope: &'static str,
}

/// Sets what an account may do: `admin` makes its user an administrator.
///
/// The next sign-in gives a token with the new scope. If it has fewer rights than before, all
/// earlier tokens of the user are revoked within a second. The last account with the scope `admin`
/// keeps it.
#[utoipa::path(
    put, path = "/v1/admin/accounts/{user}/scope", operation_id = "set_account_scope",
    tag = "admin",
    params(("user" = String, Path, description = "The user.", example = "ann")),
    request_body(content = inline(AccountScopeRequest), example = json!({"scope": "moderator"})),
    responses(
        (status = 200, description = "The scope.", body = AccountScopeResponse),
        (status = 404, description = "There are no local accounts, or the user has none \
                                      (`not_found`).",
         body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "No administrator would remain (`last_administrator`).",
         body = Problem, content_type = "application/problem+json"),
        IssuerProblems,
    ),
)]
pub(super) async fn set_scope(
    State(state): State<AccountsState>,
    Admin(caller): Admin,
    Path(user): Path<String>,
    Json(request): Json<AccountScopeRequest>,
) -> Result<Json<AccountScopeResponse>, Problem> {
    let scope = AccountScope::parse(&request.scope)
        .ok_or_else(|| Problem::invalid("scope", EXPECTED_SCOPE))?;
    state.check_accounts()?;
    let user = parse_user(&user).map_err(|_| Problem::not_found())?;
    let changed = state.store.set_scope(&user, scope).await;
    match changed.map_err(|error| database_away(&error))? {
        ScopeChange::NoAccount => return Err(Problem::not_found()),
        ScopeChange::LastAdministrator => return Err(last_administrator()),
        ScopeChange::Unchanged => {}
        ScopeChange::Changed(revoked) => {
            let (act, call) = (
                AccessAct::ScopeChanged,
                "PUT /v1/admin/accounts/{user}/scope",
            );
            let recorder = &state.recorder;
            let target = Some(user.as_str());
            recorder.record_act(&caller, act, target, call).await;
            if let Some(revoked) = revoked {
                state.revoke_now(&revoked).await;
            }
        }
    }
    Ok(Json(AccountScopeResponse {
        user: user.as_str().to_owned(),
        scope: scope.as_str(),
    }))
}
