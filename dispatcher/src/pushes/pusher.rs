//! The worker: takes in notifications of new messages and pushes those that are due.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use connectivity::OutageLog;
use domain::time::Timestamp;
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use push::PushSender;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::attempt::{self, Attempt, AttemptOutcome};
use super::breakers::ProviderStates;
use super::content;
use super::drops::PushDrops;
use super::due::{self, DeviceKey, DuePush};
use super::ledger::{ParkedPush, PushLedger, PushResult};
use super::outcomes::OutcomeCounts;
use crate::circuit_breaker::MAX_NOTIFICATIONS_IN_FLIGHT;
use crate::clock::{now, to_millis};
use crate::error::DeliveryError;
use crate::notifications::intake::{self, Intake};
use crate::notifications::notice_ledger::NoticeLedger as _;
use crate::sender::DeliveryOutcome;
use crate::settlement::{self, Settlement};

/// How often to poll for due pushes and to store results.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// How soon to poll once an attempt has ended.
const SOON: Duration = Duration::from_millis(20);

/// How often to clean up.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(60);

/// How long a step may take. It wakes up several times a second, unless Postgres does not answer.
const STEP_TIMEOUT: Duration = Duration::from_secs(30);

/// The maximum number of pushes that are loaded at a time. Several can be for the same device,
/// which gets one at a time.
const MAX_LOADED: i64 = 4 * MAX_NOTIFICATIONS_IN_FLIGHT as i64;

/// How pushes leave this process.
#[derive(Clone)]
pub struct PushDelivery {
    /// Delivers them.
    pub sender: PushSender,
    /// Drops registrations whose tokens are gone.
    pub drops: Arc<dyn PushDrops>,
}

/// The worker.
pub struct Pusher {
    intake: Intake<PushLedger>,
    delivery: PushDelivery,
    max_attempts: u32,
    providers: ProviderStates,
    in_flight: FuturesUnordered<BoxFuture<'static, Attempt>>,
    /// The devices that an attempt is made to. A device gets one push at a time, so that the badge
    /// of the last one is the newest.
    claimed: HashSet<DeviceKey>,
    results: Vec<PushResult>,
    outcomes: OutcomeCounts,
    poll_at: Instant,
    cleanup_at: Instant,
}

impl Pusher {
    /// A worker that continues with this intake.
    pub fn new(intake: Intake<PushLedger>, delivery: PushDelivery, max_attempts: u32) -> Self {
        Self {
            intake,
            delivery,
            max_attempts,
            providers: ProviderStates::new(),
            in_flight: FuturesUnordered::new(),
            claimed: HashSet::new(),
            results: Vec::new(),
            outcomes: OutcomeCounts::default(),
            poll_at: Instant::now(),
            cleanup_at: Instant::now() + CLEANUP_INTERVAL,
        }
    }

    /// Runs until the stop signal or an error. The next worker makes attempts that were in flight
    /// again.
    pub async fn run(
        mut self,
        outages: &OutageLog,
        shutdown: &CancellationToken,
    ) -> Result<(), DeliveryError> {
        let result = self.run_until_stopped(outages, shutdown).await;
        self.intake.ledger.close().await;
        result
    }

    async fn run_until_stopped(
        &mut self,
        outages: &OutageLog,
        shutdown: &CancellationToken,
    ) -> Result<(), DeliveryError> {
        while !shutdown.is_cancelled() {
            tokio::select! {
                stepped = timeout(STEP_TIMEOUT, self.step()) => match stepped {
                    Ok(stepped) => {
                        stepped?;
                        outages.record_success();
                    }
                    Err(_) => return Err(sqlx::Error::PoolTimedOut.into()),
                },
                () = shutdown.cancelled() => break,
            }
        }
        self.save_results().await
    }

    /// Starts the attempts that can start, and waits for the next event.
    async fn step(&mut self) -> Result<(), DeliveryError> {
        let wake_at = self.poll_at;
        tokio::select! {
            Some(attempt) = self.in_flight.next(), if !self.in_flight.is_empty() => {
                self.settle(attempt);
            }
            input = self.intake.next() => self.intake.take_in(input?).await?,
            () = sleep_until(wake_at) => {
                self.poll_at = Instant::now() + POLL_INTERVAL;
                self.intake.enqueue_projected().await?;
                self.save_results().await?;
                self.push_due().await?;
                if Instant::now() >= self.cleanup_at {
                    self.cleanup_at = Instant::now() + CLEANUP_INTERVAL;
                    self.intake.ledger.clean_up().await?;
                }
            }
        }
        Ok(())
    }

    /// Pushes what is due.
    async fn push_due(&mut self) -> Result<(), DeliveryError> {
        if self.intake.is_switched_off() {
            return Ok(());
        }
        let claimed: Vec<DeviceKey> = self.claimed.iter().cloned().collect();
        let busy = self.providers.busy();
        let connection = self.intake.ledger.connection();
        let all = due::load_due(connection, &claimed, &busy, MAX_LOADED).await?;
        if all.len() as i64 == MAX_LOADED {
            self.poll_at = self.poll_at.min(Instant::now() + SOON);
        }
        for due in all {
            if self.claimed.contains(&due.device()) {
                continue;
            }
            if due.due.messages.unwrap_or_default() == 0 || due.is_barred {
                let notified_to = Some(due.due.to_position);
                self.push_result(&due, notified_to, 0, now(), None);
            } else if self.intake.online.is_online(&due.due.user_name) {
                let recheck = intake::recheck_online_user(&due.due);
                let attempts = u32::try_from(due.due.tries).unwrap_or_default();
                self.push_result(&due, recheck.notified_to, attempts, recheck.due_at, None);
            } else {
                self.start_attempt(due);
            }
        }
        Ok(())
    }

    fn start_attempt(&mut self, due: DuePush) {
        let Some(provider) = due.provider() else {
            return;
        };
        let state = self.providers.get_mut(provider);
        if !state.has_room() {
            return;
        }
        state.in_flight += 1;
        self.claimed.insert(due.device());
        let notification = content::build(&due, now());
        let PushDelivery { sender, drops } = self.delivery.clone();
        self.in_flight.push(Box::pin(attempt::run(
            sender,
            drops,
            due,
            provider,
            notification,
        )));
    }

    /// Decides what follows from an attempt. It is stored with the next poll; until then the device
    /// stays claimed.
    fn settle(&mut self, attempt: Attempt) {
        let Attempt {
            due,
            provider,
            answer,
            outcome,
        } = attempt;
        self.outcomes.add(provider, answer);
        self.poll_at = self.poll_at.min(Instant::now() + SOON);
        let state = self.providers.get_mut(provider);
        state.in_flight = state.in_flight.saturating_sub(1);
        let position = due.due.to_position;
        let next = Timestamp::from_millis(now().millis() + to_millis(self.intake.window));
        let outcome = match outcome {
            // The provider has answered, so it is there.
            AttemptOutcome::Dropped => {
                state.breaker.record_success();
                return self.push_result(&due, Some(position), 0, next, None);
            }
            AttemptOutcome::Tried(outcome) => outcome,
        };
        match &outcome {
            DeliveryOutcome::Failed { reason, .. } => {
                state.outages.record_failure(reason);
            }
            _ => state.outages.record_success(),
        }
        let attempts = u32::try_from(due.due.tries).unwrap_or_default() + 1;
        let settlement = settlement::settle(
            outcome,
            attempts,
            self.max_attempts,
            position,
            &mut state.breaker,
        );
        match settlement {
            Settlement::Delivered { .. } | Settlement::Gone => {
                self.push_result(&due, Some(position), 0, next, None);
            }
            Settlement::Retry { due_at } => self.push_result(&due, None, attempts, due_at, None),
            Settlement::Parked { error } => {
                let parked = ParkedPush {
                    position,
                    provider: provider.as_str(),
                    attempts,
                    error,
                };
                self.push_result(&due, Some(position), 0, next, Some(parked));
            }
        }
    }

    fn push_result(
        &mut self,
        due: &DuePush,
        notified_to: Option<i64>,
        attempts: u32,
        due_at: Timestamp,
        parked: Option<ParkedPush>,
    ) {
        // Until the result is stored, the same push would be due again.
        self.claimed.insert(due.device());
        self.results.push(PushResult {
            key: due.key(),
            notified_to,
            attempts,
            due_at,
            parked,
        });
    }

    /// Stores the results so far.
    async fn save_results(&mut self) -> Result<(), DeliveryError> {
        if self.results.is_empty() {
            return Ok(());
        }
        let position = self.intake.position;
        let ledger = &mut self.intake.ledger;
        ledger.save(position, &self.results, &self.outcomes).await?;
        self.outcomes.clear();
        for result in self.results.drain(..) {
            self.claimed.remove(&result.key.device);
        }
        Ok(())
    }
}
