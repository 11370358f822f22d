//! Full-text search: analysis of message text, the query language and the index. The projector
//! writes an index and the query service reads it; this crate depends on neither.
//!
//! In the order in which text passes through it:
//!
//! - [`body`]: extracts the searchable text from a message body.
//! - [`normalize()`], `letters`, `signs`, `han`: map equivalent characters to one form.
//! - [`token`]: splits text into tokens with positions: words, codes as a whole and by part, pairs
//!   and single characters in scripts without spaces, and emoji.
//! - [`phrase`]: the consecutive terms that a text must contain to match one piece of a query.
//! - `command_line`: tells the options of a command in a query from excluded words.
//! - [`query`]: parses the search language: words, phrases, `-`, `OR`, `*` and operators. Any
//!   text that contains a word parses. `query_note`: what it says of an operator that is none.
//! - [`index`]: stores messages and finds those that match a query and that the caller may see.
//! - [`people`]: the keys by which people are found: their ids and names, folded as texts are.
//! - [`highlight`]: finds the parts of a text that match a query.

#![deny(missing_docs)]

pub mod body;
mod command_line;
mod han;
pub mod highlight;
pub mod index;
mod letters;
mod normalize;
pub mod people;
pub mod phrase;
pub mod query;
mod query_note;
mod signs;
pub mod token;

pub use highlight::find_highlights;
pub use normalize::{CharClass, NormalizedChar, normalize};
pub use phrase::{Term, TermSequence};
pub use query::{Atom, Clause, Literal, ParsedQuery, QueryParseError};
pub use query_note::QueryNote;
pub use token::{Token, tokenize};
