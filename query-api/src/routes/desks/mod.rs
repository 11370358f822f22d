//! Service desks and their sessions, for agents and administrators, and for customers about their
//! own sessions. To everybody else they do not exist.
//!
//! - `sight`: who sees what of a desk. `desk`: its settings. `sessions`, `session`: its sessions.
//!   `view`: the JSON of a session, and the statement for it. `metrics`: figures of a period.

pub(crate) mod desk;
pub(crate) mod metrics;
pub(crate) mod session;
pub(crate) mod sessions;

mod sight;
mod view;
