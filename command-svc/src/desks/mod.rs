//! What the system does with service sessions without a request: it routes those that wait, closes
//! those that are idle, and continues those that were transferred.
//!
//! - `routing`: which agent gets which session: pure.
//! - `worker`: does all of it. A lock lets one process do it at a time, so that they do not repeat
//!   each other's work; correctness does not depend on it, because conversations decide.

mod routing;
mod worker;

pub use worker::{DeskWorker, OnlineCheck, run};
