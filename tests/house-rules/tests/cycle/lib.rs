//! Two files that use each other, by way of a re-export and of a macro.

mod first;
mod second;
mod third;

pub use second::Second;
