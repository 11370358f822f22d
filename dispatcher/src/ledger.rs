//! What a worker writes down: how far its webhook is, what waits and what is parked. Only over the lease's
//! connection, and only as long as no operator has changed the webhook.

use std::collections::BTreeMap;

use domain::time::Timestamp;
use sqlx::postgres::PgConnection;
use sqlx::types::time::OffsetDateTime;
use sqlx::{Connection as _, Postgres, Transaction};

use crate::failed::Failed;
use crate::lanes::Waiting;
use crate::lease::Lease;
use crate::sender::Outcome;
use crate::webhook::Webhook;

/// Of one webhook.
pub struct Ledger {
    lease: Lease,
    webhook: i64,
    revision: i64,
    label: String,
    /// Not written down yet.
    accepted: i64,
    error: Option<String>,
}

/// What was tried for the last time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// The event, or the newest message of a notification.
    pub position: i64,
    /// The source of an event, or the conversation of a notification.
    pub lane: String,
    /// Who was to be told; empty for an event.
    pub user: String,
    /// How often it was tried.
    pub tries: u32,
    /// Why the last try failed.
    pub why: String,
}

impl Ledger {
    /// Of a webhook as it was read under this lease.
    pub fn new(lease: Lease, webhook: &Webhook) -> Self {
        Self {
            lease,
            webhook: webhook.id,
            revision: webhook.revision,
            label: webhook.id.to_string(),
            accepted: 0,
            error: None,
        }
    }

    /// Which webhook.
    pub fn webhook(&self) -> i64 {
        self.webhook
    }

    /// For reading.
    pub fn connection(&mut self) -> &mut PgConnection {
        self.lease.connection()
    }

    /// Gives the lease up.
    pub async fn close(self) {
        self.lease.release().await;
    }

    /// Notes how a try ended.
    pub fn count(&mut self, outcome: &Outcome) {
        let outcome = match outcome {
            Outcome::Accepted => {
                self.accepted += 1;
                "accepted"
            }
            Outcome::Gone => {
                self.error = Some("the receiver answered 410 Gone".to_owned());
                "gone"
            }
            Outcome::Failed { why, .. } => {
                self.error = Some(why.chars().take(500).collect());
                "failed"
            }
        };
        let webhook = self.label.clone();
        metrics::counter!("tidings_webhook_tries_total", "webhook" => webhook, "outcome" => outcome)
            .increment(1);
    }

    /// Whether something was noted that is not written down.
    pub fn has_news(&self) -> bool {
        self.accepted > 0 || self.error.is_some()
    }

    /// What waited when the last dispatcher ended.
    pub async fn waiting(&mut self) -> Result<BTreeMap<i64, Waiting>, Failed> {
        let rows: Vec<(i64, String, i32, OffsetDateTime)> = sqlx::query_as(
            "SELECT position, lane, tries, due_at FROM hooks.waiting WHERE webhook = $1",
        )
        .bind(self.webhook)
        .fetch_all(self.lease.connection())
        .await?;
        let waiting = rows.into_iter().map(|(position, lane, tries, due)| {
            let tries = u32::try_from(tries).unwrap_or_default();
            let due = Timestamp::from(due);
            (position, Waiting { lane, tries, due })
        });
        Ok(waiting.collect())
    }

    /// Writes down how far the events are: what waits no more, what waits now, and what was given up.
    pub async fn store_events(
        &mut self,
        position: i64,
        gone: &[i64],
        waiting: &[(i64, &Waiting)],
        given_up: &[GivenUp],
    ) -> Result<(), Failed> {
        let webhook = self.webhook;
        let mut transaction = self.begin(position).await?;
        if !gone.is_empty() {
            sqlx::query("DELETE FROM hooks.waiting WHERE webhook = $1 AND position = ANY($2)")
                .bind(webhook)
                .bind(gone)
                .execute(&mut *transaction)
                .await?;
        }
        if !waiting.is_empty() {
            let positions: Vec<i64> = waiting.iter().map(|(position, _)| *position).collect();
            let lanes: Vec<&str> = waiting.iter().map(|(_, it)| it.lane.as_str()).collect();
            let tries: Vec<i32> = waiting.iter().map(|(_, it)| it.tries as i32).collect();
            let due: Vec<OffsetDateTime> = waiting.iter().map(|(_, it)| it.due.into()).collect();
            sqlx::query(
                "INSERT INTO hooks.waiting (webhook, position, lane, tries, due_at)
                 SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::int[], $5::timestamptz[])
                 ON CONFLICT (webhook, position)
                 DO UPDATE SET tries = excluded.tries, due_at = excluded.due_at",
            )
            .bind(webhook)
            .bind(positions)
            .bind(lanes)
            .bind(tries)
            .bind(due)
            .execute(&mut *transaction)
            .await?;
        }
        park(&mut transaction, webhook, given_up).await?;
        transaction.commit().await?;
        self.written();
        Ok(())
    }

    /// The receiver wants nothing any more.
    pub async fn gone(&mut self) -> Result<(), Failed> {
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

    /// Begins to write, if the webhook is as it was, with where it is and what was noted.
    pub async fn begin(&mut self, position: i64) -> Result<Transaction<'_, Postgres>, Failed> {
        let mut transaction = self.lease.connection().begin().await?;
        let ours = sqlx::query(
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
        if ours.rows_affected() == 0 {
            return Err(Failed::Changed);
        }
        Ok(transaction)
    }

    /// What was noted has been written down.
    pub fn written(&mut self) {
        self.accepted = 0;
        self.error = None;
    }
}

/// Puts aside what was given up.
pub async fn park(
    transaction: &mut Transaction<'_, Postgres>,
    webhook: i64,
    given_up: &[GivenUp],
) -> Result<(), Failed> {
    for it in given_up {
        sqlx::query(
            "INSERT INTO hooks.parked (webhook, position, lane, user_name, tries, error, parked_at)
             VALUES ($1, $2, $3, $4, $5, $6, now())
             ON CONFLICT (webhook, position, lane, user_name)
             DO UPDATE SET tries = excluded.tries, error = excluded.error, parked_at = excluded.parked_at",
        )
        .bind(webhook)
        .bind(it.position)
        .bind(&it.lane)
        .bind(&it.user)
        .bind(it.tries as i32)
        .bind(it.why.chars().take(500).collect::<String>())
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}
