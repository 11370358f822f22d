//! All routes of this crate, with their OpenAPI documentation. There are no layers here: the binary
//! merges all services and applies the edge middleware once.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::{
    QueryState, blocks, conversation, docs, entries, events, explain, history, inbox, live,
    members, one_message, outbox, receipts, search, unread,
};

/// The router with every query endpoint.
pub fn router(state: QueryState) -> OpenApiRouter {
    OpenApiRouter::with_openapi(docs::with_problem())
        .routes(routes!(inbox::inbox))
        .routes(routes!(unread::unread_counts))
        .routes(routes!(explain::explain))
        .routes(routes!(entries::entries))
        .routes(routes!(conversation::conversation))
        .routes(routes!(members::members))
        .routes(routes!(history::messages))
        .routes(routes!(one_message::message))
        .routes(routes!(one_message::message_history))
        .routes(routes!(receipts::receipts))
        .routes(routes!(outbox::outbox))
        .routes(routes!(blocks::blocks))
        .routes(routes!(live::live))
        .routes(routes!(search::search))
        .routes(routes!(events::events))
        .with_state(state)
}
