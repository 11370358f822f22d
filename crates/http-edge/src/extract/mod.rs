//! Extractors for bodies, queries and paths, which reject invalid input with a problem.
//!
//! 400 for input that cannot be parsed (syntax, UTF-8, U+0000, lone surrogates, duplicate fields),
//! 422 for input that was parsed but is not as expected (a missing or unknown field, one of another
//! type, or a number that cannot be stored exactly).

mod body;
mod json;
mod min_position_params;
mod number;
mod optional_json;
pub mod params;
mod path;
mod plain_words;
mod query;
mod text;
pub(crate) mod unknown;
mod upload;

pub use body::Ndjson;
pub use json::{Json, LargeJson, field_names, from_json};
pub use min_position_params::MinPositionParams;
pub use optional_json::OptionalJson;
pub use path::Path;
pub use plain_words::describe_json_error;
pub use query::Query;
pub use unknown::{UnknownNames, describe_unknown};
pub use upload::UploadBody;

/// The maximum length of an error message, in characters. It may quote the input of the client.
const MAX_MESSAGE_CHARS: usize = 200;

/// Truncates a message that quotes too much.
fn shorten(message: &str) -> String {
    match message.char_indices().nth(MAX_MESSAGE_CHARS) {
        Some((end, _)) => format!("{}...", &message[..end]),
        None => message.to_owned(),
    }
}
