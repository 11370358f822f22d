//! The search language, and what analysis promises for every text.

mod language;
mod promises;
