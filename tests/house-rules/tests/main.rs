//! The rules of this repository that no compiler holds.

mod contributing;
mod crates;
mod dependencies;
mod deploy;
mod dialect;
mod documents;
mod inventory;
mod names;
mod sizes;
mod sources;
mod tables;
