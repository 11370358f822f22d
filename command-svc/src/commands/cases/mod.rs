//! The commands about cases: reporting something, and what moderators decide.
//!
//! - `report`: the routes of reports. `evidence`: what the system itself adds.
//! - `resolve`, `reopen`: the routes of decisions. `decider`: who may decide. `act`: what a
//!   decision does in the conversation or to the user, and how that is undone; `moderate`: what it
//!   does to a message.
//! - `handler`: executes a command to a case.
//!
//! A decision is two commands: the act, and the event of the case that names it. If the process
//! dies in between, the case is as before, and the same call again finishes it: the act changes
//! nothing then.

mod act;
mod decider;
mod evidence;
mod handler;
mod moderate;
pub(crate) mod reopen;
pub(crate) mod report;
pub(crate) mod resolve;

pub use evidence::add_evidence;
