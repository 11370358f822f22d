//! The worker of a notification webhook: takes in notifications of new messages and sends those
//! that are due.

use std::collections::HashSet;
use std::time::Duration;

use domain::time::Timestamp;
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use super::due::{self, DueNotification, NotificationKey};
use super::intake::{self, Intake, IntakeSetup};
use super::payload;
use crate::circuit_breaker::{self, CircuitBreaker};
use crate::clock::{now, to_millis};
use crate::error::DeliveryError;
use crate::feed::EventFeed;
use crate::ledger::{self, DeliveryLedger, ParkedDelivery};
use crate::sender::{DeliveryOutcome, WebhookSender};
use crate::settlement::{self, Settlement};
use crate::webhook::Webhook;
use crate::worker::WebhookWorker;

/// How often to poll for due notifications and to store results.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// How often old delivered notifications are deleted.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(60);

/// The parts that a notification worker needs.
pub struct NotifierSetup {
    /// The webhook to deliver for.
    pub webhook: Webhook,
    /// What the intake needs.
    pub intake: IntakeSetup<DeliveryLedger>,
    /// Sends deliveries.
    pub sender: WebhookSender,
    /// The number of attempts before a notification is parked.
    pub max_attempts: u32,
}

/// The worker of a notification webhook.
pub struct Notifier {
    intake: Intake<DeliveryLedger>,
    webhook: Webhook,
    sender: WebhookSender,
    max_attempts: u32,
    breaker: CircuitBreaker,
    in_flight: FuturesUnordered<BoxFuture<'static, (DueNotification, DeliveryOutcome)>>,
    claimed: HashSet<NotificationKey>,
    results: Vec<NotificationResult>,
    poll_at: Instant,
    cleanup_at: Instant,
}

/// The result of processing a notification.
struct NotificationResult {
    key: NotificationKey,
    /// The log position up to which the user was notified or no longer needs to be.
    notified_to: Option<i64>,
    attempts: u32,
    due_at: Timestamp,
    parked: Option<ParkedDelivery>,
}

impl WebhookWorker for Notifier {
    async fn step(&mut self) -> Result<(), DeliveryError> {
        let wake_at = self.poll_at;
        tokio::select! {
            Some((due, outcome)) = self.in_flight.next(), if !self.in_flight.is_empty() => {
                self.handle_outcome(due, outcome).await?;
            }
            input = self.intake.next() => self.intake.take_in(input?).await?,
            () = sleep_until(wake_at) => {
                self.poll_at = Instant::now() + POLL_INTERVAL;
                self.intake.enqueue_projected().await?;
                self.save_results().await?;
                self.deliver_due().await?;
                self.delete_delivered().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), DeliveryError> {
        self.save_results().await
    }

    fn into_ledger(self) -> DeliveryLedger {
        self.intake.ledger
    }
}

impl Notifier {
    /// Resumes at the stored position of the webhook. `feed` must begin after that position.
    pub async fn resume(setup: NotifierSetup, feed: EventFeed) -> Result<Self, DeliveryError> {
        Ok(Self {
            intake: Intake::resume(setup.intake, feed).await?,
            webhook: setup.webhook,
            sender: setup.sender,
            max_attempts: setup.max_attempts,
            breaker: CircuitBreaker::new(circuit_breaker::MAX_NOTIFICATIONS_IN_FLIGHT),
            in_flight: FuturesUnordered::new(),
            claimed: HashSet::new(),
            results: Vec::new(),
            poll_at: Instant::now(),
            cleanup_at: Instant::now() + CLEANUP_INTERVAL,
        })
    }

    /// Sends the notifications that are due.
    async fn deliver_due(&mut self) -> Result<(), DeliveryError> {
        if self.intake.is_switched_off() {
            return Ok(());
        }
        let capacity = self
            .breaker
            .in_flight_limit()
            .saturating_sub(self.in_flight.len());
        if capacity == 0 {
            return Ok(());
        }
        let webhook = self.intake.ledger.webhook();
        let claimed: Vec<NotificationKey> = self.claimed.iter().cloned().collect();
        let connection = self.intake.ledger.connection();
        let all = due::load_due(connection, webhook, &claimed, capacity as i64).await?;
        if all.len() == capacity {
            self.poll_at = Instant::now();
        }
        for due in all {
            self.claimed.insert(due.key());
            if due.messages.unwrap_or_default() == 0 {
                self.push_result(&due, Some(due.to_position), 0, now(), None);
            } else if self.intake.online.is_online(&due.user_name) {
                self.recheck_online_user(&due);
            } else {
                let delivery = payload::build_message(webhook, &due, now())?;
                let (sender, webhook) = (self.sender.clone(), self.webhook.clone());
                self.in_flight.push(Box::pin(async move {
                    let outcome = sender.send(&webhook.url, &webhook.secret, &delivery).await;
                    (due, outcome)
                }));
            }
        }
        Ok(())
    }

    fn recheck_online_user(&mut self, due: &DueNotification) {
        let recheck = intake::recheck_online_user(due);
        let attempts = u32::try_from(due.tries).unwrap_or_default();
        self.push_result(due, recheck.notified_to, attempts, recheck.due_at, None);
    }

    async fn handle_outcome(
        &mut self,
        due: DueNotification,
        outcome: DeliveryOutcome,
    ) -> Result<(), DeliveryError> {
        self.intake.ledger.record_outcome(&outcome);
        let attempts = u32::try_from(due.tries).unwrap_or_default() + 1;
        let max_attempts = self.max_attempts;
        let position = due.to_position;
        match settlement::settle(outcome, attempts, max_attempts, position, &mut self.breaker) {
            Settlement::Delivered { .. } => {
                let next = Timestamp::from_millis(now().millis() + to_millis(self.intake.window));
                self.push_result(&due, Some(position), 0, next, None);
            }
            Settlement::Gone => {
                self.save_results().await?;
                self.intake.ledger.mark_gone().await?;
                return Err(DeliveryError::Superseded);
            }
            Settlement::Parked { error } => {
                let parked = ParkedDelivery {
                    position,
                    lane: due.conversation.clone(),
                    user: due.user_name.clone(),
                    attempts,
                    error,
                };
                self.push_result(&due, Some(position), 0, now(), Some(parked));
            }
            Settlement::Retry { due_at } => {
                self.push_result(&due, None, attempts, due_at, None);
            }
        }
        // A slot is free: poll for the next notification soon.
        self.poll_at = self.poll_at.min(Instant::now() + POLL_INTERVAL / 10);
        Ok(())
    }

    fn push_result(
        &mut self,
        due: &DueNotification,
        notified_to: Option<i64>,
        attempts: u32,
        due_at: Timestamp,
        parked: Option<ParkedDelivery>,
    ) {
        self.results.push(NotificationResult {
            key: due.key(),
            notified_to,
            attempts,
            due_at,
            parked,
        });
    }

    /// Stores the results so far.
    async fn save_results(&mut self) -> Result<(), DeliveryError> {
        if self.results.is_empty() && !self.intake.ledger.has_unsaved() {
            return Ok(());
        }
        let users: Vec<&str> = self
            .results
            .iter()
            .map(|result| result.key.user.as_str())
            .collect();
        let conversations: Vec<&str> = self
            .results
            .iter()
            .map(|result| result.key.conversation.as_str())
            .collect();
        let notified_to: Vec<i64> = self
            .results
            .iter()
            .map(|result| result.notified_to.unwrap_or(0))
            .collect();
        let attempts: Vec<i32> = self
            .results
            .iter()
            .map(|result| result.attempts as i32)
            .collect();
        let due_at: Vec<time::OffsetDateTime> = self
            .results
            .iter()
            .map(|result| result.due_at.into())
            .collect();
        let parked: Vec<ParkedDelivery> = self
            .results
            .iter()
            .filter_map(|result| result.parked.clone())
            .collect();
        let webhook = self.intake.ledger.webhook();
        let mut transaction = self.intake.ledger.begin_save(self.intake.position).await?;
        sqlx::query(
            "UPDATE hooks.notices n
             SET told_position = greatest(n.told_position, d.notified_to), tries = d.tries,
                 due_at = d.due_at, from_position = greatest(n.from_position, d.notified_to + 1),
                 since = CASE WHEN d.notified_to > 0 THEN now() ELSE n.since END
             FROM unnest($2::text[], $3::text[], $4::bigint[], $5::int[], $6::timestamptz[])
                  d (user_name, conversation, notified_to, tries, due_at)
             WHERE n.webhook = $1 AND n.user_name = d.user_name AND n.conversation = d.conversation",
        )
        .bind(webhook)
        .bind(users)
        .bind(conversations)
        .bind(notified_to)
        .bind(attempts)
        .bind(due_at)
        .execute(&mut *transaction)
        .await?;
        ledger::park(&mut transaction, webhook, &parked).await?;
        transaction.commit().await?;
        self.intake.ledger.clear_unsaved();
        for result in self.results.drain(..) {
            self.claimed.remove(&result.key);
        }
        Ok(())
    }

    /// Deletes notifications that were delivered long ago.
    async fn delete_delivered(&mut self) -> Result<(), DeliveryError> {
        if Instant::now() < self.cleanup_at {
            return Ok(());
        }
        self.cleanup_at = Instant::now() + CLEANUP_INTERVAL;
        let webhook = self.intake.ledger.webhook();
        sqlx::query(
            "DELETE FROM hooks.notices WHERE webhook = $1 AND told_position >= to_position
             AND since < now() - interval '1 hour'",
        )
        .bind(webhook)
        .execute(self.intake.ledger.connection())
        .await?;
        Ok(())
    }
}
