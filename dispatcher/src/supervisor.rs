//! The supervisor: runs one worker for each webhook that is switched on.

use std::collections::HashMap;
use std::time::Duration;

use async_nats::Client;
use connectivity::OutageLog;
use domain::time::Timestamp;
use event_log::reader::LogReader;
use event_stream::mirror::MirrorConfig;
use event_stream::source::EventSource;
use moderation::LiveRulebook;
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;
use tokio::task::JoinHandle;
use tokio::time::{interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::error::DeliveryError;
use crate::events::{self, EventDeliverer};
use crate::feed::EventFeed;
use crate::lease;
use crate::ledger::DeliveryLedger;
use crate::notifications::intake::IntakeSetup;
use crate::notifications::{self, Notifier};
use crate::online::OnlineUsers;
use crate::pushes::{self, PushDelivery, PushSupervisor};
use crate::sender::WebhookSender;
use crate::webhook::{self, Webhook, WebhookKind, WebhookStatus};
use crate::worker;

/// How often to check for webhooks that operators changed.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The number of polls between two updates of the metrics.
const POLLS_PER_MEASUREMENT: u32 = 10;

/// How long to wait after an error, or while another dispatcher holds the lease.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);

/// How long a worker may take to stop before it is aborted.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// The configuration of the dispatcher.
#[derive(Debug, Clone, Copy)]
pub struct DispatcherConfig {
    /// The number of attempts before a delivery is parked.
    pub max_attempts: u32,
    /// How long a notification waits for further messages, to report them together.
    pub notification_window: Duration,
}

/// How deliveries leave this process.
pub struct Senders {
    /// Sends webhooks.
    pub webhooks: WebhookSender,
    /// Pushes to devices.
    pub pushes: PushDelivery,
}

/// The context that all workers share.
#[derive(Clone)]
struct DispatcherContext {
    pool: PgPool,
    nats: Option<Client>,
    mirror: MirrorConfig,
    online: OnlineUsers,
    sender: WebhookSender,
    config: DispatcherConfig,
    rulebook: LiveRulebook,
}

struct WorkerHandle {
    revision: i64,
    cancellation: CancellationToken,
    task: JoinHandle<()>,
}

/// Runs the dispatcher until the stop signal. A task that follows the log keeps `rulebook` current.
pub async fn run(
    pool: PgPool,
    nats: Option<Client>,
    mirror: MirrorConfig,
    senders: Senders,
    config: DispatcherConfig,
    rulebook: LiveRulebook,
    shutdown: CancellationToken,
) {
    let online = OnlineUsers::run_listener(nats.as_ref(), &mirror, shutdown.clone()).await;
    let context = DispatcherContext {
        pool,
        nats,
        mirror,
        online,
        sender: senders.webhooks,
        config,
        rulebook,
    };
    let pushing = tokio::spawn(
        context
            .push_supervisor(senders.pushes)
            .run(shutdown.clone()),
    );
    let mut workers: HashMap<i64, WorkerHandle> = HashMap::new();
    let mut polls = interval(POLL_INTERVAL);
    let mut round = 0u32;
    let outages = OutageLog::new("Loading the webhooks");
    while shutdown.run_until_cancelled(polls.tick()).await.is_some() {
        // An error is logged, and the next poll tries again.
        let _ = outages.record(sync_workers(&context, &mut workers, &shutdown).await);
        if round.is_multiple_of(POLLS_PER_MEASUREMENT) {
            if !workers.is_empty() {
                record_metrics(&context.pool).await;
            }
            pushes::record_metrics(&context.pool).await;
        }
        round = round.wrapping_add(1);
    }
    for worker in workers.into_values() {
        worker.stop().await;
    }
    // It has received the stop signal, and stores its progress.
    let _ = timeout(STOP_TIMEOUT, pushing).await;
}

impl DispatcherContext {
    fn push_supervisor(&self, delivery: PushDelivery) -> PushSupervisor {
        PushSupervisor {
            pool: self.pool.clone(),
            nats: self.nats.clone(),
            mirror: self.mirror.clone(),
            online: self.online.clone(),
            rulebook: self.rulebook.clone(),
            delivery,
            max_attempts: self.config.max_attempts,
            window: self.config.notification_window,
        }
    }
}

async fn sync_workers(
    context: &DispatcherContext,
    workers: &mut HashMap<i64, WorkerHandle>,
    shutdown: &CancellationToken,
) -> Result<(), sqlx::Error> {
    let wanted: HashMap<i64, i64> = webhook::list_enabled(&context.pool)
        .await?
        .into_iter()
        .collect();
    let ended: Vec<i64> = workers
        .iter()
        .filter(|(id, worker)| {
            wanted.get(id) != Some(&worker.revision) || worker.task.is_finished()
        })
        .map(|(id, _)| *id)
        .collect();
    for id in ended {
        if let Some(worker) = workers.remove(&id) {
            worker.stop().await;
        }
    }
    for (id, revision) in wanted {
        workers.entry(id).or_insert_with(|| {
            let cancellation = shutdown.child_token();
            let (context, shutdown) = (context.clone(), cancellation.clone());
            WorkerHandle {
                revision,
                cancellation,
                task: tokio::spawn(async move { run_webhook(&context, id, &shutdown).await }),
            }
        });
    }
    Ok(())
}

impl WorkerHandle {
    async fn stop(mut self) {
        self.cancellation.cancel();
        if timeout(STOP_TIMEOUT, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

/// Runs the worker of one webhook until it ends, and again after an error.
async fn run_webhook(context: &DispatcherContext, id: i64, shutdown: &CancellationToken) {
    let outages = OutageLog::new("The worker of a webhook");
    let running = async {
        while let Err(error) = run_under_lease(context, id, &outages, shutdown).await {
            if matches!(error, DeliveryError::Superseded) {
                return;
            }
            outages.record_failure(&error);
            if shutdown
                .run_until_cancelled(sleep(RETRY_INTERVAL))
                .await
                .is_none()
            {
                return;
            }
        }
    };
    running.instrument(tracing::info_span!("webhook", id)).await;
}

async fn run_under_lease(
    context: &DispatcherContext,
    id: i64,
    outages: &OutageLog,
    shutdown: &CancellationToken,
) -> Result<(), DeliveryError> {
    let Some(lease) = lease::try_acquire(&context.pool, id).await? else {
        shutdown.run_until_cancelled(sleep(RETRY_INTERVAL)).await;
        return Ok(());
    };
    let Some(webhook) = load_webhook(context, id, shutdown).await? else {
        return Ok(());
    };
    let reader = LogReader::new(context.pool.clone());
    let webhook = clamp_to_head(context, webhook, &reader).await?;
    let ledger = DeliveryLedger::new(lease, &webhook);
    let source = EventSource::new(reader.clone(), context.nats.clone(), context.mirror.clone());
    let DispatcherContext { sender, online, .. } = context.clone();
    match &webhook.kind {
        WebhookKind::Events(types) => {
            let (types, position) = (types.clone(), webhook.position);
            let feed = EventFeed::spawn(source, position, move |event| {
                types.is_empty() || types.contains(&event.event_type)
            });
            let setup = events::EventDelivererSetup {
                webhook,
                ledger,
                reader,
                sender,
                max_attempts: context.config.max_attempts,
            };
            let deliverer = EventDeliverer::resume(setup, feed).await?;
            worker::run(deliverer, outages, shutdown).await
        }
        WebhookKind::Notifications => {
            let feed = EventFeed::spawn(source, webhook.position, |event| {
                event.event_type == "message_sent"
            });
            let intake = IntakeSetup {
                ledger,
                position: webhook.position,
                floor: webhook.floor,
                reader,
                online,
                window: context.config.notification_window,
                rulebook: context.rulebook.clone(),
            };
            let setup = notifications::NotifierSetup {
                webhook,
                intake,
                sender,
                max_attempts: context.config.max_attempts,
            };
            let resuming = Notifier::resume(setup, feed);
            match shutdown.run_until_cancelled(resuming).await {
                Some(notifier) => worker::run(notifier?, outages, shutdown).await,
                None => Ok(()),
            }
        }
    }
}

/// Loads a webhook, if it is enabled. One that is invalid is reported, and there is a pause before
/// the next try.
async fn load_webhook(
    context: &DispatcherContext,
    id: i64,
    shutdown: &CancellationToken,
) -> Result<Option<Webhook>, DeliveryError> {
    match webhook::load_enabled(&context.pool, id).await?.transpose() {
        Ok(webhook) => Ok(webhook),
        Err(error) => {
            tracing::error!(
                %error,
                "the stored webhook is invalid; remove it and add it again"
            );
            shutdown
                .run_until_cancelled(sleep(RETRY_INTERVAL * 15))
                .await;
            Ok(None)
        }
    }
}

/// Rewinds a webhook that is ahead of the log, because the log was restored from an older backup.
/// It resumes at the head of the log.
async fn clamp_to_head(
    context: &DispatcherContext,
    mut webhook: Webhook,
    reader: &LogReader,
) -> Result<Webhook, DeliveryError> {
    let head = reader.head().await?.position;
    if webhook.position <= head {
        return Ok(webhook);
    }
    tracing::warn!(
        webhook = webhook.id,
        position = webhook.position,
        head,
        "the webhook is ahead of the log, which was restored from a backup; resuming at its head"
    );
    webhook::rewind(&context.pool, webhook.id, head).await?;
    webhook.position = head;
    webhook.floor = webhook.floor.min(head);
    Ok(webhook)
}

async fn record_metrics(pool: &PgPool) {
    let Ok(all) = webhook::list(pool).await else {
        return;
    };
    for webhook in all {
        let label = webhook.id.to_string();
        let lag = (webhook.head - webhook.position).max(0) as f64;
        metrics::gauge!("tidings_webhook_lag_events", "webhook" => label.clone()).set(lag);
        metrics::gauge!("tidings_webhook_waiting", "webhook" => label.clone())
            .set(webhook.waiting as f64);
        metrics::gauge!("tidings_webhook_parked", "webhook" => label.clone())
            .set(webhook.parked as f64);
        if let Ok(seconds) = measure_delay(pool, &webhook).await {
            metrics::gauge!("tidings_webhook_lag_seconds", "webhook" => label).set(seconds);
        }
    }
}

/// The age in seconds of the oldest event that a webhook still has to deliver; 0 if there is none,
/// or while an operator has switched it off.
async fn measure_delay(pool: &PgPool, webhook: &WebhookStatus) -> Result<f64, sqlx::Error> {
    let next = (webhook.position < webhook.head).then_some(webhook.position + 1);
    let oldest = webhook::oldest_waiting(pool, webhook.id).await?.or(next);
    let Some(oldest) = oldest.filter(|_| webhook.state == "on") else {
        return Ok(0.0);
    };
    let reader = LogReader::new(pool.clone());
    let since = reader.event_time(oldest).await?;
    let now = Timestamp::from(OffsetDateTime::now_utc());
    let age = since.map_or(0, |since| (now.millis() - since.millis()).max(0));
    Ok(age as f64 / 1_000.0)
}
