//! Queries over HTTP: what clients read. Reads `read.*`, which the projector writes, and never
//! changes anything.
//!
//! In the order that a request meets it:
//!
//! - [`router`]: the routes, documented. [`QueryState`] is what they share.
//! - [`min_position`] and [`watermark`]: read your writes. [`moment`] and `past`: the same queries of what
//!   was.
//! - `params`, [`cursor`]: parameters, each parsed once.
//! - `visibility`: the one rule of who sees what, in SQL. Every query is built on it.
//! - [`inbox`], [`unread`], [`explain`]: the list of conversations and what is unread in them.
//! - [`sync`], [`entry`], [`entries`]: the sync feed, merged from both kinds of fan-out.
//! - [`live`]: the same feed, pushed.
//! - [`conversation`], [`members`], [`history`], [`one_message`], [`receipts`], [`outbox`],
//!   [`blocks`]: one file a query. [`message`] is the shape that they share.
//! - [`search`]: full-text search within what the caller may see.
//! - [`events`], `tail`: the log itself, for administrators. [`person`]: everything about a user.
//! - [`failed`]: how a query ends without an answer.
//!
//! Every answer comes from one statement, hence from one snapshot, and `Tidings-Position` is the
//! position of the read model in that snapshot. A search is the exception: the index finds, and what is
//! shown of the hits is read, under the same rule, a moment later.

#![deny(missing_docs)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that cannot go on fails")
)]
#![allow(unused_qualifications, reason = "utoipa expands to qualified names")]

pub mod blocks;
pub mod conversation;
pub mod cursor;
mod docs;
pub mod entries;
pub mod entry;
pub mod events;
pub mod explain;
pub mod failed;
pub mod history;
pub mod inbox;
pub mod live;
pub mod members;
pub mod message;
pub mod min_position;
pub mod moment;
pub mod one_message;
pub mod outbox;
mod params;
mod past;
pub mod person;
pub mod receipts;
mod router;
pub mod search;
mod state;
pub mod sync;
mod tail;
pub mod unread;
mod visibility;
pub mod watermark;

pub use router::router;
pub use state::{MIN_POSITION_PATIENCE, QuerySetup, QueryState, STATEMENT_TIMEOUT, session};
pub use watermark::Watermark;
