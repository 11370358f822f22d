//! The intake of notifications: enqueues them for the recipients of new messages, and for users who
//! went offline shortly after. The workers of webhooks and of pushes share it.

use std::collections::VecDeque;
use std::time::Duration;

use domain::deployment::feature::Feature;
use domain::time::Timestamp;
use event_log::reader::LogReader;
use moderation::LiveRulebook;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use super::due::DueNotification;
use super::enqueue::{MessageRef, NotificationRecipients};
use super::notice_ledger::NoticeLedger;
use crate::clock::{now, to_millis};
use crate::error::DeliveryError;
use crate::feed::{EventBatch, EventFeed};
use crate::online::OnlineUsers;

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

/// The maximum number of batches that wait for the read models.
const MAX_AWAITING: usize = 4;

/// The parts that an intake needs.
pub struct IntakeSetup<L> {
    /// Stores the notifications and the progress.
    pub ledger: L,
    /// The position after which the feed begins.
    pub position: i64,
    /// Nothing at or before this position is looked at again.
    pub floor: i64,
    /// Reads messages that were sent before this worker started.
    pub reader: LogReader,
    /// The users that are online.
    pub online: OnlineUsers,
    /// How long a notification waits for further messages, to report them together.
    pub window: Duration,
    /// Whether notifications are switched off.
    pub rulebook: LiveRulebook,
}

/// Enqueues notifications.
pub struct Intake<L> {
    /// Stores the notifications and the progress.
    pub ledger: L,
    /// Everything up to this log position is enqueued.
    pub position: i64,
    /// The users that are online.
    pub online: OnlineUsers,
    /// How long a notification waits for further messages.
    pub window: Duration,
    reader: LogReader,
    rulebook: LiveRulebook,
    feed: EventFeed,
    went_offline: broadcast::Receiver<String>,
    /// Batches that were read, but that the read models do not contain yet.
    awaiting_projection: VecDeque<EventBatch>,
    recent_messages: VecDeque<MessageRef>,
}

/// Something that an intake has received.
pub enum IntakeInput {
    /// Events.
    Batch(EventBatch),
    /// A user has gone offline, or some have.
    WentOffline(Result<String, RecvError>),
}

impl<L: NoticeLedger> Intake<L> {
    /// Resumes at the stored position, after which `feed` must begin.
    pub async fn resume(setup: IntakeSetup<L>, feed: EventFeed) -> Result<Self, DeliveryError> {
        let went_offline = setup.online.subscribe_offline();
        setup.online.wait_until_ready().await;
        let mut intake = Self {
            went_offline,
            feed,
            ledger: setup.ledger,
            position: setup.position,
            online: setup.online,
            window: setup.window,
            reader: setup.reader,
            rulebook: setup.rulebook,
            awaiting_projection: VecDeque::new(),
            recent_messages: VecDeque::new(),
        };
        intake.enqueue_missed(setup.floor).await?;
        Ok(intake)
    }

    /// Waits for new events, or for users who go offline. Cancel-safe.
    pub async fn next(&mut self) -> Result<IntakeInput, DeliveryError> {
        tokio::select! {
            batch = self.feed.next(), if self.awaiting_projection.len() < MAX_AWAITING => {
                Ok(IntakeInput::Batch(batch?))
            }
            user = self.went_offline.recv() => Ok(IntakeInput::WentOffline(user)),
        }
    }

    /// Takes in what was received.
    pub async fn take_in(&mut self, input: IntakeInput) -> Result<(), DeliveryError> {
        match input {
            IntakeInput::Batch(batch) => {
                self.awaiting_projection.push_back(batch);
                Ok(())
            }
            IntakeInput::WentOffline(user) => self.recheck_offline_user(user).await,
        }
    }

    /// Enqueues notifications for users who went offline while no dispatcher was running.
    async fn enqueue_missed(&mut self, floor: i64) -> Result<(), DeliveryError> {
        let since = Timestamp::from_millis(now().millis() - to_millis(RECENT_WINDOW));
        let earliest = self.reader.last_position_before(since).await?;
        let from = earliest
            .max(floor)
            .max(self.position - MAX_RESUMED_MESSAGES);
        if from >= self.position {
            return Ok(());
        }
        let events = self.reader.read_after(from, self.position - from).await?;
        self.recent_messages
            .extend(events.iter().filter_map(MessageRef::from_event));
        let online = self.online.list_users();
        self.enqueue_recent(&NotificationRecipients::AllUndeliveredExcept(&online))
            .await
    }

    /// Enqueues notifications of the batches that the read models contain by now.
    pub async fn enqueue_projected(&mut self) -> Result<(), DeliveryError> {
        if self.awaiting_projection.is_empty() {
            return Ok(());
        }
        let connection = self.ledger.connection();
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
                self.online.list_users()
            };
            let messages: Vec<&MessageRef> = sent.iter().collect();
            let recipients = NotificationRecipients::AllExcept(&online);
            self.ledger
                .enqueue(batch.up_to, &messages, &recipients, self.window)
                .await?;
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
            let online = self.online.list_users();
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
        self.ledger
            .enqueue(self.position, &sent, recipients, self.window)
            .await
    }

    /// Whether an administrator has switched notifications off. They wait until they are on again.
    pub fn is_switched_off(&self) -> bool {
        let rulebook = self.rulebook.current();
        rulebook
            .switched_off(Feature::Notifications, now())
            .is_some()
    }
}

/// What is done with the notification of a user who is online.
pub struct OnlineRecheck {
    /// The position up to which it is done, once the connection must have been alive.
    pub notified_to: Option<i64>,
    /// When it is checked again.
    pub due_at: Timestamp,
}

/// Reschedules the notification of an online user, or drops it once the connection must have been
/// alive.
pub fn recheck_online_user(due: &DueNotification) -> OnlineRecheck {
    let is_alive = due.age_ms(now()) >= to_millis(ALIVE_TIMEOUT);
    OnlineRecheck {
        notified_to: is_alive.then_some(due.to_position),
        due_at: Timestamp::from_millis(now().millis() + to_millis(RECHECK_INTERVAL)),
    }
}
