//! The routes, the collection and the comparison together, with a projector and a clock that the
//! tests control.

#![allow(clippy::unwrap_used)]

mod histories;
mod model;
mod previews;
mod quota;
mod system;
