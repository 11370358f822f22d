//! The rules of messaging, and nothing else: no clock, no database, no network.
//!
//! In the order that data meets it:
//!
//! - [`ids`], [`time`], [`body`]: the words. Each is parsed once, at the edge, and trusted after.
//! - [`limits`]: every number that bounds a command.
//! - [`conversation`] and [`mailbox`]: the two aggregates. A command comes in with the time and
//!   the look-ups that it needs; `decide` answers with events or with a [`refusal::Refusal`];
//!   `apply` folds an event into the state. Both are pure.
//! - [`message`]: what one message has become, folded from the events that speak of it.
//! - [`event`]: how events are named, versioned, written and read back, old versions included.
//! - [`hex`]: bytes as text.
//! - [`envelope`]: an event with its place in the log, as the rest of the world sees it
//!   (one CloudEvents object), and [`subject`]: where it is published.

#![deny(missing_docs)]

pub mod body;
pub mod conversation;
pub mod digest;
pub mod envelope;
pub mod event;
pub mod hex;
pub mod ids;
pub mod limits;
pub mod mailbox;
pub mod message;
pub mod refusal;
pub mod subject;
pub mod time;
