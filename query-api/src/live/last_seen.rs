//! When users were online last. It is not in the log; a small table keeps it over restarts.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::time::Timestamp;
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;

/// The number of users whose time waits to be written while Postgres is away. The times of others
/// are lost then, which costs no more than a restart.
const MAX_UNWRITTEN: usize = 100_000;

/// Writes and reads `presence.last_seen`.
pub(super) struct LastSeenStore {
    reads: PgPool,
    writes: PgPool,
    unwritten: Mutex<HashMap<String, i64>>,
}

impl LastSeenStore {
    /// A store that reads with one pool, which may be read-only, and writes with another.
    pub fn new(reads: PgPool, writes: PgPool) -> Self {
        Self {
            reads,
            writes,
            unwritten: Mutex::default(),
        }
    }

    fn unwritten(&self) -> MutexGuard<'_, HashMap<String, i64>> {
        self.unwritten
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that users are online at this time. It is written with the next [`Self::flush`].
    pub fn record(&self, users: impl IntoIterator<Item = String>, at: Timestamp) {
        let mut unwritten = self.unwritten();
        for user in users {
            if unwritten.len() < MAX_UNWRITTEN || unwritten.contains_key(&user) {
                unwritten.insert(user, at.millis());
            }
        }
    }

    /// Writes what was recorded, in one statement that does not wait for the disk: a crash of
    /// Postgres may lose the last moment.
    pub async fn flush(&self) -> Result<(), sqlx::Error> {
        let taken = std::mem::take(&mut *self.unwritten());
        if taken.is_empty() {
            return Ok(());
        }
        let written = self.write(&taken).await;
        if written.is_err() {
            let mut unwritten = self.unwritten();
            for (user, at) in taken {
                unwritten.entry(user).or_insert(at);
            }
        }
        written
    }

    async fn write(&self, times: &HashMap<String, i64>) -> Result<(), sqlx::Error> {
        let names: Vec<&str> = times.keys().map(String::as_str).collect();
        let times = times.values().map(|at| Timestamp::from_millis(*at).into());
        let times: Vec<OffsetDateTime> = times.collect();
        let mut transaction = self.writes.begin().await?;
        sqlx::query("SET LOCAL synchronous_commit = off")
            .execute(&mut *transaction)
            .await?;
        // In the order of names, so that two gateways do not wait for each other.
        sqlx::query(
            "INSERT INTO presence.last_seen AS l (name, at)
             SELECT n.name, n.at FROM unnest($1::text[], $2::timestamptz[]) AS n(name, at) ORDER BY 1
             ON CONFLICT (name) DO UPDATE SET at = greatest(l.at, EXCLUDED.at)",
        )
        .bind(names)
        .bind(times)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// Loads when these users were online last, as far as that is known.
    pub async fn load(&self, users: &[&str]) -> Result<HashMap<String, Timestamp>, sqlx::Error> {
        let rows: Vec<(String, OffsetDateTime)> =
            sqlx::query_as("SELECT l.name, l.at FROM presence.last_seen l WHERE l.name = ANY($1)")
                .bind(users)
                .fetch_all(&self.reads)
                .await?;
        let mut times: HashMap<String, Timestamp> = rows
            .into_iter()
            .map(|(user, at)| (user, at.into()))
            .collect();
        let unwritten = self.unwritten();
        for user in users {
            if let Some(at) = unwritten.get(*user) {
                times.insert((*user).to_owned(), Timestamp::from_millis(*at));
            }
        }
        Ok(times)
    }
}
