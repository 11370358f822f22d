//! The pages, what they say about the place, and the code with which an owner sets it up.

use accounts::SetupCode;
use accounts_api::PlaceState;
use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use settings::{AccountsMode, Services};
use utoipa_axum::router::OpenApiRouter;

use super::ServiceRuntime;
use super::origins::allowed_origins;

impl ServiceRuntime {
    /// Who may open an account.
    pub(super) fn accounts_mode(&self) -> AccountsMode {
        self.config.accounts_mode(self.services == Services::ALL)
    }

    /// The pages, where there are queries for them. Elsewhere, `/` leads to the API documents.
    pub(super) fn pages(&self) -> Router {
        if self.services.queries {
            let origins = allowed_origins(&self.config, self.services);
            web_pages::routes(&origins.frame_ancestors())
        } else {
            Router::new().route("/", get(|| async { Redirect::temporary("/api") }))
        }
    }

    /// The queries about the place and its accounts.
    pub(super) fn place_routes(&self) -> OpenApiRouter {
        let issuer = self.issuer.clone();
        // Accounts are on the primary: a page must not miss what was set a moment ago.
        let pool = &self.pools.projections;
        accounts_api::query_router(PlaceState::new(self.accounts_mode(), issuer, pool))
    }

    /// Issues a code to set the place up, if this is the whole system and it has no owner.
    pub(super) async fn issue_setup_code(&self) -> Option<SetupCode> {
        if self.services != Services::ALL {
            return None;
        }
        let (mode, pool) = (self.accounts_mode(), &self.pools.writes);
        let issued = accounts_api::issue_setup_code(mode, &self.issuer, pool).await;
        issued.unwrap_or_else(|error| {
            tracing::warn!(%error, "no code to set the place up could be issued");
            None
        })
    }
}
