//! `GET /v1/place` and `PATCH /v1/admin/place`: what the place is called, and how one gets into it.

use accounts::{AccountStore, PlaceName, PlaceStore};
use audit::AccessAct;
use axum::extract::State;
use http_edge::{Admin, Json, Problem};
use serde::{Deserialize, Serialize};
use settings::AccountsMode;
use sqlx::PgPool;
use utoipa::ToSchema;

use super::problems::{AccountProblems, IssuerProblems, database_away};
use super::state::AccountsState;
use super::token_issuer::TokenIssuer;

/// What the queries need. Cheap to clone.
#[derive(Clone)]
pub struct PlaceState {
    pub(super) mode: AccountsMode,
    pub(super) issuer: TokenIssuer,
    pub(super) accounts: AccountStore,
    place: PlaceStore,
}

impl PlaceState {
    /// The place and the accounts in this database.
    pub fn new(mode: AccountsMode, issuer: TokenIssuer, pool: &PgPool) -> Self {
        Self {
            mode,
            issuer,
            accounts: AccountStore::new(pool.clone()),
            place: PlaceStore::new(pool.clone()),
        }
    }
}

/// The place.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Place)]
pub(super) struct PlaceResponse {
    /// What the place is called; null until its owner has named it.
    #[schema(required = true)]
    name: Option<String>,
    /// Who can open an account: `open` (anybody), `invited` (with an invite) or `off`.
    accounts: &'static str,
    /// `needed` until the place has an owner, then `done`; `off` where this system has no accounts
    /// or does not issue their tokens.
    setup: &'static str,
    /// The version of Tidings.
    version: &'static str,
}

/// Returns what the place is called, and how one gets into it.
#[utoipa::path(
    get, path = "/v1/place", operation_id = "get_place", tag = "users",
    security(()),
    responses(
        (status = 200, description = "The place.", body = PlaceResponse),
        AccountProblems,
    ),
)]
pub(super) async fn get_place(
    State(state): State<PlaceState>,
) -> Result<Json<PlaceResponse>, Problem> {
    let place = state
        .place
        .find()
        .await
        .map_err(|error| database_away(&error))?;
    let has_accounts = state.mode != AccountsMode::Off && state.issuer.check().is_ok();
    let setup = match (has_accounts, place.is_set_up) {
        (false, _) => "off",
        (true, true) => "done",
        (true, false) => "needed",
    };
    Ok(Json(PlaceResponse {
        name: place.name,
        accounts: match state.mode {
            AccountsMode::Open => "open",
            AccountsMode::Invited => "invited",
            AccountsMode::Off => "off",
        },
        setup,
        version: env!("CARGO_PKG_VERSION"),
    }))
}

/// The name to give.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PlacePatch)]
pub(super) struct RenameRequest {
    /// 1 to 64 characters, without control characters.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
}

/// What the place is called now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RenamedPlace)]
pub(super) struct RenameResponse {
    /// The name.
    name: String,
}

/// Renames the place. The pages show the new name within a second.
#[utoipa::path(
    patch, path = "/v1/admin/place", operation_id = "rename_place", tag = "admin",
    request_body(content = inline(RenameRequest), example = json!({"name": "The Tea House"})),
    responses(
        (status = 200, description = "The name.", body = RenameResponse),
        IssuerProblems,
    ),
)]
pub(super) async fn rename_place(
    State(state): State<AccountsState>,
    Admin(caller): Admin,
    Json(request): Json<RenameRequest>,
) -> Result<Json<RenameResponse>, Problem> {
    let name = parse_place_name(&request.name)?;
    let renamed = state.place.rename(&name).await;
    renamed.map_err(|error| database_away(&error))?;
    let (act, call) = (AccessAct::PlaceRenamed, "PATCH /v1/admin/place");
    state.recorder.record_act(&caller, act, None, call).await;
    Ok(Json(RenameResponse {
        name: name.as_str().to_owned(),
    }))
}

/// The name in a request.
pub(super) fn parse_place_name(text: &str) -> Result<PlaceName, Problem> {
    PlaceName::parse(text).map_err(|error| Problem::invalid("name", error.to_string()))
}
