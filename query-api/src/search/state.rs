//! The state of the search endpoint.

use sqlx::PgPool;

use super::index_reader::IndexReader;

/// What a search needs. Cheap to clone.
#[derive(Clone)]
pub struct SearchState {
    /// Connections that read `read.*`.
    pub pool: PgPool,
    /// The search index.
    pub index: IndexReader,
}
