//! Commands over HTTP: every route of the API that changes something.
//!
//! The modules, in the order in which a request passes through them:
//!
//! - [`router()`]: the routes and their OpenAPI documentation. All routes share a [`CommandState`].
//! - `caller`, `params`, `present`, `ndjson`: parse the authenticated user and the idempotency key,
//!   the ids in paths and bodies, and NDJSON bodies.
//! - `commands`: one module per command. Each parses its request into a *command handler*, which
//!   names the target aggregate, loads what it needs from other aggregates, and decides.
//! - `handler`: the `CommandHandler` trait. `idempotency`: the client's key and the fingerprint of
//!   its request. `single_flight`: coalesces concurrent requests with the same key.
//! - `execute`: runs every command handler: load, lock, decide, append, wait. On a conflict it
//!   decides again (`attempts`: how often); for a known idempotency key it replays the first
//!   response.
//! - `screening`: checks the texts of commands against word lists and rules for links.
//!   `message_check`: the question to an outside service about a message, and its answer.
//!   `pending_check`: asks it. `held`: decides on the messages that it holds.
//! - `response`, `error`: map the result to HTTP. `metrics`: counts and times commands.
//! - `docs`: the problem responses of commands, for the OpenAPI document.
//! - [`retention`]: a background task that erases expired messages, also of the conversations whose
//!   policy says so (`conversation_retention`). `legal_holds`: what must not be erased.
//! - [`scheduled`]: a background task that sends scheduled messages.
//! - `desk_board`: the service desks and their unfinished sessions, from the log. [`desks`]: a
//!   background task that routes service sessions and closes idle ones.
//! - [`moderation_follower`]: a background task that opens cases and silences users because of what
//!   it finds in the log.

#![deny(missing_docs)]

mod attempts;
mod caller;
mod clock;
mod commands;
mod conversation_retention;
mod desk_board;
pub mod desks;
mod docs;
mod error;
mod execute;
mod handler;
mod held;
mod idempotency;
mod legal_holds;
mod message_check;
mod metrics;
pub mod moderation_follower;
mod ndjson;
mod params;
mod pending_check;
mod present;
mod response;
pub mod retention;
mod router;
pub mod scheduled;
mod screening;
mod single_flight;
mod state;

pub use caller::Requester;
pub use clock::Clock;
pub use commands::{
    FileReservation, MAX_BATCH_LINES, PushDropError, SetHookOutcome, acknowledge_for, add_evidence,
    drop_gone_push, execute_file_command, reserve_file, revoke_tokens_for, set_display_name_for,
    set_hook_for,
};
pub use message_check::{MessageCheck, MessageCheckError};
pub use router::{document, router};
pub use state::{
    CommandState, ErasedFiles, ErasedFilesFuture, ErasedFilesNotice, ProfileSight,
    ProfileSightFuture,
};
