//! Every route of this crate, with its documentation. No layers: the binary merges all services and
//! hardens them once.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::{
    QueryState, blocks, conversation, docs, entries, events, explain, history, inbox, live,
    members, one_message, outbox, receipts, search, unread,
};

/// The queries.
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
