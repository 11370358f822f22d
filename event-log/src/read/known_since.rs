//! Since when the log knows users.

use domain::time::Timestamp;
use sqlx::types::time::OffsetDateTime;

use super::reader::LogReader;
use connectivity::timeout::{PAGE_TIMEOUT, within};

impl LogReader {
    /// The time of the first event about each of these users: the first of their mailbox, the first
    /// of their profile, or the one at the given position, whatever came first.
    pub async fn known_since(
        &self,
        users: &[(String, Option<i64>)],
    ) -> Result<Vec<Option<Timestamp>>, sqlx::Error> {
        let names: Vec<&str> = users.iter().map(|(name, _)| name.as_str()).collect();
        let positions: Vec<Option<i64>> = users.iter().map(|(_, position)| *position).collect();
        let times = sqlx::query_scalar(
            "SELECT (SELECT e.occurred_at FROM log.events e WHERE e.position = least(n.position, (
                        SELECT min(f.position) FROM log.streams s
                        JOIN log.events f ON f.stream = s.id AND f.sequence = 1
                        WHERE s.aggregate_type = ANY('{mailbox,profile}') AND s.aggregate_id = n.name)))
               FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS n (name, position, nth)
              ORDER BY n.nth",
        )
        .bind(names)
        .bind(positions)
        .fetch_all(&self.pool);
        let times: Vec<Option<OffsetDateTime>> = within(PAGE_TIMEOUT, times).await?;
        Ok(times
            .into_iter()
            .map(|time| time.map(Timestamp::from))
            .collect())
    }
}
