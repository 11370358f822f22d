//! The search language, and what analysis promises for every text.

mod finding;
mod language;
mod promises;
