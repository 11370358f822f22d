//! Runs the worker as soon as a device has registered: until then, nobody reads the log for it.

use std::time::Duration;

use async_nats::Client;
use connectivity::OutageLog;
use event_log::reader::LogReader;
use event_stream::mirror::MirrorConfig;
use event_stream::source::EventSource;
use moderation::LiveRulebook;
use sqlx::PgPool;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::ledger::PushLedger;
use super::pusher::{PushDelivery, Pusher};
use crate::error::DeliveryError;
use crate::feed::EventFeed;
use crate::notifications::intake::{Intake, IntakeSetup};
use crate::online::OnlineUsers;

/// How often to check whether a device has registered.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// How long to wait after an error, or while another dispatcher holds the lease.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);

/// What the worker needs.
#[derive(Clone)]
pub struct PushSupervisor {
    /// Connections to the database.
    pub pool: PgPool,
    /// The broker, if there is one.
    pub nats: Option<Client>,
    /// The stream.
    pub mirror: MirrorConfig,
    /// The users that are online.
    pub online: OnlineUsers,
    /// Whether notifications are switched off.
    pub rulebook: LiveRulebook,
    /// How pushes leave this process.
    pub delivery: PushDelivery,
    /// The number of attempts before a push is parked.
    pub max_attempts: u32,
    /// How long a notification waits for further messages, to report them together.
    pub window: Duration,
}

impl PushSupervisor {
    /// Runs the worker until the stop signal, and again after an error.
    pub async fn run(self, shutdown: CancellationToken) {
        let outages = OutageLog::new("The worker of pushes");
        loop {
            let pause = match self.run_worker(&outages, &shutdown).await {
                Ok(()) => POLL_INTERVAL,
                Err(error) => {
                    outages.record_failure(&error);
                    RETRY_INTERVAL
                }
            };
            if shutdown.run_until_cancelled(sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    /// Runs the worker, if a device has registered and no other dispatcher has the lease.
    async fn run_worker(
        &self,
        outages: &OutageLog,
        shutdown: &CancellationToken,
    ) -> Result<(), DeliveryError> {
        let is_needed: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM push.tokens)")
            .fetch_one(&self.pool)
            .await?;
        if !is_needed {
            outages.record_success();
            return Ok(());
        }
        let Some(mut ledger) = PushLedger::acquire(&self.pool).await? else {
            return Ok(());
        };
        let reader = LogReader::new(self.pool.clone());
        let head = reader.head().await?.position;
        let start = ledger.load_start(head).await?;
        let source = EventSource::new(reader.clone(), self.nats.clone(), self.mirror.clone());
        let feed = EventFeed::spawn(source, start.position, |event| {
            event.event_type == "message_sent"
        });
        let setup = IntakeSetup {
            ledger,
            position: start.position,
            floor: start.floor,
            reader,
            online: self.online.clone(),
            window: self.window,
            rulebook: self.rulebook.clone(),
        };
        let resuming = Intake::resume(setup, feed);
        let Some(intake) = shutdown.run_until_cancelled(resuming).await else {
            return Ok(());
        };
        let pusher = Pusher::new(intake?, self.delivery.clone(), self.max_attempts);
        pusher.run(outages, shutdown).await
    }
}

/// Records how many pushes wait and are parked.
pub async fn record_metrics(pool: &PgPool) {
    let counted: Result<(i64, i64), sqlx::Error> = sqlx::query_as(
        "SELECT (SELECT count(*) FROM push.notices n WHERE n.told_position < n.to_position),
                (SELECT count(*) FROM push.parked)",
    )
    .fetch_one(pool)
    .await;
    if let Ok((waiting, parked)) = counted {
        metrics::gauge!("tidings_push_waiting").set(waiting as f64);
        metrics::gauge!("tidings_push_parked").set(parked as f64);
    }
}
