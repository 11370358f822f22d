//! Tests of the search crate: integrity checks, searching, the query language and properties of
//! text analysis.

mod equivalent_texts;
mod index_search;
mod integrity;
mod properties;
mod query_language;
