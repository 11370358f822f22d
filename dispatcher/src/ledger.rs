//! The stored progress of a webhook: its position, and its waiting and parked deliveries. Writes
//! use the lease's connection, and fail once an operator has changed the webhook.

use std::collections::BTreeMap;

use domain::time::Timestamp;
use sqlx::postgres::PgConnection;
use sqlx::types::time::OffsetDateTime;
use sqlx::{Connection as _, Postgres, Transaction};

use crate::error::DeliveryError;
use crate::lanes::WaitingEvent;
use crate::lease::WebhookLease;
use crate::sender::{DeliveryOutcome, GONE};
use crate::webhook::Webhook;

/// The maximum length of a stored error in code points.
const MAX_ERROR_CHARS: usize = 500;

/// The ledger of one webhook.
pub struct DeliveryLedger {
    lease: WebhookLease,
    webhook: i64,
    revision: i64,
    label: String,
    /// Accepted deliveries that are not stored yet.
    accepted: i64,
    error: Option<String>,
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
    pub fn new(lease: WebhookLease, webhook: &Webhook) -> Self {
        Self {
            lease,
            webhook: webhook.id,
            revision: webhook.revision,
            label: webhook.id.to_string(),
            accepted: 0,
            error: None,
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
                "accepted"
            }
            DeliveryOutcome::Gone => {
                self.error = Some(GONE.to_owned());
                "gone"
            }
            DeliveryOutcome::Failed { reason, .. } => {
                self.error = Some(shorten_error(reason));
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
