//! Delivery of log events as CloudEvents: at least once, and in order within one conversation or
//! mailbox.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use domain::envelope::Envelope;
use domain::time::Timestamp;
use event_log::reader::LogReader;
use event_log::traced_events;
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};
use traces::{BatchSpans, SpanKind};

use crate::circuit_breaker::{self, CircuitBreaker};
use crate::clock::now;
use crate::error::DeliveryError;
use crate::feed::{EventBatch, EventFeed};
use crate::lanes::{DeliveryAttempt, LaneProgress, Lanes, WaitingEvent};
use crate::ledger::{DeliveryLedger, ParkedDelivery};
use crate::sender::{DeliveryOutcome, WebhookSender};
use crate::settlement::{self, Settlement};
use crate::signing_clients::WebhookMessage;
use crate::webhook::Webhook;
use crate::worker::WebhookWorker;

/// The shortest interval between two writes of the progress. Deliveries within it are repeated
/// after a crash.
const SAVE_INTERVAL: Duration = Duration::from_millis(200);

/// The maximum number of events that are cached in memory, at up to 64 KiB each. Others are read
/// from the log when they are due, so that a receiver that is down does not fill the memory.
const MAX_CACHED_EVENTS: usize = 1_000;

/// The parts that an event worker needs.
pub struct EventDelivererSetup {
    /// The webhook to deliver for.
    pub webhook: Webhook,
    /// Stores the progress.
    pub ledger: DeliveryLedger,
    /// Reads events that are not cached.
    pub reader: LogReader,
    /// Sends deliveries.
    pub sender: WebhookSender,
    /// The number of attempts before an event is parked.
    pub max_attempts: u32,
}

/// The worker of an event webhook.
pub struct EventDeliverer {
    setup: EventDelivererSetup,
    feed: EventFeed,
    lanes: Lanes,
    /// Some of the events in `lanes`, so that they need not be read again.
    cached_events: HashMap<i64, Envelope>,
    breaker: CircuitBreaker,
    in_flight: FuturesUnordered<BoxFuture<'static, (DeliveryAttempt, DeliveryOutcome)>>,
    saved: LaneProgress,
    to_park: Vec<ParkedDelivery>,
    save_at: Instant,
}

impl WebhookWorker for EventDeliverer {
    async fn step(&mut self) -> Result<(), DeliveryError> {
        while self.in_flight.len() < self.breaker.in_flight_limit() {
            let Some(attempt) = self.lanes.next_attempt(now()) else {
                break;
            };
            let delivery = self.prepare_delivery(attempt).await?;
            self.in_flight.push(delivery);
        }
        let wake_at = self.next_wake_at();
        tokio::select! {
            Some((attempt, outcome)) = self.in_flight.next(), if !self.in_flight.is_empty() => {
                self.handle_outcome(&attempt, outcome).await?;
            }
            batch = self.feed.next(), if self.lanes.has_room() => self.enqueue(batch?),
            () = sleep_until(wake_at) => {}
        }
        if Instant::now() >= self.save_at {
            self.save().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), DeliveryError> {
        self.save().await
    }

    fn into_ledger(self) -> DeliveryLedger {
        self.setup.ledger
    }
}

impl EventDeliverer {
    /// Resumes at the stored progress of the webhook. `feed` must begin after its position.
    pub async fn resume(
        mut setup: EventDelivererSetup,
        feed: EventFeed,
    ) -> Result<Self, DeliveryError> {
        let stored = LaneProgress {
            position: setup.webhook.position,
            waiting: setup.ledger.load_waiting().await?,
        };
        Ok(Self {
            lanes: Lanes::resume(stored.clone()),
            setup,
            feed,
            cached_events: HashMap::new(),
            breaker: CircuitBreaker::new(circuit_breaker::MAX_EVENTS_IN_FLIGHT),
            in_flight: FuturesUnordered::new(),
            saved: stored,
            to_park: Vec::new(),
            save_at: Instant::now(),
        })
    }

    fn next_wake_at(&self) -> Instant {
        let wait =
            |due: Timestamp| Duration::from_millis((due.millis() - now().millis()).max(0) as u64);
        let has_room = self.in_flight.len() < self.breaker.in_flight_limit();
        let due = self.lanes.next_due_at().filter(|_| has_room);
        let due = due.map(|due| Instant::now() + wait(due));
        let stored = self.save_at.max(Instant::now() + SAVE_INTERVAL / 4);
        due.map_or(stored, |due| due.min(stored))
    }

    fn enqueue(&mut self, batch: EventBatch) {
        for event in batch.events {
            self.lanes.push(event.position, &event.source());
            if self.cached_events.len() < MAX_CACHED_EVENTS {
                self.cached_events.insert(event.position, event);
            }
        }
        self.lanes.advance_read_to(batch.up_to);
    }

    async fn prepare_delivery(
        &mut self,
        attempt: DeliveryAttempt,
    ) -> Result<BoxFuture<'static, (DeliveryAttempt, DeliveryOutcome)>, DeliveryError> {
        let event = match self.cached_events.get(&attempt.position) {
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
        let mut spans = BatchSpans::start("webhook", SpanKind::Client, traced_events([&event]));
        spans.set("tidings.attempt", i64::from(attempt.previous_attempts) + 1);
        let delivery = WebhookMessage {
            id: format!("evt_{}", event.cursor()),
            content_type: "application/cloudevents+json",
            body: event.to_json()?,
            traceparent: spans.traceparent_at(event.position, event.traceparent.as_deref()),
        };
        let (sender, webhook) = (self.setup.sender.clone(), self.setup.webhook.clone());
        Ok(Box::pin(async move {
            let outcome = sender.send(&webhook.url, &webhook.secret, &delivery).await;
            spans.end_with(&outcome.to_result());
            (attempt, outcome)
        }))
    }

    async fn handle_outcome(
        &mut self,
        attempt: &DeliveryAttempt,
        outcome: DeliveryOutcome,
    ) -> Result<(), DeliveryError> {
        let position = attempt.position;
        let attempts = attempt.previous_attempts + 1;
        self.setup.ledger.record_outcome(&outcome);
        let max_attempts = self.setup.max_attempts;
        match settlement::settle(outcome, attempts, max_attempts, position, &mut self.breaker) {
            Settlement::Delivered { has_recovered } => {
                self.lanes.complete(position);
                self.cached_events.remove(&position);
                if has_recovered {
                    self.lanes.unblock_all();
                }
            }
            Settlement::Gone => {
                // Keep the event in its lane, so that nothing is lost if the webhook is switched on
                // again.
                self.lanes.record_failure(position, now());
                self.save().await?;
                self.setup.ledger.mark_gone().await?;
                return Err(DeliveryError::Superseded);
            }
            Settlement::Parked { error } => {
                let lane = self.lanes.lane_of(position).unwrap_or_default().to_owned();
                self.to_park.push(ParkedDelivery {
                    position,
                    lane,
                    user: String::new(),
                    attempts,
                    error,
                });
                self.lanes.complete(position);
                self.cached_events.remove(&position);
                // Store it as parked before the next event of its lane is delivered.
                self.save().await?;
            }
            Settlement::Retry { due_at } => {
                self.lanes.record_failure(position, due_at);
                self.cached_events.remove(&position);
            }
        }
        Ok(())
    }

    /// Stores the progress if it changed.
    async fn save(&mut self) -> Result<(), DeliveryError> {
        self.save_at = Instant::now() + SAVE_INTERVAL;
        let progress = self.lanes.progress();
        if progress == self.saved && self.to_park.is_empty() && !self.setup.ledger.has_unsaved() {
            return Ok(());
        }
        let removed = removed_positions(&self.saved.waiting, &progress.waiting);
        let changed: Vec<(i64, &WaitingEvent)> = progress
            .waiting
            .iter()
            .filter(|(position, waiting)| self.saved.waiting.get(position) != Some(waiting))
            .map(|(position, waiting)| (*position, waiting))
            .collect();
        self.setup
            .ledger
            .save_events(progress.position, &removed, &changed, &self.to_park)
            .await?;
        self.to_park.clear();
        self.saved = progress;
        Ok(())
    }
}

fn removed_positions(
    before: &BTreeMap<i64, WaitingEvent>,
    now: &BTreeMap<i64, WaitingEvent>,
) -> Vec<i64> {
    let removed = before.keys().filter(|position| !now.contains_key(position));
    removed.copied().collect()
}
