//! The query side over HTTP: every endpoint that clients read. It reads the tables in `read.*`,
//! which the projector writes, and never changes anything.
//!
//! In the order in which a request passes through the crate:
//!
//! - [`QueryState::start`]: starts the tasks, and builds what each endpoint needs.
//! - [`router`]: the documented routes; `routes` has one file per endpoint.
//! - `params`, `cursor`: request parameters and page cursors, each parsed once. `page`: the byte
//!   budget of a page. `answer_budget`: the memory for all answers.
//! - [`consistency`]: the position and the user for which a query is answered: read your own
//!   writes, and queries as of an earlier position.
//! - `sql`: what the statements share: the one rule about who can see what, and the shapes of
//!   messages and entries.
//! - `sync`: the sync feed, which merges fan-out on write with fan-out on read. [`live`]: the same
//!   feed, pushed over a WebSocket or as server-sent events.
//! - `idle_feeds`: answers a sync that finds nothing new from memory. `plain_reads`: plain cases of
//!   the hot queries have small statements.
//! - [`search`]: full-text search within what the caller can see.
//! - `people`: who can see whose profile, and what of it. [`can_see_profile`]: the same, for
//!   commands.
//! - `log_tail`: the log itself, for administrators. [`explanation`]: why a user sees a message or
//!   not. [`user_export`]: all data of one user. [`is_user_id_used`]: whether the log knows an id.
//! - `error`: how a query fails. `switches`: refuses queries of features that are switched off.
//!
//! Every response comes from one statement and therefore from one snapshot. `Tidings-Position` is
//! the position of the read model in that snapshot. Search is the exception: the index finds the
//! hits, and a later statement reads their texts under the same visibility rule.

#![deny(missing_docs)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that cannot continue fails")
)]
#![allow(unused_qualifications, reason = "utoipa expands to qualified names")]

mod answer_budget;
pub mod consistency;
mod cursor;
mod docs;
mod error;
pub mod explanation;
mod idle_feeds;
pub mod live;
mod log_tail;
mod page;
mod params;
mod people;
mod plain_reads;
mod profile_sight;
mod routes;
pub mod search;
mod sql;
mod start;
mod switches;
mod sync;
pub mod user_export;
mod user_ids;

pub use answer_budget::{DEFAULT_ANSWER_BYTES, MIN_ANSWER_BYTES};
pub use docs::live_document::build_live_document;
pub use error::{EndpointError, QueryError};
pub use idle_feeds::IdleFeedMode;
pub use people::Directory;
pub use profile_sight::can_see_profile;
pub use routes::{document, router};
pub use start::{MIN_POSITION_TIMEOUT, QuerySetup, QueryState, STATEMENT_TIMEOUT, session_options};
pub use user_ids::is_user_id_used;
