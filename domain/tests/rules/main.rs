//! Every rule in given/when/then form: given these events, when this command is executed, then
//! these events follow or the command is refused.

// With `Option<Option<_>>` a command distinguishes "keep it" from "remove it".
#![allow(clippy::unwrap_used, clippy::option_option)]

mod admission;
mod builders;
mod given_when_then;

mod cases;
mod clearing;
mod contacts;
mod create;
mod deployment;
mod desks;
mod devices;
mod erasure;
mod files;
mod framework;
mod held;
mod import;
mod invitations;
mod mailbox;
mod members;
mod membership_snapshot;
mod message_hook;
mod message_moderation;
mod messages;
mod pins;
mod policy;
mod profile;
mod reactions;
mod reminders;
mod restore;
mod scheduled;
mod send;
mod session_remarks;
mod sessions;
mod threads;
mod visibility;
