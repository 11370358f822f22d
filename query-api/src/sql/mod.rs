//! The parts that the statements of this crate share.
//!
//! - `visibility`: the one rule about who can see what. Every query builds on it.
//! - `message_view`, `entry_view`: the columns and the JSON shape of a message, and of an entry of
//!   the sync feed. `recipient_part`: what only some recipients of an entry get.
//!   `plain_message`: the columns in the statements for plain cases.
//!   `message_reactions`: the reactions of a message in their two forms. `thread_replies`: the
//!   replies in its thread.
//! - `inbox_statements`, `history_statements`: the pages of the inbox and of the history of a
//!   conversation. `plain_unread`: unread counts in statements for plain cases.
//! - `checkpoint`: the position of the read model.
//! - `as_of_sql`: rewrites a statement so that it answers as of an earlier position.

pub mod as_of_sql;
pub mod checkpoint;
pub mod entry_view;
pub mod history_statements;
pub mod inbox_statements;
pub mod message_file;
pub mod message_reactions;
pub mod message_view;
pub mod plain_message;
pub mod plain_unread;
pub mod recipient_part;
pub mod thread_replies;
pub mod visibility;
