//! The commands about cases.
//!
//! - `handler`: executes a command to a case. `evidence`: what the system itself adds.

mod evidence;
mod handler;

pub use evidence::add_evidence;
