//! The supervisor: runs one worker for each webhook that is switched on.

use std::collections::HashMap;
use std::time::Duration;

use async_nats::Client;
use event_log::mirror::MirrorConfig;
use event_log::reader::LogReader;
use event_log::source::EventSource;
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio::time::{interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::events::{self, Events};
use crate::failed::Failed;
use crate::feed::Feed;
use crate::lease::Lease;
use crate::ledger::Ledger;
use crate::notices::{self, Notices};
use crate::online::Online;
use crate::sender::Sender;
use crate::webhook::{self, Subject, Webhook};
use crate::worker;

/// How often to check for webhooks that operators changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The number of polls between two updates of the metrics.
const MEASURE_EVERY: u32 = 10;

/// How long to wait after an error, or while another dispatcher holds the lease.
const PAUSE: Duration = Duration::from_secs(2);

/// How long a worker may take to stop before it is aborted.
const PATIENCE: Duration = Duration::from_secs(5);

/// The configuration of the dispatcher.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// The number of attempts before a delivery is parked.
    pub tries: u32,
    /// How long a notification waits for further messages, to report them together.
    pub window: Duration,
}

/// The context that all workers share.
#[derive(Clone)]
struct Shared {
    pool: PgPool,
    nats: Option<Client>,
    mirror: MirrorConfig,
    online: Online,
    sender: Sender,
    config: Config,
}

struct Worker {
    revision: i64,
    ending: CancellationToken,
    task: JoinHandle<()>,
}

/// Runs the dispatcher until the stop signal.
pub async fn run(
    pool: PgPool,
    nats: Option<Client>,
    mirror: MirrorConfig,
    sender: Sender,
    config: Config,
    shutdown: CancellationToken,
) {
    let online = Online::listen(nats.as_ref(), &mirror, shutdown.clone()).await;
    let shared = Shared {
        pool,
        nats,
        mirror,
        online,
        sender,
        config,
    };
    let mut workers: HashMap<i64, Worker> = HashMap::new();
    let mut polls = interval(LOOK_EVERY);
    let mut round = 0u32;
    while shutdown.run_until_cancelled(polls.tick()).await.is_some() {
        if let Err(error) = look(&shared, &mut workers, &shutdown).await {
            tracing::warn!(%error, "failed to load the webhooks");
        }
        if round.is_multiple_of(MEASURE_EVERY) && !workers.is_empty() {
            measure(&shared.pool).await;
        }
        round = round.wrapping_add(1);
    }
    for worker in workers.into_values() {
        worker.end().await;
    }
}

async fn look(
    shared: &Shared,
    workers: &mut HashMap<i64, Worker>,
    shutdown: &CancellationToken,
) -> Result<(), sqlx::Error> {
    let wanted: HashMap<i64, i64> = webhook::switched_on(&shared.pool)
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
            worker.end().await;
        }
    }
    for (id, revision) in wanted {
        workers.entry(id).or_insert_with(|| {
            let ending = shutdown.child_token();
            let (shared, cancellation) = (shared.clone(), ending.clone());
            Worker {
                revision,
                ending,
                task: tokio::spawn(async move { work(&shared, id, &cancellation).await }),
            }
        });
    }
    Ok(())
}

impl Worker {
    async fn end(mut self) {
        self.ending.cancel();
        if timeout(PATIENCE, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

/// Runs the worker of one webhook until it ends, and waits a little after an error.
async fn work(shared: &Shared, id: i64, ending: &CancellationToken) {
    match work_under_lease(shared, id, ending).await {
        Ok(()) | Err(Failed::Changed) => {}
        Err(error) => {
            tracing::warn!(%error, webhook = id, "deliveries failed; retrying shortly");
            ending.run_until_cancelled(sleep(PAUSE)).await;
        }
    }
}

async fn work_under_lease(
    shared: &Shared,
    id: i64,
    ending: &CancellationToken,
) -> Result<(), Failed> {
    let Some(lease) = Lease::take(&shared.pool, id).await? else {
        ending.run_until_cancelled(sleep(PAUSE)).await;
        return Ok(());
    };
    let Some(loaded) = webhook::load(&shared.pool, id).await? else {
        return Ok(());
    };
    let webhook = match loaded {
        Ok(webhook) => webhook,
        Err(error) => {
            tracing::error!(
                %error,
                "the stored webhook is invalid; remove it and add it again"
            );
            ending.run_until_cancelled(sleep(PAUSE * 15)).await;
            return Ok(());
        }
    };
    let reader = LogReader::new(shared.pool.clone());
    let webhook = within_the_log(shared, webhook, &reader).await?;
    let ledger = Ledger::new(lease, &webhook);
    let source = EventSource::new(reader.clone(), shared.nats.clone(), shared.mirror.clone());
    let Shared { sender, online, .. } = shared.clone();
    match &webhook.subject {
        Subject::Events(types) => {
            let (types, position) = (types.clone(), webhook.position);
            let feed = Feed::begin(source, position, move |event| {
                types.is_empty() || types.contains(&event.event_type)
            });
            let setup = events::Setup {
                webhook,
                ledger,
                reader,
                sender,
                tries: shared.config.tries,
            };
            worker::run(Events::resume(setup, feed).await?, ending).await
        }
        Subject::Notifications => {
            let feed = Feed::begin(source, webhook.position, |event| {
                event.event_type == "message_sent"
            });
            let setup = notices::Setup {
                webhook,
                ledger,
                reader,
                online,
                sender,
                tries: shared.config.tries,
                window: shared.config.window,
            };
            let resuming = Notices::resume(setup, feed);
            match ending.run_until_cancelled(resuming).await {
                Some(notices) => worker::run(notices?, ending).await,
                None => Ok(()),
            }
        }
    }
}

/// Rewinds a webhook that is ahead of the log, because the log was restored from an older backup.
/// It resumes at the head of the log.
async fn within_the_log(
    shared: &Shared,
    mut webhook: Webhook,
    reader: &LogReader,
) -> Result<Webhook, Failed> {
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
    webhook::set_back(&shared.pool, webhook.id, head).await?;
    webhook.position = head;
    webhook.floor = webhook.floor.min(head);
    Ok(webhook)
}

async fn measure(pool: &PgPool) {
    let Ok(all) = webhook::list(pool).await else {
        return;
    };
    for webhook in all {
        let label = webhook.id.to_string();
        let lag = (webhook.head - webhook.position).max(0) as f64;
        metrics::gauge!("tidings_webhook_lag_events", "webhook" => label.clone()).set(lag);
        metrics::gauge!("tidings_webhook_waiting", "webhook" => label.clone())
            .set(webhook.waiting as f64);
        metrics::gauge!("tidings_webhook_parked", "webhook" => label).set(webhook.parked as f64);
    }
}
