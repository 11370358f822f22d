//! The business rules of messaging. This crate is pure: no clock, no database, no network.
//!
//! The modules, in the order in which data passes through them:
//!
//! - [`ids`], [`held_id`], [`time`], [`body`], [`texts`], [`custom_fields`], [`link_code`]: value
//!   types. The edge parses each value once; all later code relies on it being valid.
//! - [`limits`]: the limits that bound every command.
//! - [`conversation`], [`mailbox`] and [`profile`]: the aggregates. A command carries the current
//!   time and the lookups it needs; `decide` returns events or a [`refusal::Refusal`]; `apply`
//!   folds an event into the state. Both are pure functions.
//! - [`deployment`]: what administrators and moderators set for the whole system. [`case`]: what
//!   moderators decide about something that was reported or found.
//! - [`desk`]: what administrators set for a service desk. [`session_id`]: the sessions of its
//!   customers, which are parts of their conversations.
//! - [`file`](mod@file): a file, from its reservation to its deletion.
//! - [`membership`]: what a conversation tells the rules of a mailbox about a member.
//! - [`message`]: the state of one message, folded from its events.
//! - [`event`]: event names, versions, encoding and decoding, including old versions.
//! - [`digest`] and [`hex`]: fingerprints, and bytes as hexadecimal text.
//! - [`history`]: the identity of log positions: epochs, their tags, and cursors.
//! - [`envelope`]: an event with its log position, as one CloudEvents object.
//! - [`subject`]: the NATS subject on which an event is published.

#![deny(missing_docs)]

pub mod body;
pub mod case;
pub mod conversation;
pub mod custom_fields;
pub mod deployment;
pub mod desk;
pub mod digest;
pub mod envelope;
pub mod event;
pub mod file;
pub mod held_id;
pub mod hex;
pub mod history;
pub mod ids;
pub mod limits;
pub mod link_code;
pub mod mailbox;
pub mod membership;
pub mod message;
pub mod profile;
pub mod refusal;
pub mod session_id;
pub mod subject;
pub mod texts;
pub mod time;
