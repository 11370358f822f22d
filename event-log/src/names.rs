//! What streams are called, for one who reads many events.
//!
//! Joined to each page of events, all streams would be read and hashed for it, and the page sorted again: six times
//! the work of reading the events. A reader keeps names for as long as it reads and no longer: a database that was
//! restored from an older copy may give a number again, to another stream.

use std::collections::HashMap;

use domain::envelope::AggregateKind;
use sqlx::PgPool;

/// Names that are kept at most; beyond that, those of one page.
const KEPT: usize = 200_000;

/// The aggregates of streams by number.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<i64, (AggregateKind, String)>);

impl Names {
    /// Looks up those that are not known.
    pub async fn learn(
        &mut self,
        pool: &PgPool,
        streams: impl Iterator<Item = i64>,
    ) -> Result<(), sqlx::Error> {
        if self.0.len() > KEPT {
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
        .fetch_all(pool)
        .await?;
        for (id, kind, name) in rows {
            self.0.insert(id, (self::kind(&kind)?, name));
        }
        Ok(())
    }

    /// The aggregate of a stream that was looked up.
    pub fn of(&self, stream: i64) -> Result<(AggregateKind, String), sqlx::Error> {
        self.0.get(&stream).cloned().ok_or_else(|| {
            sqlx::Error::Decode(format!("there is no stream {stream}, but events of it").into())
        })
    }
}

/// A kind of aggregate by its name in the log.
pub(crate) fn kind(name: &str) -> Result<AggregateKind, sqlx::Error> {
    AggregateKind::parse(name)
        .ok_or_else(|| sqlx::Error::Decode(format!("unknown aggregate {name:?}").into()))
}
