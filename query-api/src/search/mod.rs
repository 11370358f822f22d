//! Full-text search over the messages that are visible to a user.
//!
//! In the order in which a query passes through it:
//!
//! - `index_reader`: follows the index that the projector writes.
//! - `scope`: what the searcher can find, and the ids of the users and conversations that the query
//!   names.
//! - `message_search`: executes a search within that scope.
//! - `hits`: loads the hits from the read model.
//! - `hit_text`: a hit as a line of text.
//! - `state`: what a search needs of all of these.

mod hit_text;
mod hits;
pub(crate) mod index_reader;
mod message_search;
mod scope;
pub(crate) mod state;

pub use hits::MessageHit;
pub use index_reader::IndexReader;
pub use message_search::{HitPage, MAX_EXACT_TOTAL, MessageSearch, SearchCursor};
pub use scope::Searcher;
