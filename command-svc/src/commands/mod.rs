//! The commands, one file each.
//!
//! Every file holds the request as it is sent, its parsing into an order, the order, and the
//! documented route.

pub(crate) mod ack;
pub(crate) mod add_members;
pub(crate) mod batch;
pub(crate) mod block;
pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod edit;
pub(crate) mod erase;
pub(crate) mod import;
pub(crate) mod preferences;
pub(crate) mod react;
pub(crate) mod read;
pub(crate) mod recall;
pub(crate) mod remove_member;
pub(crate) mod send;

mod membership;
mod old_message;
mod refused;

pub use ack::acknowledge_for;
pub use batch::BATCH_LINES;
