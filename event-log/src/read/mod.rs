//! Reads the log by position, stream, type, time and user.
//!
//! - [`reader`]: the queries. [`stream_names`]: the names of streams. [`user_filter`]: which events
//!   involve a user. [`sent_range`]: when their messages were sent.
//! - [`log_end`]: where the log ends, as a transaction of the caller sees it.
//! - `message_events`: what happened to one message. [`message_bodies`]: bodies by position.
//!   [`stored_messages`]: the messages of a conversation. `known_since`: the first event of a user.
//! - [`link_secret`]: the secret of the codes of links, which is beside the log.
//! - [`flagged_events`]: what moderation follows.
//! - [`read_ahead`]: prefetches pages while the caller processes the previous one.
//! - [`type_follower`]: the events of some rare types, from the beginning of the log on.

pub(crate) mod epochs;
pub mod flagged_events;
mod known_since;
pub mod link_secret;
pub mod log_end;
pub mod message_bodies;
mod message_events;
pub mod read_ahead;
pub mod reader;
pub mod sent_range;
pub mod stored_messages;
pub(crate) mod stream_names;
pub mod type_follower;
pub mod user_filter;
