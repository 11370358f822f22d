//! Reads the sources of this workspace, so that the tests beside it can hold the house rules.
//!
//! In the order in which a rule uses it:
//!
//! - [`workspace`]: the packages, their dependencies, and every tracked source file.
//! - [`source`]: one parsed Rust file without its unit tests: types, functions, paths.
//! - [`module_graph`]: which file of a crate uses an item of which other file, and the cycles.

#![deny(missing_docs)]

pub mod module_graph;
pub mod source;
pub mod workspace;
