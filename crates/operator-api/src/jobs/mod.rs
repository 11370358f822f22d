//! Jobs: rebuilding and verifying, started over HTTP, one at a time. They do what `tidings
//! rebuild`, `tidings verify` and `tidings log verify` do, with the same locks.
//!
//! - `job`: what a job is. `store`: the jobs of all processes. `progress`: how far one has come.
//! - `work`: what it does. `run`: runs it, and ends it when somebody or the process stops it.
//! - `routes`: the calls.

mod job;
mod progress;
pub(crate) mod routes;
mod run;
mod store;
mod work;

pub(crate) use work::JobSources;
