//! Bodies, queries and paths: parsed, or refused with a problem.
//!
//! 400 for what cannot be read (syntax, UTF-8, U+0000, lone surrogates, duplicate fields), 422 for
//! what was read and is not what was expected (a field that is missing or of another type).

mod body;
mod json;
pub mod parse;
mod path;
mod query;
mod text;

pub use body::Ndjson;
pub use json::{Json, from_json};
pub use path::Path;
pub use query::Query;

/// Characters of an error's message. It may quote what the client sent.
const MAX_MESSAGE: usize = 200;

/// Cuts a message that quotes too much.
fn shorten(message: &str) -> String {
    match message.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}...", &message[..end]),
        None => message.to_owned(),
    }
}
