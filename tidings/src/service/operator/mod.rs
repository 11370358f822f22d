//! Routes for administrators that need more than one service may know: the log, the read models,
//! the broker, the index and the webhooks. Only the composition root sees all of them.
//!
//! - `trace`: what has become of one message. `unread`: unread counts over time.
//! - `state`: what these routes share.

mod state;
mod trace;
mod unread;

pub use state::OperatorState;

use http_edge::schema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The router with these routes.
pub fn router(state: OperatorState) -> OpenApiRouter {
    OpenApiRouter::with_openapi(schema::base_document())
        .routes(routes!(trace::trace_message))
        .routes(routes!(unread::list_unread_history))
        .with_state(state)
}
