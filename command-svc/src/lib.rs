//! Commands over HTTP: every route of the contract that changes something.
//!
//! In the order in which a request meets it:
//!
//! - [`router`]: the routes, documented. [`CommandState`] is what they share.
//! - `asker`, `parts`, `ndjson`: who asks, under which key, and the parts of a path or of a body
//!   of lines, each parsed once.
//! - `commands`: one file a command. A request is parsed into an *order*: which aggregate, what to
//!   look up elsewhere, what to ask of the aggregate, what to answer.
//! - `order`: what every order can do. `flights`: the same key twice at the same time.
//! - `execute`: the one path of every order: look up, lock, decide, queue, wait; decide again if
//!   something moved; give the first answer again if the key is known.
//! - [`retention`]: what is too old is erased.
//! - `answer`, `no`: how it ends, as HTTP. `meters`: how it is counted.

#![deny(missing_docs)]

mod answer;
mod asker;
mod clock;
mod commands;
mod docs;
mod execute;
mod flights;
mod keyed;
mod meters;
mod ndjson;
mod no;
mod order;
mod parts;
pub mod retention;
mod router;
mod state;

pub use clock::Clock;
pub use commands::{BATCH_LINES, acknowledge_for};
pub use router::router;
pub use state::CommandState;
