//! Commands about service desks and their sessions.
//!
//! - `settings`: what administrators set for a desk. `open`: a customer opens a session.
//! - `handling`: what agents do with a session: accept, transfer, close. `remarks`: notes, tags and
//!   ratings.
//! - `session_handler`: the handler of all commands to a session that exists. `find`: where that
//!   is. `arrival`: continues a session at another desk.
//! - `system`: what the system does with sessions without a request.

pub(crate) mod handling;
pub(crate) mod open;
pub(crate) mod remarks;
pub(crate) mod settings;
pub(crate) mod system;

mod arrival;
mod find;
mod session_handler;

pub(crate) use arrival::continue_session;
pub(super) use find::find_desk_of;
