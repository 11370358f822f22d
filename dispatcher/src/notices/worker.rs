//! The worker of a notification webhook: enqueues notifications of new messages and sends those
//! that are due.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use domain::time::Timestamp;
use event_log::reader::LogReader;
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{Instant, sleep_until};

use super::due::{self, Due, Key};
use super::payload;
use super::take::{self, Sent, Whom};
use crate::backoff;
use crate::failed::Failed;
use crate::feed::{Feed, Stretch};
use crate::ledger::{self, GivenUp, Ledger};
use crate::now;
use crate::online::Online;
use crate::pace::{self, Pace};
use crate::sender::{Outcome, Sender};
use crate::webhook::Webhook;
use crate::worker::Worker;

/// How often to poll for due notifications and to store results.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The age up to which messages are checked again when a user goes offline: the connection may have
/// been dead for that long before it was noticed (a minute of silence, a grace period, a gateway's
/// heartbeat).
const RECENT: Duration = Duration::from_secs(75);

/// The maximum number of messages that are remembered for that.
const REMEMBERED: usize = 20_000;

/// How soon the notification of an online user is checked again. If the user is still online after
/// [`ALIVE_TIMEOUT`], the connection was alive and the notification is dropped.
const ASK_AGAIN: Duration = Duration::from_secs(5);
const ALIVE_AFTER: Duration = RECENT;

/// The maximum number of log positions that are read again at the start, for users who went offline
/// while no dispatcher was running.
const RESUMED: i64 = 20_000;

/// How often old delivered notifications are deleted.
const FORGET_EVERY: Duration = Duration::from_secs(60);

/// The parts that a notification worker needs.
pub struct Setup {
    /// The webhook to deliver for.
    pub webhook: Webhook,
    /// Stores the progress.
    pub ledger: Ledger,
    /// Reads messages that were sent before this worker started.
    pub reader: LogReader,
    /// The users that are online.
    pub online: Online,
    /// Sends deliveries.
    pub sender: Sender,
    /// The number of attempts before a notification is parked.
    pub tries: u32,
    /// How long a notification waits for further messages, to report them together.
    pub window: Duration,
}

/// The worker of a notification webhook.
pub struct Notices {
    setup: Setup,
    feed: Feed,
    gone: broadcast::Receiver<String>,
    /// Batches that were read, but that the read models do not contain yet.
    early: VecDeque<Stretch>,
    recent: VecDeque<Sent>,
    position: i64,
    pace: Pace,
    flying: FuturesUnordered<BoxFuture<'static, (Due, Outcome)>>,
    in_hand: HashSet<Key>,
    done: Vec<Done>,
    look_at: Instant,
    forget_at: Instant,
}

/// The result of processing a notification.
struct Done {
    key: Key,
    /// The log position up to which the user was notified or no longer needs to be.
    told: Option<i64>,
    tries: u32,
    due: Timestamp,
    given_up: Option<GivenUp>,
}

impl Worker for Notices {
    async fn step(&mut self) -> Result<(), Failed> {
        let wake_at = self.look_at;
        tokio::select! {
            Some((due, outcome)) = self.flying.next(), if !self.flying.is_empty() => {
                self.settle(due, outcome).await?;
            }
            batch = self.feed.next(), if self.early.len() < 4 => self.early.push_back(batch?),
            user = self.gone.recv() => self.look_after(user).await?,
            () = sleep_until(wake_at) => {
                self.look_at = Instant::now() + LOOK_EVERY;
                self.take_in().await?;
                self.write().await?;
                self.tell().await?;
                self.forget().await?;
            }
        }
        Ok(())
    }

    async fn write_down(&mut self) -> Result<(), Failed> {
        self.write().await
    }

    fn into_ledger(self) -> Ledger {
        self.setup.ledger
    }
}

impl Notices {
    /// Resumes at the stored position of the webhook. `feed` must begin after that position.
    pub async fn resume(setup: Setup, feed: Feed) -> Result<Self, Failed> {
        let gone = setup.online.gone();
        setup.online.known().await;
        let position = setup.webhook.position;
        let mut notices = Self {
            gone,
            setup,
            feed,
            early: VecDeque::new(),
            recent: VecDeque::new(),
            position,
            pace: Pace::of(pace::NOTIFICATIONS),
            flying: FuturesUnordered::new(),
            in_hand: HashSet::new(),
            done: Vec::new(),
            look_at: Instant::now(),
            forget_at: Instant::now() + FORGET_EVERY,
        };
        notices.look_back().await?;
        Ok(notices)
    }

    /// Enqueues notifications for users who went offline while no dispatcher was running.
    async fn look_back(&mut self) -> Result<(), Failed> {
        let since = Timestamp::from_millis(now().millis() - millis(RECENT));
        let earliest = self.setup.reader.last_position_before(since).await?;
        let from = earliest
            .max(self.setup.webhook.floor)
            .max(self.position - RESUMED);
        if from >= self.position {
            return Ok(());
        }
        let events = self
            .setup
            .reader
            .read_after(from, self.position - from)
            .await?;
        self.recent.extend(events.iter().filter_map(Sent::of));
        let online = self.setup.online.everybody();
        self.take_recent(&Whom::AllMissingBut(&online)).await
    }

    /// Enqueues notifications of the batches that the read models contain by now.
    async fn take_in(&mut self) -> Result<(), Failed> {
        if self.early.is_empty() {
            return Ok(());
        }
        let connection = self.setup.ledger.connection();
        let projected: i64 = sqlx::query_scalar("SELECT k.position FROM read.checkpoint k")
            .fetch_one(connection)
            .await?;
        while self
            .early
            .front()
            .is_some_and(|batch| batch.up_to <= projected)
        {
            let Some(batch) = self.early.pop_front() else {
                break;
            };
            let sent: Vec<Sent> = batch.events.iter().filter_map(Sent::of).collect();
            let online = if sent.is_empty() {
                Vec::new()
            } else {
                self.setup.online.everybody()
            };
            let (webhook, window) = (self.setup.ledger.webhook(), self.setup.window);
            let mut transaction = self.setup.ledger.begin(batch.up_to).await?;
            let messages: Vec<&Sent> = sent.iter().collect();
            take::take(
                &mut transaction,
                webhook,
                &messages,
                &Whom::AllBut(&online),
                window,
            )
            .await?;
            transaction.commit().await?;
            self.setup.ledger.written();
            self.position = batch.up_to;
            self.remember(sent);
        }
        Ok(())
    }

    fn remember(&mut self, sent: Vec<Sent>) {
        self.recent.extend(sent);
        let oldest = now().millis() - millis(RECENT);
        let expired = self
            .recent
            .partition_point(|message| message.time.millis() < oldest);
        self.recent.drain(..expired);
        let excess = self.recent.len().saturating_sub(REMEMBERED);
        self.recent.drain(..excess);
    }

    /// Handles users who went offline: enqueues notifications of recent messages that they missed.
    async fn look_after(&mut self, user: Result<String, RecvError>) -> Result<(), Failed> {
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
            match self.gone.try_recv() {
                Ok(user) => users.push(user),
                Err(TryRecvError::Lagged(_)) => has_lagged = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if has_lagged {
            let online = self.setup.online.everybody();
            return self.take_recent(&Whom::AllMissingBut(&online)).await;
        }
        self.take_recent(&Whom::Missing(&users)).await
    }

    async fn take_recent(&mut self, recipients: &Whom<'_>) -> Result<(), Failed> {
        let sent: Vec<&Sent> = self.recent.iter().collect();
        let (webhook, window) = (self.setup.ledger.webhook(), self.setup.window);
        let mut transaction = self.setup.ledger.begin(self.position).await?;
        take::take(&mut transaction, webhook, &sent, recipients, window).await?;
        transaction.commit().await?;
        self.setup.ledger.written();
        Ok(())
    }

    /// Sends the notifications that are due.
    async fn tell(&mut self) -> Result<(), Failed> {
        let capacity = self.pace.at_once().saturating_sub(self.flying.len());
        if capacity == 0 {
            return Ok(());
        }
        let webhook = self.setup.ledger.webhook();
        let claimed: Vec<Key> = self.in_hand.iter().cloned().collect();
        let connection = self.setup.ledger.connection();
        let all = due::due(connection, webhook, &claimed, capacity as i64).await?;
        if all.len() == capacity {
            self.look_at = Instant::now();
        }
        for due in all {
            self.in_hand.insert(due.key());
            if due.messages.unwrap_or_default() == 0 {
                self.finish(&due, Some(due.to_position), 0, now(), None);
            } else if self.setup.online.has(&due.user_name) {
                self.ask_again(&due);
            } else {
                let delivery = payload::delivery(webhook, &due, now())?;
                let (sender, webhook) = (self.setup.sender.clone(), self.setup.webhook.clone());
                self.flying.push(Box::pin(async move {
                    let outcome = sender.send(&webhook.url, &webhook.secret, &delivery).await;
                    (due, outcome)
                }));
            }
        }
        Ok(())
    }

    /// Reschedules the notification of an online user, or drops it once the connection must have
    /// been alive.
    fn ask_again(&mut self, due: &Due) {
        let is_alive = due.age_ms(now()) >= millis(ALIVE_AFTER);
        let again = Timestamp::from_millis(now().millis() + millis(ASK_AGAIN));
        let tries = u32::try_from(due.tries).unwrap_or_default();
        self.finish(due, is_alive.then_some(due.to_position), tries, again, None);
    }

    async fn settle(&mut self, due: Due, outcome: Outcome) -> Result<(), Failed> {
        self.setup.ledger.count(&outcome);
        let tries = u32::try_from(due.tries).unwrap_or_default() + 1;
        match outcome {
            Outcome::Accepted => {
                self.pace.accepted();
                let next = Timestamp::from_millis(now().millis() + millis(self.setup.window));
                self.finish(&due, Some(due.to_position), 0, next, None);
            }
            Outcome::Gone => {
                self.write().await?;
                self.setup.ledger.gone().await?;
                return Err(Failed::Changed);
            }
            Outcome::Failed { why, .. } if tries >= self.setup.tries => {
                self.pace.failed();
                let given_up = GivenUp {
                    position: due.to_position,
                    lane: due.conversation.clone(),
                    user: due.user_name.clone(),
                    tries,
                    why,
                };
                self.finish(&due, Some(due.to_position), 0, now(), Some(given_up));
            }
            Outcome::Failed { wait, .. } => {
                self.pace.failed();
                let again = backoff::due(now(), tries, wait, due.to_position as u64);
                self.finish(&due, None, tries, again, None);
            }
        }
        // A slot is free: poll for the next notification soon.
        self.look_at = self.look_at.min(Instant::now() + LOOK_EVERY / 10);
        Ok(())
    }

    fn finish(
        &mut self,
        due: &Due,
        told: Option<i64>,
        tries: u32,
        again: Timestamp,
        given_up: Option<GivenUp>,
    ) {
        self.done.push(Done {
            key: due.key(),
            told,
            tries,
            due: again,
            given_up,
        });
    }

    /// Stores the results so far.
    async fn write(&mut self) -> Result<(), Failed> {
        if self.done.is_empty() && !self.setup.ledger.has_news() {
            return Ok(());
        }
        let users: Vec<&str> = self
            .done
            .iter()
            .map(|result| result.key.user.as_str())
            .collect();
        let conversations: Vec<&str> = self
            .done
            .iter()
            .map(|result| result.key.conversation.as_str())
            .collect();
        let told: Vec<i64> = self
            .done
            .iter()
            .map(|result| result.told.unwrap_or(0))
            .collect();
        let tries: Vec<i32> = self.done.iter().map(|result| result.tries as i32).collect();
        let due: Vec<time::OffsetDateTime> =
            self.done.iter().map(|result| result.due.into()).collect();
        let given_up: Vec<GivenUp> = self
            .done
            .iter()
            .filter_map(|result| result.given_up.clone())
            .collect();
        let webhook = self.setup.ledger.webhook();
        let mut transaction = self.setup.ledger.begin(self.position).await?;
        sqlx::query(
            "UPDATE hooks.notices n
             SET told_position = greatest(n.told_position, d.told), tries = d.tries, due_at = d.due,
                 from_position = greatest(n.from_position, d.told + 1),
                 since = CASE WHEN d.told > 0 THEN now() ELSE n.since END
             FROM unnest($2::text[], $3::text[], $4::bigint[], $5::int[], $6::timestamptz[])
                  d (user_name, conversation, told, tries, due)
             WHERE n.webhook = $1 AND n.user_name = d.user_name AND n.conversation = d.conversation",
        )
        .bind(webhook)
        .bind(users)
        .bind(conversations)
        .bind(told)
        .bind(tries)
        .bind(due)
        .execute(&mut *transaction)
        .await?;
        ledger::park(&mut transaction, webhook, &given_up).await?;
        transaction.commit().await?;
        self.setup.ledger.written();
        for result in self.done.drain(..) {
            self.in_hand.remove(&result.key);
        }
        Ok(())
    }

    /// Deletes notifications that were delivered long ago.
    async fn forget(&mut self) -> Result<(), Failed> {
        if Instant::now() < self.forget_at {
            return Ok(());
        }
        self.forget_at = Instant::now() + FORGET_EVERY;
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

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
