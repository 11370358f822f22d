//! Reads the sources of this workspace, so that the tests beside it can hold the house rules.
//!
//! In the order in which a rule uses it:
//!
//! - [`workspace`]: the packages, their dependencies, and every tracked source file.
//! - [`source`]: one parsed Rust file without its unit tests: types, functions, paths.
//! - [`tokens`]: what the tokens of a file say, also inside macros: calls, strings, paths.
//! - [`programs`]: the parsed files of the product, package by package.
//! - [`module_graph`]: which file of a crate uses an item of which other file, and the cycles.
//! - [`sql`]: the tables that the migrations create, and who names or writes them.
//! - [`settings`]: the options of the command line that have an environment variable.
//! - [`yaml`], [`helm`]: the files of `deploy/`.
//! - [`glossary`]: the terms of GLOSSARY.md.
//! - [`inventory`]: the generator of `docs/inventory.md`.

#![deny(missing_docs)]

pub mod glossary;
pub mod helm;
pub mod inventory;
pub mod module_graph;
pub mod programs;
pub mod settings;
pub mod source;
pub mod sql;
pub mod tokens;
pub mod workspace;
pub mod yaml;
