//! Routes for administrators that need more than one service may know: the log, the read models,
//! the broker, the index and the webhooks.
//!
//! - `conversations`: the conversations of the system, with a delivery audit.
//! - `status`: the state of the system. `webhooks`: what `tidings webhooks` does;
//!   `webhook_bodies`: its requests and responses.
//! - `storage`: what files occupy. `pushes`: how pushes fare.
//! - `jobs`: rebuilds and verifications that run in the background. `seals`: the seals of the log.
//! - `trace`: what has become of one message. `unread`: unread counts over time.
//! - `required_position`: queries wait for the read model. `keyed_command`: commands about webhooks
//!   are executed once per `Idempotency-Key`. `state`: what these routes share.

#![deny(missing_docs)]

mod conversations;
mod jobs;
mod keyed_command;
mod pushes;
mod required_position;
mod seals;
mod state;
mod status;
mod storage;
mod trace;
mod unread;
mod webhook_bodies;
mod webhooks;

pub use state::{OperatorProblems, OperatorSetup, OperatorState};

use http_edge::schema::{self, union};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The router with the queries.
pub fn router(state: OperatorState) -> OpenApiRouter {
    let mut router = OpenApiRouter::with_openapi(schema::base_document())
        .routes(routes!(trace::trace_message))
        .routes(routes!(unread::list_unread_history))
        .routes(routes!(status::get_status))
        .routes(routes!(conversations::list_all_conversations))
        .routes(routes!(conversations::audit_conversation))
        .routes(routes!(storage::get_storage))
        .routes(routes!(storage::list_conversation_storage))
        .routes(routes!(storage::list_user_storage))
        .routes(routes!(storage::list_orphaned_files))
        .routes(routes!(pushes::get_push_report))
        .routes(routes!(webhooks::list_webhooks))
        .routes(routes!(webhooks::list_parked))
        .routes(routes!(jobs::routes::list_jobs))
        .routes(routes!(jobs::routes::get_job))
        .routes(routes!(seals::list_seals))
        .with_state(state);
    union::merge_all_of(union::schemas_of(router.get_openapi_mut()));
    router
}

/// The router with the commands.
pub fn command_router(state: OperatorState) -> OpenApiRouter {
    OpenApiRouter::with_openapi(schema::base_document())
        .routes(routes!(webhooks::add_webhook))
        .routes(routes!(webhooks::change_webhook, webhooks::remove_webhook))
        .routes(routes!(webhooks::replay_webhook))
        .routes(routes!(jobs::routes::start_job))
        .routes(routes!(jobs::routes::stop_job))
        .with_state(state)
}
