//! Delivery of log events as CloudEvents: at least once, and in order within one conversation or
//! mailbox.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use domain::envelope::Envelope;
use domain::time::Timestamp;
use event_log::reader::LogReader;
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use crate::backoff;
use crate::failed::Failed;
use crate::feed::{Feed, Stretch};
use crate::lanes::{Attempt, Lanes, Progress, Waiting};
use crate::ledger::{GivenUp, Ledger};
use crate::now;
use crate::pace::{self, Pace};
use crate::sender::{Delivery, Outcome, Sender};
use crate::webhook::Webhook;
use crate::worker::Worker;

/// The shortest interval between two writes of the progress. Deliveries within it are repeated
/// after a crash.
const STORE_EVERY: Duration = Duration::from_millis(200);

/// The maximum number of events that are cached in memory, at up to 64 KiB each. Others are read
/// from the log when they are due, so that a receiver that is down does not fill the memory.
const BODIES: usize = 1_000;

/// The parts that an event worker needs.
pub struct Setup {
    /// The webhook to deliver for.
    pub webhook: Webhook,
    /// Stores the progress.
    pub ledger: Ledger,
    /// Reads events that are not cached.
    pub reader: LogReader,
    /// Sends deliveries.
    pub sender: Sender,
    /// The number of attempts before an event is parked.
    pub tries: u32,
}

/// The worker of an event webhook.
pub struct Events {
    setup: Setup,
    feed: Feed,
    lanes: Lanes,
    /// Some of the events in `lanes`, so that they need not be read again.
    bodies: HashMap<i64, Envelope>,
    pace: Pace,
    flying: FuturesUnordered<BoxFuture<'static, (Attempt, Outcome)>>,
    stored: Progress,
    given_up: Vec<GivenUp>,
    store_at: Instant,
}

impl Worker for Events {
    async fn step(&mut self) -> Result<(), Failed> {
        while self.flying.len() < self.pace.at_once() {
            let Some(attempt) = self.lanes.next(now()) else {
                break;
            };
            let sending = self.sending(attempt).await?;
            self.flying.push(sending);
        }
        let wake_at = self.wake_at();
        tokio::select! {
            Some((attempt, outcome)) = self.flying.next(), if !self.flying.is_empty() => {
                self.settle(&attempt, outcome).await?;
            }
            batch = self.feed.next(), if self.lanes.has_room() => self.take(batch?),
            () = sleep_until(wake_at) => {}
        }
        if Instant::now() >= self.store_at {
            self.store().await?;
        }
        Ok(())
    }

    async fn write_down(&mut self) -> Result<(), Failed> {
        self.store().await
    }

    fn into_ledger(self) -> Ledger {
        self.setup.ledger
    }
}

impl Events {
    /// Resumes at the stored progress of the webhook. `feed` must begin after its position.
    pub async fn resume(mut setup: Setup, feed: Feed) -> Result<Self, Failed> {
        let stored = Progress {
            position: setup.webhook.position,
            waiting: setup.ledger.waiting().await?,
        };
        Ok(Self {
            lanes: Lanes::resume(stored.clone()),
            setup,
            feed,
            bodies: HashMap::new(),
            pace: Pace::of(pace::EVENTS),
            flying: FuturesUnordered::new(),
            stored,
            given_up: Vec::new(),
            store_at: Instant::now(),
        })
    }

    fn wake_at(&self) -> Instant {
        let wait =
            |due: Timestamp| Duration::from_millis((due.millis() - now().millis()).max(0) as u64);
        let has_room = self.flying.len() < self.pace.at_once();
        let due = self.lanes.wake_at().filter(|_| has_room);
        let due = due.map(|due| Instant::now() + wait(due));
        let stored = self.store_at.max(Instant::now() + STORE_EVERY / 4);
        due.map_or(stored, |due| due.min(stored))
    }

    fn take(&mut self, batch: Stretch) {
        for event in batch.events {
            self.lanes.take(event.position, &event.source());
            if self.bodies.len() < BODIES {
                self.bodies.insert(event.position, event);
            }
        }
        self.lanes.read_to(batch.up_to);
    }

    async fn sending(
        &mut self,
        attempt: Attempt,
    ) -> Result<BoxFuture<'static, (Attempt, Outcome)>, Failed> {
        let event = match self.bodies.get(&attempt.position) {
            Some(event) => event.clone(),
            None => match self
                .setup
                .reader
                .read_after(attempt.position - 1, 1)
                .await?
                .pop()
            {
                Some(event) => event,
                None => return Err(sqlx::Error::RowNotFound.into()),
            },
        };
        let delivery = Delivery {
            id: format!("evt_{}", event.position),
            content_type: "application/cloudevents+json",
            body: event.to_json()?,
        };
        let (sender, webhook) = (self.setup.sender.clone(), self.setup.webhook.clone());
        Ok(Box::pin(async move {
            let outcome = sender.send(&webhook.url, &webhook.secret, &delivery).await;
            (attempt, outcome)
        }))
    }

    async fn settle(&mut self, attempt: &Attempt, outcome: Outcome) -> Result<(), Failed> {
        let Attempt { position, tries } = *attempt;
        self.setup.ledger.count(&outcome);
        match outcome {
            Outcome::Accepted => {
                self.lanes.done(position);
                self.bodies.remove(&position);
                if self.pace.accepted() {
                    self.lanes.wake_all();
                }
            }
            Outcome::Gone => {
                // Keep the event in its lane, so that nothing is lost if the webhook is switched on
                // again.
                self.lanes.failed(position, now());
                self.store().await?;
                self.setup.ledger.gone().await?;
                return Err(Failed::Changed);
            }
            Outcome::Failed { why, .. } if tries + 1 >= self.setup.tries => {
                let lane = self.lanes.lane_of(position).unwrap_or_default().to_owned();
                self.given_up.push(GivenUp {
                    position,
                    lane,
                    user: String::new(),
                    tries: tries + 1,
                    why,
                });
                self.lanes.done(position);
                self.bodies.remove(&position);
                self.pace.failed();
                // Store it as parked before the next event of its lane is delivered.
                self.store().await?;
            }
            Outcome::Failed { wait, .. } => {
                let due = backoff::due(now(), tries + 1, wait, position as u64);
                self.lanes.failed(position, due);
                self.bodies.remove(&position);
                self.pace.failed();
            }
        }
        Ok(())
    }

    /// Stores the progress if it changed.
    async fn store(&mut self) -> Result<(), Failed> {
        self.store_at = Instant::now() + STORE_EVERY;
        let progress = self.lanes.progress();
        if progress == self.stored && self.given_up.is_empty() && !self.setup.ledger.has_news() {
            return Ok(());
        }
        let gone: Vec<i64> = difference(&self.stored.waiting, &progress.waiting);
        let changed: Vec<(i64, &Waiting)> = progress
            .waiting
            .iter()
            .filter(|(position, waiting)| self.stored.waiting.get(position) != Some(waiting))
            .map(|(position, waiting)| (*position, waiting))
            .collect();
        self.setup
            .ledger
            .store_events(progress.position, &gone, &changed, &self.given_up)
            .await?;
        self.given_up.clear();
        self.stored = progress;
        Ok(())
    }
}

fn difference(before: &BTreeMap<i64, Waiting>, now: &BTreeMap<i64, Waiting>) -> Vec<i64> {
    let gone = before.keys().filter(|position| !now.contains_key(position));
    gone.copied().collect()
}
