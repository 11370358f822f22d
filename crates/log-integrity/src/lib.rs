//! The integrity of the log: evidence that nobody changed stored events, and the one permitted
//! change.
//!
//! - [`seal`]: seals events with salted digests and signatures, and verifies them.
//! - [`erasure`]: removes content from events that are already stored, and their salts from the
//!   seals.
//! - [`load`]: loads exported events into an empty log, exactly as they were.
//! - `sealing_lock`: excludes the two from each other. `polling_worker`: the loop of both.

#![deny(missing_docs)]

pub mod erasure;
pub mod load;
mod polling_worker;
pub mod seal;
mod sealing_lock;
