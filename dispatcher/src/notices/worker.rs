//! Takes in what was sent, and tells what is due.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use domain::time::Timestamp;
use event_log::reader::Reader;
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

/// How often to look what is due, and to write down what was done.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What was sent so lately is looked at again when somebody has gone offline: their connection may have been
/// dead for that long before that was noticed (a minute of silence, a grace time, a gateway's heartbeat).
const RECENT: Duration = Duration::from_secs(75);

/// Messages that are remembered for that.
const REMEMBERED: usize = 20_000;

/// Somebody who is online is asked again so much later, and told nothing if they still are when this has
/// passed: then their connection was alive.
const ASK_AGAIN: Duration = Duration::from_secs(5);
const ALIVE_AFTER: Duration = RECENT;

/// Old messages that are taken in again at once when a dispatcher begins.
const RESUMED: i64 = 20_000;

/// How often what has been told is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(60);

/// What a worker of notifications is made of.
pub struct Setup {
    /// Whose.
    pub webhook: Webhook,
    /// Where progress is kept.
    pub ledger: Ledger,
    /// Reads what was sent before this worker began.
    pub reader: Reader,
    /// Who is online.
    pub online: Online,
    /// Delivers.
    pub sender: Sender,
    /// How often something is tried.
    pub tries: u32,
    /// How long what follows a message is told together with it.
    pub window: Duration,
}

/// Delivers the notifications of one webhook.
pub struct Notices {
    setup: Setup,
    feed: Feed,
    gone: broadcast::Receiver<String>,
    /// Read, but not yet in the read models.
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

/// What became of a notice.
struct Done {
    key: Key,
    /// Told, or of no interest any more, up to here.
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
            stretch = self.feed.next(), if self.early.len() < 4 => self.early.push_back(stretch?),
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
    /// Goes on where the webhook stands. `feed` begins after its position.
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

    /// Who has gone offline while no dispatcher was there is told what they may have missed.
    async fn look_back(&mut self) -> Result<(), Failed> {
        let since = Timestamp::from_millis(now().millis() - millis(RECENT));
        let earliest = self.setup.reader.position_at(since).await?;
        let from = earliest
            .max(self.setup.webhook.floor)
            .max(self.position - RESUMED);
        if from >= self.position {
            return Ok(());
        }
        let events = self.setup.reader.after(from, self.position - from).await?;
        self.recent.extend(events.iter().filter_map(Sent::of));
        let online = self.setup.online.everybody();
        self.take_recent(&Whom::AllMissingBut(&online)).await
    }

    /// Takes in what the read models have by now.
    async fn take_in(&mut self) -> Result<(), Failed> {
        if self.early.is_empty() {
            return Ok(());
        }
        let connection = self.setup.ledger.connection();
        let projected: i64 = sqlx::query_scalar("SELECT k.position FROM read.checkpoint k")
            .fetch_one(connection)
            .await?;
        while self.early.front().is_some_and(|it| it.up_to <= projected) {
            let Some(stretch) = self.early.pop_front() else {
                break;
            };
            let sent: Vec<Sent> = stretch.events.iter().filter_map(Sent::of).collect();
            let online = if sent.is_empty() {
                Vec::new()
            } else {
                self.setup.online.everybody()
            };
            let (webhook, window) = (self.setup.ledger.webhook(), self.setup.window);
            let mut transaction = self.setup.ledger.begin(stretch.up_to).await?;
            let new: Vec<&Sent> = sent.iter().collect();
            take::take(
                &mut transaction,
                webhook,
                &new,
                &Whom::AllBut(&online),
                window,
            )
            .await?;
            transaction.commit().await?;
            self.setup.ledger.written();
            self.position = stretch.up_to;
            self.remember(sent);
        }
        Ok(())
    }

    fn remember(&mut self, sent: Vec<Sent>) {
        self.recent.extend(sent);
        let oldest = now().millis() - millis(RECENT);
        let passed = self.recent.partition_point(|it| it.time.millis() < oldest);
        self.recent.drain(..passed);
        let excess = self.recent.len().saturating_sub(REMEMBERED);
        self.recent.drain(..excess);
    }

    /// Somebody has gone offline.
    async fn look_after(&mut self, user: Result<String, RecvError>) -> Result<(), Failed> {
        let mut users = Vec::new();
        let mut has_missed = match user {
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
                Err(TryRecvError::Lagged(_)) => has_missed = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if has_missed {
            let online = self.setup.online.everybody();
            return self.take_recent(&Whom::AllMissingBut(&online)).await;
        }
        self.take_recent(&Whom::Missing(&users)).await
    }

    async fn take_recent(&mut self, whom: &Whom<'_>) -> Result<(), Failed> {
        let sent: Vec<&Sent> = self.recent.iter().collect();
        let (webhook, window) = (self.setup.ledger.webhook(), self.setup.window);
        let mut transaction = self.setup.ledger.begin(self.position).await?;
        take::take(&mut transaction, webhook, &sent, whom, window).await?;
        transaction.commit().await?;
        self.setup.ledger.written();
        Ok(())
    }

    /// Sends what is due.
    async fn tell(&mut self) -> Result<(), Failed> {
        let room = self.pace.at_once().saturating_sub(self.flying.len());
        if room == 0 {
            return Ok(());
        }
        let webhook = self.setup.ledger.webhook();
        let in_hand: Vec<Key> = self.in_hand.iter().cloned().collect();
        let connection = self.setup.ledger.connection();
        let all = due::due(connection, webhook, &in_hand, room as i64).await?;
        if all.len() == room {
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

    /// Whoever is online has it from there, if the connection is alive.
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
        // What comes next can be started.
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

    /// Writes down what was done.
    async fn write(&mut self) -> Result<(), Failed> {
        if self.done.is_empty() && !self.setup.ledger.has_news() {
            return Ok(());
        }
        let users: Vec<&str> = self.done.iter().map(|it| it.key.user.as_str()).collect();
        let conversations: Vec<&str> = self
            .done
            .iter()
            .map(|it| it.key.conversation.as_str())
            .collect();
        let told: Vec<i64> = self.done.iter().map(|it| it.told.unwrap_or(0)).collect();
        let tries: Vec<i32> = self.done.iter().map(|it| it.tries as i32).collect();
        let due: Vec<time::OffsetDateTime> = self.done.iter().map(|it| it.due.into()).collect();
        let given_up: Vec<GivenUp> = self
            .done
            .iter()
            .filter_map(|it| it.given_up.clone())
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
        for done in self.done.drain(..) {
            self.in_hand.remove(&done.key);
        }
        Ok(())
    }

    /// What was told long ago need not be remembered.
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
