//! The position and the user for which a query is answered.
//!
//! - `watermark`: the position of the read model, as far as this process knows. `pending_changes`:
//!   what the projector signalled with it, for live delivery.
//! - [`read_history`]: the history that the read model belongs to: turns positions into cursors.
//! - `read_state`: what a query of the read model needs.
//! - `position_params`: the parameters `min_position`, `as_of` and `as_user`.
//! - `min_position`: read your own writes: the query waits for the read model.
//! - `as_of`: the same queries as of an earlier position of the log, or for another user.

pub(crate) mod as_of;
pub(crate) mod min_position;
pub(crate) mod pending_changes;
pub(crate) mod position_params;
pub mod read_history;
pub(crate) mod read_state;
pub mod watermark;
