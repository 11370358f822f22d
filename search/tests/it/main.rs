//! Tests of the search crate: integrity checks, searching, the query language and properties of
//! text analysis.

mod damage;
mod finding;
mod language;
mod promises;
