//! The worker of a notification webhook: enqueues notifications of new messages and sends those
//! that are due.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use domain::deployment::feature::Feature;
use domain::time::Timestamp;
use event_log::reader::LogReader;
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use moderation::LiveRulebook;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{Instant, sleep_until};

use super::due::{self, DueNotification, NotificationKey};
use super::enqueue::{self, MessageRef, NotificationRecipients};
use super::payload;
use crate::circuit_breaker::{self, CircuitBreaker};
use crate::clock::{now, to_millis};
use crate::error::DeliveryError;
use crate::feed::{EventBatch, EventFeed};
use crate::ledger::{self, DeliveryLedger, ParkedDelivery};
use crate::online::OnlineUsers;
use crate::sender::{DeliveryOutcome, WebhookSender};
use crate::settlement::{self, Settlement};
use crate::webhook::Webhook;
use crate::worker::WebhookWorker;

/// How often to poll for due notifications and to store results.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// The age up to which messages are checked again when a user goes offline: the connection may have
/// been dead for that long before it was noticed (a minute of silence, a grace period, a gateway's
/// heartbeat).
const RECENT_WINDOW: Duration = Duration::from_secs(75);

/// The maximum number of messages that are remembered for that.
const MAX_RECENT_MESSAGES: usize = 20_000;

/// How soon the notification of an online user is checked again. If the user is still online after
/// [`ALIVE_TIMEOUT`], the connection was alive and the notification is dropped.
const RECHECK_INTERVAL: Duration = Duration::from_secs(5);
const ALIVE_TIMEOUT: Duration = RECENT_WINDOW;

/// The maximum number of log positions that are read again at the start, for users who went offline
/// while no dispatcher was running.
const MAX_RESUMED_MESSAGES: i64 = 20_000;

/// How often old delivered notifications are deleted.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(60);

/// The parts that a notification worker needs.
pub struct NotifierSetup {
    /// The webhook to deliver for.
    pub webhook: Webhook,
    /// Stores the progress.
    pub ledger: DeliveryLedger,
    /// Reads messages that were sent before this worker started.
    pub reader: LogReader,
    /// The users that are online.
    pub online: OnlineUsers,
    /// Sends deliveries.
    pub sender: WebhookSender,
    /// The number of attempts before a notification is parked.
    pub max_attempts: u32,
    /// How long a notification waits for further messages, to report them together.
    pub window: Duration,
    /// Whether notifications are switched off.
    pub rulebook: LiveRulebook,
}

/// The worker of a notification webhook.
pub struct Notifier {
    setup: NotifierSetup,
    feed: EventFeed,
    went_offline: broadcast::Receiver<String>,
    /// Batches that were read, but that the read models do not contain yet.
    awaiting_projection: VecDeque<EventBatch>,
    recent_messages: VecDeque<MessageRef>,
    position: i64,
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
            batch = self.feed.next(), if self.awaiting_projection.len() < 4 => self.awaiting_projection.push_back(batch?),
            user = self.went_offline.recv() => self.recheck_offline_user(user).await?,
            () = sleep_until(wake_at) => {
                self.poll_at = Instant::now() + POLL_INTERVAL;
                self.enqueue_projected().await?;
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
        self.setup.ledger
    }
}

impl Notifier {
    /// Resumes at the stored position of the webhook. `feed` must begin after that position.
    pub async fn resume(setup: NotifierSetup, feed: EventFeed) -> Result<Self, DeliveryError> {
        let went_offline = setup.online.subscribe_offline();
        setup.online.wait_until_ready().await;
        let position = setup.webhook.position;
        let mut notifier = Self {
            went_offline,
            setup,
            feed,
            awaiting_projection: VecDeque::new(),
            recent_messages: VecDeque::new(),
            position,
            breaker: CircuitBreaker::new(circuit_breaker::MAX_NOTIFICATIONS_IN_FLIGHT),
            in_flight: FuturesUnordered::new(),
            claimed: HashSet::new(),
            results: Vec::new(),
            poll_at: Instant::now(),
            cleanup_at: Instant::now() + CLEANUP_INTERVAL,
        };
        notifier.enqueue_missed().await?;
        Ok(notifier)
    }

    /// Enqueues notifications for users who went offline while no dispatcher was running.
    async fn enqueue_missed(&mut self) -> Result<(), DeliveryError> {
        let since = Timestamp::from_millis(now().millis() - to_millis(RECENT_WINDOW));
        let earliest = self.setup.reader.last_position_before(since).await?;
        let from = earliest
            .max(self.setup.webhook.floor)
            .max(self.position - MAX_RESUMED_MESSAGES);
        if from >= self.position {
            return Ok(());
        }
        let events = self
            .setup
            .reader
            .read_after(from, self.position - from)
            .await?;
        self.recent_messages
            .extend(events.iter().filter_map(MessageRef::from_event));
        let online = self.setup.online.list_users();
        self.enqueue_recent(&NotificationRecipients::AllUndeliveredExcept(&online))
            .await
    }

    /// Enqueues notifications of the batches that the read models contain by now.
    async fn enqueue_projected(&mut self) -> Result<(), DeliveryError> {
        if self.awaiting_projection.is_empty() {
            return Ok(());
        }
        let connection = self.setup.ledger.connection();
        let projected: i64 = sqlx::query_scalar("SELECT k.position FROM read.checkpoint k")
            .fetch_one(connection)
            .await?;
        while self
            .awaiting_projection
            .front()
            .is_some_and(|batch| batch.up_to <= projected)
        {
            let Some(batch) = self.awaiting_projection.pop_front() else {
                break;
            };
            let sent: Vec<MessageRef> = batch
                .events
                .iter()
                .filter_map(MessageRef::from_event)
                .collect();
            let online = if sent.is_empty() {
                Vec::new()
            } else {
                self.setup.online.list_users()
            };
            let (webhook, window) = (self.setup.ledger.webhook(), self.setup.window);
            let mut transaction = self.setup.ledger.begin_save(batch.up_to).await?;
            let messages: Vec<&MessageRef> = sent.iter().collect();
            enqueue::enqueue(
                &mut transaction,
                webhook,
                &messages,
                &NotificationRecipients::AllExcept(&online),
                window,
            )
            .await?;
            transaction.commit().await?;
            self.setup.ledger.clear_unsaved();
            self.position = batch.up_to;
            self.remember_recent(sent);
        }
        Ok(())
    }

    fn remember_recent(&mut self, sent: Vec<MessageRef>) {
        self.recent_messages.extend(sent);
        let oldest = now().millis() - to_millis(RECENT_WINDOW);
        let expired = self
            .recent_messages
            .partition_point(|message| message.time.millis() < oldest);
        self.recent_messages.drain(..expired);
        let excess = self
            .recent_messages
            .len()
            .saturating_sub(MAX_RECENT_MESSAGES);
        self.recent_messages.drain(..excess);
    }

    /// Handles users who went offline: enqueues notifications of recent messages that they missed.
    async fn recheck_offline_user(
        &mut self,
        user: Result<String, RecvError>,
    ) -> Result<(), DeliveryError> {
        let mut users = Vec::new();
        let mut has_lagged = match user {
            Ok(user) => {
                users.push(user);
                false
            }
            Err(RecvError::Lagged(_)) => true,
            Err(RecvError::Closed) => return Ok(()),
        };
        loop {
            match self.went_offline.try_recv() {
                Ok(user) => users.push(user),
                Err(TryRecvError::Lagged(_)) => has_lagged = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if has_lagged {
            let online = self.setup.online.list_users();
            return self
                .enqueue_recent(&NotificationRecipients::AllUndeliveredExcept(&online))
                .await;
        }
        self.enqueue_recent(&NotificationRecipients::Undelivered(&users))
            .await
    }

    async fn enqueue_recent(
        &mut self,
        recipients: &NotificationRecipients<'_>,
    ) -> Result<(), DeliveryError> {
        let sent: Vec<&MessageRef> = self.recent_messages.iter().collect();
        let (webhook, window) = (self.setup.ledger.webhook(), self.setup.window);
        let mut transaction = self.setup.ledger.begin_save(self.position).await?;
        enqueue::enqueue(&mut transaction, webhook, &sent, recipients, window).await?;
        transaction.commit().await?;
        self.setup.ledger.clear_unsaved();
        Ok(())
    }

    /// Whether an administrator has switched notifications off. They wait until they are on again.
    fn is_switched_off(&self) -> bool {
        let rulebook = self.setup.rulebook.current();
        rulebook
            .switched_off(Feature::Notifications, now())
            .is_some()
    }

    /// Sends the notifications that are due.
    async fn deliver_due(&mut self) -> Result<(), DeliveryError> {
        if self.is_switched_off() {
            return Ok(());
        }
        let capacity = self
            .breaker
            .in_flight_limit()
            .saturating_sub(self.in_flight.len());
        if capacity == 0 {
            return Ok(());
        }
        let webhook = self.setup.ledger.webhook();
        let claimed: Vec<NotificationKey> = self.claimed.iter().cloned().collect();
        let connection = self.setup.ledger.connection();
        let all = due::load_due(connection, webhook, &claimed, capacity as i64).await?;
        if all.len() == capacity {
            self.poll_at = Instant::now();
        }
        for due in all {
            self.claimed.insert(due.key());
            if due.messages.unwrap_or_default() == 0 {
                self.push_result(&due, Some(due.to_position), 0, now(), None);
            } else if self.setup.online.is_online(&due.user_name) {
                self.recheck_online_user(&due);
            } else {
                let delivery = payload::build_message(webhook, &due, now())?;
                let (sender, webhook) = (self.setup.sender.clone(), self.setup.webhook.clone());
                self.in_flight.push(Box::pin(async move {
                    let outcome = sender.send(&webhook.url, &webhook.secret, &delivery).await;
                    (due, outcome)
                }));
            }
        }
        Ok(())
    }

    /// Reschedules the notification of an online user, or drops it once the connection must have
    /// been alive.
    fn recheck_online_user(&mut self, due: &DueNotification) {
        let is_alive = due.age_ms(now()) >= to_millis(ALIVE_TIMEOUT);
        let due_at = Timestamp::from_millis(now().millis() + to_millis(RECHECK_INTERVAL));
        let attempts = u32::try_from(due.tries).unwrap_or_default();
        let notified_to = is_alive.then_some(due.to_position);
        self.push_result(due, notified_to, attempts, due_at, None);
    }

    async fn handle_outcome(
        &mut self,
        due: DueNotification,
        outcome: DeliveryOutcome,
    ) -> Result<(), DeliveryError> {
        self.setup.ledger.record_outcome(&outcome);
        let attempts = u32::try_from(due.tries).unwrap_or_default() + 1;
        let max_attempts = self.setup.max_attempts;
        let position = due.to_position;
        match settlement::settle(outcome, attempts, max_attempts, position, &mut self.breaker) {
            Settlement::Delivered { .. } => {
                let next = Timestamp::from_millis(now().millis() + to_millis(self.setup.window));
                self.push_result(&due, Some(position), 0, next, None);
            }
            Settlement::Gone => {
                self.save_results().await?;
                self.setup.ledger.mark_gone().await?;
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
        if self.results.is_empty() && !self.setup.ledger.has_unsaved() {
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
        let webhook = self.setup.ledger.webhook();
        let mut transaction = self.setup.ledger.begin_save(self.position).await?;
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
        self.setup.ledger.clear_unsaved();
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
        let webhook = self.setup.ledger.webhook();
        sqlx::query(
            "DELETE FROM hooks.notices WHERE webhook = $1 AND told_position >= to_position
             AND since < now() - interval '1 hour'",
        )
        .bind(webhook)
        .execute(self.setup.ledger.connection())
        .await?;
        Ok(())
    }
}
