//! The commands, one module each.
//!
//! Every module contains the request type, its parser, the command handler, and the documented
//! route. `consent`, `membership` and `message_lookup` are lookups that several commands share;
//! `rejected` is the handler of a request whose parser rejected it, `access` that of joining,
//! links, silences and bans. `profile_for`: commands of local accounts. `cases`: reports, and what
//! moderators decide. `checked_send` asks the hook about a send, and `hold` holds it.
//! `message_action`: what does one thing to one message. `waiting_message`: messages that are sent
//! without a request. `used_file`: the file that a message uses. `avatar_file`: that of an avatar.
//! `file_command`: commands to files. `desks`: service desks and their sessions. `push_drops`:
//! drops registrations for pushes. `append_decided`: appends what is decided about a user without
//! their request.

pub(crate) mod ack;
pub(crate) mod add_members;
pub(crate) mod batch;
pub(crate) mod block;
pub(crate) mod cases;
pub(crate) mod change;
pub(crate) mod checked_send;
pub(crate) mod clear;
pub(crate) mod contact;
pub(crate) mod create;
pub(crate) mod deployment;
pub(crate) mod desks;
pub(crate) mod devices;
pub(crate) mod edit;
pub(crate) mod erase;
pub(crate) mod held_response;
pub(crate) mod hold;
pub(crate) mod import;
pub(crate) mod invitation;
pub(crate) mod join;
pub(crate) mod links;
pub(crate) mod pin;
pub(crate) mod preferences;
pub(crate) mod profile;
pub(crate) mod react;
pub(crate) mod read;
pub(crate) mod recall;
pub(crate) mod remove_member;
pub(crate) mod restore;
pub(crate) mod restriction;
pub(crate) mod sanctions;
pub(crate) mod schedule;
pub(crate) mod send;
pub(crate) mod send_route;
pub(crate) mod thread;
pub(crate) mod user_settings;

mod access;
mod append_decided;
mod avatar_file;
mod consent;
mod direct_peer;
pub(crate) mod due_message;
mod erase_user;
mod file_command;
mod membership;
pub(crate) mod message_action;
pub(crate) mod message_draft;
mod message_lookup;
mod profile_for;
mod push_drops;
mod rejected;
mod used_file;
pub(crate) mod waiting_message;

pub use ack::acknowledge_for;
pub use batch::MAX_BATCH_LINES;
pub use cases::add_evidence;
pub use deployment::hook::{SetHookOutcome, set_hook_for};
pub use file_command::{FileReservation, execute_file_command, reserve_file};
pub use profile_for::{revoke_tokens_for, set_display_name_for};
pub use push_drops::{PushDropError, drop_gone_push};
