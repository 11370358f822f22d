//! Service desks and their sessions, for agents and administrators, and for customers about their
//! own sessions. Everybody else sees no more than the names of the desks.
//!
//! - `list`: the desks. `sight`: who sees what of a desk. `desk`: its settings. `sessions`,
//!   `session`: its sessions. `own_sessions`: those of the caller. `view`: the JSON of a session,
//!   and the statement for it. `metrics`: figures of a period.

pub(crate) mod desk;
pub(crate) mod list;
pub(crate) mod metrics;
pub(crate) mod own_sessions;
pub(crate) mod session;
pub(crate) mod sessions;

mod sight;
mod view;
