//! Every rule, as a story: given what happened, when somebody asks for something, then this
//! happens or is refused.

// `Option<Option<_>>` is how a command tells "leave it" from "remove it".
#![allow(clippy::unwrap_used, clippy::option_option)]

mod language;
mod words;

mod create;
mod erasure;
mod framework;
mod import;
mod mailbox;
mod members;
mod messages;
mod reactions;
mod send;
mod standing;
mod visibility;
