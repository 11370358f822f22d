//! The stored progress of pushes. Writes use the lease's connection, so a dispatcher that has lost
//! it writes nothing.

use connectivity::postgres::SessionLease;
use domain::time::Timestamp;
use sqlx::postgres::PgConnection;
use sqlx::types::time::OffsetDateTime;
use sqlx::{Connection as _, PgPool, Postgres, Transaction};

use super::due::PushKey;
use super::outcomes::OutcomeCounts;
use crate::error::DeliveryError;
use crate::lease;
use crate::notifications::enqueue::NoticeTable;
use crate::notifications::notice_ledger::NoticeLedger;

/// Which of the leases of the dispatcher it is: the ids of webhooks begin with 1.
const LEASE_NUMBER: i64 = 0;

/// The maximum length of a stored error in code points.
const MAX_ERROR_CHARS: usize = 500;

/// How long parked pushes are kept.
const PARKED_FOR: &str = "7 days";

/// How long counts of answers are kept.
const OUTCOMES_FOR: &str = "30 days";

/// The ledger of pushes.
pub struct PushLedger {
    lease: SessionLease,
}

/// Where pushes begin: the position that they have reached, and the one before which nothing is
/// looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushStart {
    /// Everything up to here is enqueued.
    pub position: i64,
    /// Nothing at or before this position is looked at again.
    pub floor: i64,
}

/// What became of a push.
pub struct PushResult {
    /// Which one.
    pub key: PushKey,
    /// The log position up to which the device was notified or no longer needs to be.
    pub notified_to: Option<i64>,
    /// The number of attempts.
    pub attempts: u32,
    /// When it is due again.
    pub due_at: Timestamp,
    /// Why it was given up, if it was.
    pub parked: Option<ParkedPush>,
}

/// A push whose last attempt failed.
pub struct ParkedPush {
    /// The newest message that it was about.
    pub position: i64,
    /// Who should have delivered it.
    pub provider: &'static str,
    /// The number of attempts.
    pub attempts: u32,
    /// Why the last one failed.
    pub error: String,
}

impl PushLedger {
    /// Takes the lease. `None` if another dispatcher has it.
    pub async fn acquire(pool: &PgPool) -> Result<Option<Self>, sqlx::Error> {
        let lease = lease::try_acquire(pool, LEASE_NUMBER).await?;
        Ok(lease.map(|lease| Self { lease }))
    }

    /// Loads where pushes begin. While no device was registered, nothing was enqueued, so that time
    /// is skipped. A position ahead of the log, which was restored from a backup, is moved back.
    pub async fn load_start(&mut self, head: i64) -> Result<PushStart, DeliveryError> {
        let first: Option<i64> =
            sqlx::query_scalar("SELECT min(p.position) FROM read.push_devices p")
                .fetch_one(self.connection())
                .await?;
        let earliest = first.unwrap_or(head).min(head);
        let stored: Option<(i64, i64)> =
            sqlx::query_as("SELECT g.position, g.floor FROM push.progress g")
                .fetch_optional(self.connection())
                .await?;
        let (position, floor) = stored.unwrap_or((earliest, earliest));
        let start = PushStart {
            position: position.max(earliest).min(head),
            floor: floor.max(earliest).min(head),
        };
        sqlx::query(
            "INSERT INTO push.progress (position, floor) VALUES ($1, $2)
             ON CONFLICT (one) DO UPDATE SET position = excluded.position, floor = excluded.floor",
        )
        .bind(start.position)
        .bind(start.floor)
        .execute(self.connection())
        .await?;
        Ok(start)
    }

    /// Stores results together with the position and what the providers answered.
    pub async fn save(
        &mut self,
        position: i64,
        results: &[PushResult],
        outcomes: &OutcomeCounts,
    ) -> Result<(), DeliveryError> {
        let column = |value: fn(&PushKey) -> &str| -> Vec<String> {
            let values = results.iter().map(|result| value(&result.key).to_owned());
            values.collect()
        };
        let (users, devices, conversations) = (
            column(|key| key.device.user.as_str()),
            column(|key| key.device.device.as_str()),
            column(|key| key.conversation.as_str()),
        );
        let notified_to: Vec<i64> = results
            .iter()
            .map(|result| result.notified_to.unwrap_or(0))
            .collect();
        let attempts: Vec<i32> = results
            .iter()
            .map(|result| result.attempts as i32)
            .collect();
        let due_at: Vec<OffsetDateTime> =
            results.iter().map(|result| result.due_at.into()).collect();
        let mut transaction = self.begin_save(position).await?;
        sqlx::query(
            "UPDATE push.notices n
             SET told_position = greatest(n.told_position, d.notified_to), tries = d.tries,
                 due_at = d.due_at, from_position = greatest(n.from_position, d.notified_to + 1),
                 since = CASE WHEN d.notified_to > 0 THEN now() ELSE n.since END
             FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::int[], $6::timestamptz[])
                  d (user_name, device, conversation, notified_to, tries, due_at)
             WHERE n.user_name = d.user_name AND n.device = d.device AND n.conversation = d.conversation",
        )
        .bind(users)
        .bind(devices)
        .bind(conversations)
        .bind(notified_to)
        .bind(attempts)
        .bind(due_at)
        .execute(&mut *transaction)
        .await?;
        for result in results {
            park(&mut transaction, result).await?;
        }
        outcomes.save(&mut transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Deletes what nobody needs any more: pushes that were delivered long ago or whose device is
    /// gone, old parked ones, old counts, and tokens that the log does not have as the registration
    /// of a device. Such a token is kept until the read models are an hour past it: it is stored
    /// before its event.
    pub async fn clean_up(&mut self) -> Result<(), DeliveryError> {
        let connection = self.connection();
        sqlx::query(
            "DELETE FROM push.notices n WHERE n.told_position >= n.to_position
             AND n.since < now() - interval '1 hour'",
        )
        .execute(&mut *connection)
        .await?;
        sqlx::query(
            "DELETE FROM push.notices n WHERE NOT EXISTS (
                 SELECT FROM read.users u JOIN read.push_devices p ON p.user_id = u.id
                 WHERE u.name = n.user_name AND p.device = n.device)",
        )
        .execute(&mut *connection)
        .await?;
        sqlx::query("DELETE FROM push.parked k WHERE k.parked_at < now() - $1::interval")
            .bind(PARKED_FOR)
            .execute(&mut *connection)
            .await?;
        sqlx::query("DELETE FROM push.outcomes o WHERE o.hour < now() - $1::interval")
            .bind(OUTCOMES_FOR)
            .execute(&mut *connection)
            .await?;
        sqlx::query(
            "DELETE FROM push.tokens k
             WHERE k.created_at < (SELECT c.event_time FROM read.checkpoint c) - interval '1 hour'
             AND NOT EXISTS (
                 SELECT FROM read.users u JOIN read.push_devices p ON p.user_id = u.id
                 WHERE u.name = k.user_name AND p.device = k.device AND p.digest = k.digest)",
        )
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Releases the lease.
    pub async fn close(self) {
        self.lease.release().await;
    }
}

async fn park(
    transaction: &mut Transaction<'_, Postgres>,
    result: &PushResult,
) -> Result<(), sqlx::Error> {
    let Some(parked) = &result.parked else {
        return Ok(());
    };
    let error: String = parked.error.chars().take(MAX_ERROR_CHARS).collect();
    sqlx::query(
        "INSERT INTO push.parked
             (user_name, device, conversation, position, provider, tries, error, parked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, now())
         ON CONFLICT (user_name, device, conversation, position)
         DO UPDATE SET tries = excluded.tries, error = excluded.error, parked_at = excluded.parked_at",
    )
    .bind(&result.key.device.user)
    .bind(&result.key.device.device)
    .bind(&result.key.conversation)
    .bind(parked.position)
    .bind(parked.provider)
    .bind(parked.attempts as i32)
    .bind(error)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

impl NoticeLedger for PushLedger {
    fn table(&self) -> NoticeTable {
        NoticeTable::Push
    }

    fn connection(&mut self) -> &mut PgConnection {
        self.lease.connection()
    }

    async fn begin_save(
        &mut self,
        position: i64,
    ) -> Result<Transaction<'_, Postgres>, DeliveryError> {
        let mut transaction = self.lease.connection().begin().await?;
        sqlx::query("UPDATE push.progress SET position = $1")
            .bind(position)
            .execute(&mut *transaction)
            .await?;
        Ok(transaction)
    }

    fn clear_unsaved(&mut self) {}
}

#[cfg(test)]
mod tests {
    use test_database::TestDatabase;

    use super::*;

    async fn execute(pool: &PgPool, sql: &str) {
        sqlx::raw_sql(sql)
            .execute(pool)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Ann's phone registered at position 7.
    const PHONE: &str = "
        INSERT INTO read.users (id, name) VALUES (1, 'ann');
        INSERT INTO read.push_devices (user_id, device, provider, digest, preview, position, at)
        VALUES (1, 'phone', 'fcm', 'd1', true, 7, 'epoch');
        INSERT INTO push.tokens (user_name, device, digest, token_digest, provider, token, created_at)
        VALUES ('ann', 'phone', 'd1', '\\x00', 'fcm', 't1', 'epoch');";

    fn start(position: i64, floor: i64) -> PushStart {
        PushStart { position, floor }
    }

    #[tokio::test]
    async fn the_time_without_devices_is_skipped_and_the_log_is_never_passed() {
        let database = TestDatabase::migrated("dispatcher").await;
        let mut ledger = PushLedger::acquire(&database.pool).await.unwrap().unwrap();
        assert!(PushLedger::acquire(&database.pool).await.unwrap().is_none());
        let mut load = async |head| ledger.load_start(head).await.unwrap();
        assert_eq!(load(3).await, start(3, 3), "nobody has registered");
        execute(&database.pool, PHONE).await;
        assert_eq!(load(9).await, start(7, 7), "the first registration");
        execute(&database.pool, "UPDATE push.progress SET position = 20").await;
        assert_eq!(load(30).await, start(20, 7), "where it was");
        assert_eq!(load(15).await, start(15, 7), "the log was restored");
        ledger.close().await;
        database.close().await;
    }

    #[tokio::test]
    async fn only_what_nobody_needs_is_deleted() {
        let database = TestDatabase::migrated("dispatcher").await;
        let pool = &database.pool;
        let mut ledger = PushLedger::acquire(pool).await.unwrap().unwrap();
        execute(pool, PHONE).await;
        execute(
            pool,
            "UPDATE read.checkpoint SET event_time = now();
             INSERT INTO push.tokens
                 (user_name, device, digest, token_digest, provider, token, created_at)
             VALUES ('ann', 'phone', 'old', '\\x00', 'fcm', 't0', 'epoch'),
                    ('ann', 'tablet', 'new', '\\x00', 'fcm', 't2', now());
             INSERT INTO push.notices
                 (user_name, device, conversation, from_position, to_position, told_position, since, due_at)
             VALUES ('ann', 'phone', 'waits', 1, 2, 0, 'epoch', 'epoch'),
                    ('ann', 'phone', 'notified', 1, 2, 2, 'epoch', 'epoch'),
                    ('ann', 'phone', 'just notified', 1, 2, 2, now(), 'epoch'),
                    ('ann', 'gone', 'waits', 1, 2, 0, now(), 'epoch');
             INSERT INTO push.parked
                 (user_name, device, conversation, position, provider, tries, error, parked_at)
             VALUES ('ann', 'phone', 'c', 1, 'fcm', 3, 'x', 'epoch'),
                    ('ann', 'phone', 'c', 2, 'fcm', 3, 'x', now());
             INSERT INTO push.outcomes (hour, provider, outcome, attempts, last_at)
             VALUES ('epoch', 'fcm', 'accepted', 1, 'epoch'), (now(), 'fcm', 'gone', 1, now());",
        )
        .await;
        ledger.clean_up().await.unwrap();
        for (sql, expected) in [
            (
                "SELECT digest FROM push.tokens ORDER BY 1",
                &["d1", "new"][..],
            ),
            (
                "SELECT conversation FROM push.notices ORDER BY 1",
                &["just notified", "waits"],
            ),
            ("SELECT position::text FROM push.parked", &["2"]),
            ("SELECT outcome FROM push.outcomes", &["gone"]),
        ] {
            let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(pool).await.unwrap();
            assert_eq!(rows, expected, "{sql}");
        }
        ledger.close().await;
        database.close().await;
    }
}
