//! The search language, and what analysis promises for every text.

mod damage;
mod finding;
mod language;
mod promises;
