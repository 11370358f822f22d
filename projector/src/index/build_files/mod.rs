//! The protocol by which processes agree on the builds of the search index: the files of the index
//! directory, and who may read and write them.
//!
//! ```text
//! search/LOCK        locked by the writer process
//! search/build-7/    an index
//! search/CURRENT     the build that is served
//! search/WANTED      a rebuild request and its options
//! search/BEGUN       the last build that was begun on request
//! search/KEPT        the build that is kept when another one replaces it
//! search/BUILT       the writer process's report on the last build
//! search/verify/     the builds of a verification, which are never served: a directory like this
//! ```
//!
//! [`IndexBuilds`] is what any process may do: request a rebuild with `WANTED`, wait for it, and
//! remove the kept build. [`WriterGuard`] is what only the writer process may do: create a build
//! next to the served one, and publish it by replacing `CURRENT`. Readers know `CURRENT` alone
//! ([`IndexDir`](search::index::IndexDir)).

mod files;
mod index_builds;
mod request;
mod writer_guard;

pub use index_builds::IndexBuilds;
pub use request::RebuildRequest;
pub use writer_guard::WriterGuard;
