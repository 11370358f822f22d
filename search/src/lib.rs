//! How text is searched: what a message is cut into, the index of it, and what a query asks of it. The
//! projector writes an index, the query service reads it; this crate knows neither of them.
//!
//! In the order that text meets it:
//!
//! - [`body`]: what of a message is searched.
//! - `fold`, `han`: characters that count as the same become the same.
//! - [`token`]: a text as tokens with positions: words, codes whole and by part, runs of scripts
//!   without spaces as pairs and single characters, emoji.
//! - [`needle`]: the tokens that must stand one after the other for a piece of a query to be found.
//! - [`query`]: the search language: words, phrases, `-`, `OR`, `*` and operators. Anything can be
//!   read as a query.
//! - [`index`]: messages go in, and are found by a query, within what somebody may see.
//! - [`highlight`]: where a text has what was asked for.

#![deny(missing_docs)]

pub mod body;
mod fold;
mod han;
pub mod highlight;
pub mod index;
pub mod needle;
pub mod query;
pub mod token;

pub use highlight::highlights;
pub use needle::{Needle, Term};
pub use query::{Atom, Clause, Literal, Query, Refused};
pub use token::{Token, tokens};
