//! The query side over HTTP: every endpoint that clients read. It reads the tables in `read.*`,
//! which the projector writes, and never changes anything.
//!
//! In the order in which a request passes through the crate:
//!
//! - [`router`]: the documented routes. [`QueryState`] is the state that they share.
//! - `params`, [`cursor`]: request parameters and page cursors, each parsed once.
//! - [`min_position`] and [`watermark`]: read your own writes. [`as_of`] and `as_of_sql`: the same
//!   queries as of an earlier position of the log.
//! - `visibility`: the one rule about who can see what, in SQL. Every query builds on it.
//! - [`inbox`], [`unread`], [`explain`]: the list of conversations and their unread counts.
//! - [`sync`], [`entry`], [`entries`]: the sync feed, which merges fan-out on write with fan-out on
//!   read.
//! - [`live`]: the same feed, pushed over a WebSocket or as server-sent events.
//! - [`conversation`], [`members`], [`messages`], [`message`], [`receipts`], [`sent_messages`],
//!   [`blocks`]: one file per query. [`message_view`] is the JSON shape of a message.
//! - [`search`]: full-text search within what the caller can see.
//! - [`events`], `log_tail`: the log itself, for administrators. [`user_export`]: all data of one
//!   user.
//! - [`error`]: how a query fails.
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

pub mod as_of;
mod as_of_sql;
pub mod blocks;
pub mod conversation;
pub mod cursor;
mod docs;
pub mod entries;
pub mod entry;
pub mod error;
pub mod events;
pub mod explain;
pub mod inbox;
pub mod live;
mod log_tail;
pub mod members;
pub mod message;
pub mod message_view;
pub mod messages;
pub mod min_position;
mod params;
pub mod receipts;
mod router;
pub mod search;
pub mod sent_messages;
mod state;
pub mod sync;
pub mod unread;
pub mod user_export;
mod visibility;
pub mod watermark;

pub use router::router;
pub use state::{MIN_POSITION_TIMEOUT, QuerySetup, QueryState, STATEMENT_TIMEOUT, session_options};
pub use watermark::Watermark;
