//! For which position, and for whom, a query is answered.
//!
//! - [`min_position`]: read your own writes: the query waits for the read model.
//! - [`as_of`]: the same queries as of an earlier position of the log, or for another user.
//! - [`watermark`]: the position of the read model, as far as this process knows.

pub mod as_of;
pub mod min_position;
pub mod watermark;
