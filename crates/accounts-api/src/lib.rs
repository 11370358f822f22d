//! Local accounts, and tokens that this system issues: the routes where a password, an invite or an
//! administrator stands behind a token. The passwords are in the crate `accounts`, which knows
//! neither the keys of tokens nor the log and the read model, as this one does.
//!
//! - `register`, `sign_in`, `change_password`: the routes for everybody.
//! - `invites`, `tokens`, `scopes`: the routes for administrators.
//! - `setup`: the first account, which owns the place. `place`: what the place is called.
//! - `check`: compares a password within the limits. `people`: what an account changes in the log.
//! - `state`: what these routes share. `problems`: their problems.
//! - `token_issuer`: signs tokens.
//! - [`upkeep`]: the background task that finishes what an ended process has left.

#![deny(missing_docs)]

mod change_password;
mod check;
mod invites;
mod people;
mod place;
mod problems;
mod register;
mod scopes;
mod setup;
mod sign_in;
mod state;
mod token_issuer;
mod tokens;
pub mod upkeep;

pub use place::PlaceState;
pub use setup::issue_setup_code;
pub use state::{AccountsSetup, AccountsState};
pub use token_issuer::{IssuedToken, TokenIssuer};

use http_edge::schema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The router with the queries.
pub fn query_router(state: PlaceState) -> OpenApiRouter {
    OpenApiRouter::with_openapi(schema::base_document())
        .routes(routes!(place::get_place))
        .routes(routes!(scopes::list_accounts))
        .with_state(state)
}

/// The router with the commands.
pub fn router(state: AccountsState) -> OpenApiRouter {
    OpenApiRouter::with_openapi(schema::base_document())
        .routes(routes!(register::register))
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(change_password::change_password))
        .routes(routes!(invites::create_invite))
        .routes(routes!(tokens::issue_token))
        .routes(routes!(setup::set_up_place))
        .routes(routes!(place::rename_place))
        .routes(routes!(scopes::set_scope))
        .with_state(state)
}
