//! Files: the commands that reserve, upload and delete them, and the collection of those that
//! nothing uses. The queries are in `query-api`.
//!
//! - `state`: what all of this shares.
//! - `reserve`: announces a file; `quota`: whether the user has room for it, with
//!   `user_turns`. `upload`: receives its bytes; `content_range`: which of them a
//!   request has. `delete`: deletes a file.
//! - `uses`: whether anything uses a file, as the read model knows.
//! - `collector`: deletes files that nothing uses, in two phases. `collection`: the background
//!   task around it.
//! - `preview_follower`: makes previews of images that are stored.
//! - [`verify`]: compares the store with the log.
//! - `problems`: the problems of these routes. `problem_responses`: the same for the OpenAPI
//!   document.

#![deny(missing_docs)]

mod collection;
mod collector;
mod content_range;
mod delete;
mod preview_follower;
mod problem_responses;
mod problems;
mod quota;
mod reserve;
mod state;
mod upload;
mod user_turns;
mod uses;
pub mod verify;

pub use collection::run as run_collection;
pub use collector::{CollectionOutcome, Collector, note_erased};
pub use preview_follower::{PreviewFollower, PreviewStep, run as run_previews};
pub use state::{FileLimits, FilesSetup, FilesState};

use http_edge::schema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The route of uploads, whose requests take as long as their bytes arrive.
pub const UPLOAD_ROUTE: &str = "/v1/files/{id}/content";

/// The router with the commands.
pub fn router(state: FilesState) -> OpenApiRouter {
    OpenApiRouter::with_openapi(schema::base_document())
        .routes(routes!(reserve::reserve_file))
        .routes(routes!(upload::upload_content))
        .routes(routes!(delete::delete_file))
        .with_state(state)
}
