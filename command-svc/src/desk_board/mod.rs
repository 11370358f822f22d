//! The service desks and their unfinished sessions, which every process with commands knows.
//!
//! - `board`: a fold of the log. `shared_board`: follows the log for it.

mod board;
mod shared_board;

pub(crate) use board::{Board, SessionArrival};
pub(crate) use shared_board::SharedBoard;
