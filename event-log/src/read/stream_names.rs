//! Resolves stream ids to aggregates, with a cache for reads of many events.
//!
//! A join in every page query would read and hash all streams and sort the page again: six times
//! the work of reading the events. The cache lives only as long as one read: a database that was
//! restored from an older backup may assign a stream id again, to another stream.

use std::collections::HashMap;

use domain::envelope::AggregateKind;
use sqlx::PgConnection;

/// How many names are cached. Beyond that, the cache is cleared.
const MAX_CACHED_NAMES: usize = 200_000;

/// The aggregates of streams, by stream id.
#[derive(Debug, Default)]
pub(crate) struct StreamNames(HashMap<i64, (AggregateKind, String)>);

impl StreamNames {
    /// Loads the names of those streams that are not cached.
    pub async fn resolve(
        &mut self,
        connection: &mut PgConnection,
        streams: impl Iterator<Item = i64>,
    ) -> Result<(), sqlx::Error> {
        if self.0.len() > MAX_CACHED_NAMES {
            self.0.clear();
        }
        let mut unknown: Vec<i64> = streams.filter(|id| !self.0.contains_key(id)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        unknown.sort_unstable();
        unknown.dedup();
        let rows: Vec<(i64, String, String)> = sqlx::query_as(
            "SELECT id, aggregate_type, aggregate_id FROM log.streams WHERE id = ANY($1)",
        )
        .bind(&unknown)
        .fetch_all(connection)
        .await?;
        for (id, kind, name) in rows {
            self.0.insert(id, (parse_aggregate_kind(&kind)?, name));
        }
        Ok(())
    }

    /// The aggregate of a stream that has been resolved.
    pub fn get(&self, stream: i64) -> Result<(AggregateKind, String), sqlx::Error> {
        self.0.get(&stream).cloned().ok_or_else(|| {
            sqlx::Error::Decode(
                format!("stream {stream} has events but no row in log.streams").into(),
            )
        })
    }
}

/// Parses the name of an aggregate kind in the log.
pub(crate) fn parse_aggregate_kind(name: &str) -> Result<AggregateKind, sqlx::Error> {
    AggregateKind::parse(name)
        .ok_or_else(|| sqlx::Error::Decode(format!("unknown aggregate type {name:?}").into()))
}
