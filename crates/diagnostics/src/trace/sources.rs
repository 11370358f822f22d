//! What a trace is collected from.

use event_stream::mirror::MirrorConfig;
use search::index::IndexDir;
use sqlx::PgPool;

/// What a trace is collected from.
pub struct TraceSources<'a> {
    /// The database.
    pub pool: &'a PgPool,
    /// The names of the mirror in NATS.
    pub mirror: &'a MirrorConfig,
    /// The broker, if its address is known.
    pub nats: Option<&'a async_nats::Client>,
    /// The search index of this machine.
    pub index_dir: &'a IndexDir,
}
