//! The stored progress of a webhook: its position, and its waiting and parked deliveries. Writes
//! use the lease's connection, and fail once an operator has changed the webhook.

use std::collections::BTreeMap;

use connectivity::OutageLog;
use connectivity::postgres::SessionLease;
use domain::time::Timestamp;
use sqlx::postgres::PgConnection;
use sqlx::types::time::OffsetDateTime;
use sqlx::{Connection as _, Postgres, Transaction};

use crate::error::DeliveryError;
use crate::lanes::WaitingEvent;
use crate::sender::{DeliveryOutcome, GONE};
use crate::webhook::Webhook;

/// The maximum length of a stored error in code points.
const MAX_ERROR_CHARS: usize = 500;

/// The ledger of one webhook.
pub struct DeliveryLedger {
    lease: SessionLease,
    webhook: i64,
    revision: i64,
    label: String,
    /// Accepted deliveries that are not stored yet.
    accepted: i64,
    error: Option<String>,
    /// Whether the receiver accepts deliveries, for the log.
    outages: OutageLog,
}

/// A delivery whose last attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedDelivery {
    /// The event, or the newest message of a notification.
    pub position: i64,
    /// The source of an event, or the conversation of a notification.
    pub lane: String,
    /// The user to notify; empty for an event.
    pub user: String,
    /// The number of attempts.
    pub attempts: u32,
    /// The reason why the last attempt failed.
    pub error: String,
}

impl DeliveryLedger {
    /// Creates the ledger of a webhook that was loaded under this lease.
    pub fn new(lease: SessionLease, webhook: &Webhook) -> Self {
        Self {
            lease,
            webhook: webhook.id,
            revision: webhook.revision,
            label: webhook.id.to_string(),
            accepted: 0,
            error: None,
            outages: OutageLog::new("Delivering to the webhook"),
        }
    }

    /// Returns the id of the webhook.
    pub fn webhook(&self) -> i64 {
        self.webhook
    }

    /// Returns the lease's connection, for reading.
    pub fn connection(&mut self) -> &mut PgConnection {
        self.lease.connection()
    }

    /// Releases the lease.
    pub async fn close(self) {
        self.lease.release().await;
    }

    /// Records the outcome of an attempt, in memory and as a metric.
    pub fn record_outcome(&mut self, outcome: &DeliveryOutcome) {
        let outcome = match outcome {
            DeliveryOutcome::Accepted => {
                self.accepted += 1;
                self.outages.record_success();
                "accepted"
            }
            DeliveryOutcome::Gone => {
                self.error = Some(GONE.to_owned());
                tracing::warn!("The receiver of the webhook has answered 410; it is off now.");
                "gone"
            }
            DeliveryOutcome::Failed { reason, .. } => {
                let reason = shorten_error(reason);
                self.outages.record_failure(&reason);
                self.error = Some(reason);
                "failed"
            }
        };
        let webhook = self.label.clone();
        metrics::counter!("tidings_webhook_tries_total", "webhook" => webhook, "outcome" => outcome)
            .increment(1);
    }

    /// Whether an outcome was recorded that is not stored yet.
    pub fn has_unsaved(&self) -> bool {
        self.accepted > 0 || self.error.is_some()
    }

    /// Loads the events that were waiting when the last worker ended, by position.
    pub async fn load_waiting(&mut self) -> Result<BTreeMap<i64, WaitingEvent>, DeliveryError> {
        let rows: Vec<(i64, String, i32, OffsetDateTime)> = sqlx::query_as(
            "SELECT position, lane, tries, due_at FROM hooks.waiting WHERE webhook = $1",
        )
        .bind(self.webhook)
        .fetch_all(self.lease.connection())
        .await?;
        let waiting = rows.into_iter().map(|(position, lane, attempts, due_at)| {
            let event = WaitingEvent {
                lane,
                attempts: u32::try_from(attempts).unwrap_or_default(),
                due_at: Timestamp::from(due_at),
            };
            (position, event)
        });
        Ok(waiting.collect())
    }

    /// Stores the progress of an event webhook: the position, the events that no longer wait, the
    /// new or changed waiting events and the parked deliveries.
    pub async fn save_events(
        &mut self,
        position: i64,
        removed: &[i64],
        waiting: &[(i64, &WaitingEvent)],
        parked: &[ParkedDelivery],
    ) -> Result<(), DeliveryError> {
        let webhook = self.webhook;
        let mut transaction = self.begin_save(position).await?;
        if !removed.is_empty() {
            sqlx::query("DELETE FROM hooks.waiting WHERE webhook = $1 AND position = ANY($2)")
                .bind(webhook)
                .bind(removed)
                .execute(&mut *transaction)
                .await?;
        }
        if !waiting.is_empty() {
            let positions: Vec<i64> = waiting.iter().map(|(position, _)| *position).collect();
            let lanes: Vec<&str> = waiting
                .iter()
                .map(|(_, event)| event.lane.as_str())
                .collect();
            let attempts: Vec<i32> = waiting
                .iter()
                .map(|(_, event)| event.attempts as i32)
                .collect();
            let due: Vec<OffsetDateTime> = waiting
                .iter()
                .map(|(_, event)| event.due_at.into())
                .collect();
            sqlx::query(
                "INSERT INTO hooks.waiting (webhook, position, lane, tries, due_at)
                 SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::int[], $5::timestamptz[])
                 ON CONFLICT (webhook, position)
                 DO UPDATE SET tries = excluded.tries, due_at = excluded.due_at",
            )
            .bind(webhook)
            .bind(positions)
            .bind(lanes)
            .bind(attempts)
            .bind(due)
            .execute(&mut *transaction)
            .await?;
        }
        park(&mut transaction, webhook, parked).await?;
        transaction.commit().await?;
        self.clear_unsaved();
        Ok(())
    }

    /// Switches the webhook off because its receiver answered that it is gone.
    pub async fn mark_gone(&mut self) -> Result<(), DeliveryError> {
        sqlx::query(
            "UPDATE hooks.webhooks SET state = 'gone', revision = revision + 1
             WHERE id = $1 AND revision = $2",
        )
        .bind(self.webhook)
        .bind(self.revision)
        .execute(self.lease.connection())
        .await?;
        Ok(())
    }

    /// Begins a transaction that stores the position and the recorded outcomes. Fails with
    /// [`DeliveryError::Superseded`] if the webhook was changed.
    pub async fn begin_save(
        &mut self,
        position: i64,
    ) -> Result<Transaction<'_, Postgres>, DeliveryError> {
        let mut transaction = self.lease.connection().begin().await?;
        let updated = sqlx::query(
            "UPDATE hooks.webhooks SET position = $3, delivered = delivered + $4,
                    delivered_at = CASE WHEN $4 > 0 THEN now() ELSE delivered_at END,
                    error = coalesce($5, error),
                    error_at = CASE WHEN $5 IS NULL THEN error_at ELSE now() END
             WHERE id = $1 AND revision = $2",
        )
        .bind(self.webhook)
        .bind(self.revision)
        .bind(position)
        .bind(self.accepted)
        .bind(&self.error)
        .execute(&mut *transaction)
        .await?;
        if updated.rows_affected() == 0 {
            return Err(DeliveryError::Superseded);
        }
        Ok(transaction)
    }

    /// Clears the recorded outcomes after they were stored.
    pub fn clear_unsaved(&mut self) {
        self.accepted = 0;
        self.error = None;
    }
}

/// Shortens an error to what is stored of it.
fn shorten_error(error: &str) -> String {
    error.chars().take(MAX_ERROR_CHARS).collect()
}

/// Stores parked deliveries.
pub async fn park(
    transaction: &mut Transaction<'_, Postgres>,
    webhook: i64,
    parked: &[ParkedDelivery],
) -> Result<(), DeliveryError> {
    for delivery in parked {
        sqlx::query(
            "INSERT INTO hooks.parked (webhook, position, lane, user_name, tries, error, parked_at)
             VALUES ($1, $2, $3, $4, $5, $6, now())
             ON CONFLICT (webhook, position, lane, user_name)
             DO UPDATE SET tries = excluded.tries, error = excluded.error, parked_at = excluded.parked_at",
        )
        .bind(webhook)
        .bind(delivery.position)
        .bind(&delivery.lane)
        .bind(&delivery.user)
        .bind(delivery.attempts as i32)
        .bind(shorten_error(&delivery.error))
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;
    use test_database::TestDatabase;

    use super::*;
    use crate::secret::SigningSecret;
    use crate::webhook::{self, WebhookKind, WebhookStatus};

    /// A database with one event webhook, which is enabled.
    async fn database() -> (TestDatabase, Webhook) {
        let database = TestDatabase::migrated("dispatcher").await;
        let url = "https://example.com".parse().unwrap();
        let kind = WebhookKind::Events(Vec::new());
        let (id, _) = webhook::add(
            &database.pool,
            &url,
            &SigningSecret::generate(),
            &kind,
            None,
        )
        .await
        .unwrap();
        let webhook = webhook::load_enabled(&database.pool, id).await.unwrap();
        (database, webhook.unwrap().unwrap())
    }

    async fn lease(pool: &PgPool, webhook: &Webhook) -> Option<SessionLease> {
        crate::lease::try_acquire(pool, webhook.id).await.unwrap()
    }

    async fn ledger(pool: &PgPool, webhook: &Webhook) -> DeliveryLedger {
        let lease = lease(pool, webhook).await.unwrap();
        DeliveryLedger::new(lease, webhook)
    }

    async fn status(pool: &PgPool) -> WebhookStatus {
        let mut all = webhook::list(pool).await.unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    fn waiting(lane: &str, attempts: u32, due_ms: i64) -> WaitingEvent {
        WaitingEvent {
            lane: lane.to_owned(),
            attempts,
            due_at: Timestamp::from_millis(due_ms),
        }
    }

    fn failed(reason: &str) -> DeliveryOutcome {
        DeliveryOutcome::Failed {
            reason: reason.to_owned(),
            retry_after: None,
        }
    }

    #[tokio::test]
    async fn only_one_dispatcher_has_the_lease_of_a_webhook() {
        let (database, webhook) = database().await;
        let other = Webhook {
            id: webhook.id + 1,
            ..webhook.clone()
        };
        let first = lease(&database.pool, &webhook).await.unwrap();
        assert!(lease(&database.pool, &webhook).await.is_none());
        let of_other = lease(&database.pool, &other).await.unwrap();
        first.release().await;
        let second = lease(&database.pool, &webhook).await.unwrap();
        second.release().await;
        of_other.release().await;
        database.close().await;
    }

    #[tokio::test]
    async fn progress_and_waiting_events_are_stored_and_loaded() {
        let (database, webhook) = database().await;
        let mut ledger = ledger(&database.pool, &webhook).await;
        let (a, b) = (waiting("/a", 1, 500), waiting("/b", 0, 500));
        ledger
            .save_events(7, &[], &[(3, &a), (5, &b)], &[])
            .await
            .unwrap();
        let loaded = ledger.load_waiting().await.unwrap();
        assert_eq!(loaded, BTreeMap::from([(3, a), (5, b.clone())]));

        // One event is gone, one is updated, one is added and one is parked.
        let (later, new) = (waiting("/b", 4, 900), waiting("/c", 2, 800));
        let parked = ParkedDelivery {
            position: 3,
            lane: "/a".to_owned(),
            user: String::new(),
            attempts: 30,
            error: "x".repeat(600),
        };
        let changed = [(5, &later), (8, &new)];
        ledger
            .save_events(9, &[3], &changed, std::slice::from_ref(&parked))
            .await
            .unwrap();
        let loaded = ledger.load_waiting().await.unwrap();
        assert_eq!(loaded, BTreeMap::from([(5, later), (8, new)]));
        let stored = webhook::list_parked(&database.pool, Some(webhook.id), 10)
            .await
            .unwrap();
        assert_eq!(stored.len(), 1);
        assert_eq!((stored[0].position, stored[0].tries), (3, 30));
        assert_eq!(stored[0].error, "x".repeat(500), "long errors are cut");
        let status = status(&database.pool).await;
        assert_eq!((status.position, status.waiting, status.parked), (9, 2, 1));
        ledger.close().await;
        database.close().await;
    }

    #[tokio::test]
    async fn outcomes_are_stored_once_with_the_next_save() {
        let (database, webhook) = database().await;
        let mut ledger = ledger(&database.pool, &webhook).await;
        assert!(!ledger.has_unsaved());
        ledger.record_outcome(&DeliveryOutcome::Accepted);
        ledger.record_outcome(&failed("status 500"));
        ledger.record_outcome(&DeliveryOutcome::Accepted);
        assert!(ledger.has_unsaved());
        ledger.save_events(1, &[], &[], &[]).await.unwrap();
        assert!(!ledger.has_unsaved());
        let first = status(&database.pool).await;
        assert_eq!(
            (first.delivered, first.error.as_deref()),
            (2, Some("status 500"))
        );
        assert!(first.delivered_at.is_some() && first.error_at.is_some());

        // Saving again does not count the outcomes again and keeps the last error.
        ledger.save_events(2, &[], &[], &[]).await.unwrap();
        let second = status(&database.pool).await;
        assert_eq!((second.delivered, second.position), (2, 2));
        assert_eq!(second.error, first.error);
        assert_eq!(second.error_at, first.error_at);
        ledger.close().await;
        database.close().await;
    }

    #[tokio::test]
    async fn a_webhook_that_an_operator_has_changed_is_not_written() {
        let (database, webhook) = database().await;
        let mut ledger = ledger(&database.pool, &webhook).await;
        let event = waiting("/a", 1, 500);
        ledger.save_events(4, &[], &[], &[]).await.unwrap();
        assert!(
            webhook::set_enabled(&database.pool, webhook.id, true)
                .await
                .unwrap()
        );

        let saved = ledger.save_events(5, &[], &[(3, &event)], &[]).await;
        assert!(matches!(saved, Err(DeliveryError::Superseded)), "{saved:?}");
        ledger.mark_gone().await.unwrap();
        assert!(ledger.load_waiting().await.unwrap().is_empty());
        let status = status(&database.pool).await;
        assert_eq!((status.position, status.state.as_str()), (4, "on"));
        ledger.close().await;
        database.close().await;
    }

    #[tokio::test]
    async fn a_receiver_that_is_gone_switches_the_webhook_off() {
        let (database, webhook) = database().await;
        let mut ledger = ledger(&database.pool, &webhook).await;
        ledger.record_outcome(&DeliveryOutcome::Gone);
        ledger.save_events(1, &[], &[], &[]).await.unwrap();
        ledger.mark_gone().await.unwrap();
        let status = status(&database.pool).await;
        assert_eq!(status.state, "gone");
        assert!(status.error.unwrap().contains("410"));
        let enabled = webhook::list_enabled(&database.pool).await.unwrap();
        assert!(enabled.is_empty());
        let loaded = webhook::load_enabled(&database.pool, webhook.id).await;
        assert!(loaded.unwrap().is_none());
        ledger.close().await;
        database.close().await;
    }
}
