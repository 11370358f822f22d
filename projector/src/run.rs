//! The loop around [`Projector::step`].

use std::time::Duration;

use async_nats::Client;
use async_nats::connection::State;
use connectivity::OutageLog;
use domain::envelope::Envelope;
use domain::time::Timestamp;
use event_log::reader::LogReader;
use event_log::traced_events;
use event_stream::commit_feed::CommitFeed;
use event_stream::lineage::SourceError;
use event_stream::mirror::MirrorConfig;
use event_stream::source::EventSource;
use metrics::gauge;
use read_model::projection_signal::{ProjectionSignal, ProjectionSignalChannel, projected_subject};
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use traces::{BatchSpans, SpanKind};

use crate::config::ProjectorConfig;
use crate::error::ProjectionError;
use crate::projector::Projector;
use crate::rebuild::{self, PreviousVersion, RebuildStart};

/// How long a step may take before the connection is considered dead. A batch is bounded, and takes
/// milliseconds.
const STEP_TIMEOUT: Duration = Duration::from_secs(10);

/// The waits after an error: exponential backoff between these bounds.
const INITIAL_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// How often the head of the log is read, for the gauges.
const GAUGE_INTERVAL: Duration = Duration::from_secs(1);

/// How often the offline window is trimmed, and in how many transactions at most each time.
const TRIM_INTERVAL: Duration = Duration::from_secs(60);
const MAX_TRIM_STEPS: usize = 20;

/// Projects the log until `shutdown` is cancelled.
///
/// Errors are retried, and logged once an outage: Postgres and NATS may be temporarily unavailable.
/// `nats` is optional; without it the log is polled. `in_process` connects components of the same
/// process.
pub async fn run(
    pool: PgPool,
    nats: Option<Client>,
    mirror: MirrorConfig,
    config: ProjectorConfig,
    in_process: InProcessChannels,
    shutdown: CancellationToken,
) -> Result<(), ProjectionError> {
    let mut runner = ProjectorRunner::new(pool, nats, mirror, config, in_process);
    let mut wait = INITIAL_BACKOFF;
    let outages = OutageLog::new("The projector");
    while !shutdown.is_cancelled() {
        let error = match timeout(STEP_TIMEOUT, runner.step(&shutdown)).await {
            Ok(Ok(())) => None,
            Ok(Err(ProjectionError::ForeignHistory(reason))) => runner
                .replace_foreign_read_model(&reason, &shutdown)
                .await
                .err(),
            Ok(Err(error)) => Some(error),
            Err(_) => {
                runner.projector = None;
                Some(ProjectionError::TimedOut)
            }
        };
        match error {
            None => {
                outages.record_success();
                wait = INITIAL_BACKOFF;
            }
            Some(error) => {
                outages.record_failure(&error);
                tokio::select! {
                    () = sleep(wait) => {}
                    () = shutdown.cancelled() => {}
                }
                wait = (wait * 2).min(MAX_BACKOFF);
            }
        }
    }
    Ok(())
}

/// Channels to components of the same process, which need no NATS to communicate.
pub struct InProcessChannels {
    /// The commits of this process's event log.
    pub feed: Option<CommitFeed>,
    /// Receives the position of the tables after each batch.
    pub projected: watch::Sender<i64>,
    /// Receives the position of the tables and the audience of each batch.
    pub signal: ProjectionSignalChannel,
}

struct ProjectorRunner {
    pool: PgPool,
    config: ProjectorConfig,
    reader: LogReader,
    source: EventSource,
    nats_signal: Option<(Client, String)>,
    projected: watch::Sender<i64>,
    local_signal: ProjectionSignalChannel,
    projector: Option<Projector>,
    next_gauges: Instant,
    next_trim: Instant,
}

impl ProjectorRunner {
    fn new(
        pool: PgPool,
        nats: Option<Client>,
        mirror: MirrorConfig,
        config: ProjectorConfig,
        in_process: InProcessChannels,
    ) -> Self {
        let reader = LogReader::new(pool.clone());
        let nats_signal = nats
            .clone()
            .map(|client| (client, projected_subject(&mirror.stream)));
        let source = EventSource::new(reader.clone(), nats, mirror).with_feed(in_process.feed);
        let now = Instant::now();
        Self {
            pool,
            config,
            reader,
            source,
            nats_signal,
            projected: in_process.projected,
            local_signal: in_process.signal,
            projector: None,
            next_gauges: now,
            next_trim: now,
        }
    }

    /// Projects one batch, if there is one, and runs the periodic tasks that are due.
    async fn step(&mut self, shutdown: &CancellationToken) -> Result<(), ProjectionError> {
        let projector = match &mut self.projector {
            Some(projector) => projector,
            empty => empty.insert(Projector::open(self.pool.clone(), self.config.clone()).await?),
        };
        let cursor = projector.cursor().await?;
        let events = tokio::select! {
            events = self.source.next(cursor, self.config.batch) => events,
            () = shutdown.cancelled() => return Ok(()),
        };
        let events = match events {
            Ok(events) => events,
            Err(SourceError::Database(error)) => return Err(error.into()),
            Err(error @ SourceError::ForeignCursor { .. }) => {
                // It may be that only the cached checkpoint is of another history.
                let error = ProjectionError::ForeignHistory(error.to_string());
                projector.invalidate(&error);
                let is_stored = projector.cursor().await? == cursor;
                return if is_stored { Err(error) } else { Ok(()) };
            }
        };
        if !events.is_empty() {
            projector.include_entries(self.local_signal.are_entries_requested());
            let traced = fold_traced(projector, &events).await?;
            self.projected.send_replace(projector.position().await?);
            let mut signal = projector.take_signal().await?;
            if let Some(audience) = &mut signal.audience {
                audience.traces = traced;
            }
            self.local_signal.publish(signal.clone());
            publish_signal(self.nats_signal.as_ref(), &signal).await;
        }
        gauge!("tidings_history_mismatch", "part" => "read_model").set(0.0);
        if Instant::now() >= self.next_gauges {
            set_gauges(&self.reader, projector).await?;
            self.next_gauges = Instant::now() + GAUGE_INTERVAL;
        }
        if Instant::now() >= self.next_trim {
            trim_window(projector).await?;
            rebuild::views::follow(&self.pool).await?;
            self.next_trim = Instant::now() + TRIM_INTERVAL;
        }
        Ok(())
    }
}

impl ProjectorRunner {
    /// Rebuilds a read model that has events which the log does not have. Until that is done, the
    /// query API does not serve it.
    async fn replace_foreign_read_model(
        &mut self,
        reason: &str,
        shutdown: &CancellationToken,
    ) -> Result<(), ProjectionError> {
        gauge!("tidings_history_mismatch", "part" => "read_model").set(1.0);
        tracing::error!(
            reason,
            "the read model belongs to another history; rebuilding it"
        );
        let (pool, config) = (self.pool.clone(), self.config.clone());
        let batch = config.batch;
        let (start, previous) = (RebuildStart::InterruptedBuild, PreviousVersion::Drop);
        let rebuilt = rebuild::rebuild(pool, config, batch, start, previous, |_| ());
        let Some(rebuilt) = shutdown.run_until_cancelled(rebuilt).await else {
            return Ok(());
        };
        tracing::info!(position = rebuilt?.position, "the read model is rebuilt");
        self.projector = None;
        Ok(())
    }
}

/// Folds the events. Returns the positions of those of traced requests, with the `traceparent` for
/// what follows.
async fn fold_traced(
    projector: &mut Projector,
    events: &[Envelope],
) -> Result<Vec<(i64, String)>, ProjectionError> {
    let mut spans = BatchSpans::start("project", SpanKind::Consumer, traced_events(events));
    spans.set("tidings.batch.events", events.len() as i64);
    let traced = spans.traceparents();
    let folded = fold(projector, events).await;
    spans.end_with(&folded);
    folded.map(|()| traced)
}

async fn fold(projector: &mut Projector, events: &[Envelope]) -> Result<(), ProjectionError> {
    match projector.step(events).await {
        // Another process has changed the tables: the next step continues from their position.
        Err(ProjectionError::Fenced | ProjectionError::Gap { .. }) => Ok(()),
        folded => folded,
    }
}

/// Publishes the position of the tables and the audience of the batch to waiting readers. Best
/// effort: readers also poll, so a lost signal costs latency, never correctness.
async fn publish_signal(subscribers: Option<&(Client, String)>, signal: &ProjectionSignal) {
    gauge!("tidings_projection_position").set(signal.position() as f64);
    // Without a connection, the client buffers messages until its buffer is full; after that,
    // `publish` blocks.
    let subscribers =
        subscribers.filter(|(client, _)| client.connection_state() == State::Connected);
    if let Some((client, subject)) = subscribers {
        let published = client
            .publish(subject.clone(), signal.to_text().into())
            .await;
        if let Err(error) = published {
            tracing::debug!(%error, "could not publish the projection signal");
        }
    }
}

async fn set_gauges(reader: &LogReader, projector: &mut Projector) -> Result<(), ProjectionError> {
    let checkpoint = projector.checkpoint().await?;
    let head = reader.head().await?.position;
    let position = checkpoint.position;
    let behind_ms = if head > position {
        current_time().millis() - checkpoint.event_time.millis()
    } else {
        0
    };
    gauge!("tidings_projection_position").set(position as f64);
    gauge!("tidings_projection_lag_events").set((head - position) as f64);
    gauge!("tidings_projection_lag_seconds").set(behind_ms.max(0) as f64 / 1000.0);
    gauge!("tidings_parked_events").set(projector.parked().await? as f64);
    Ok(())
}

async fn trim_window(projector: &mut Projector) -> Result<(), ProjectionError> {
    for _ in 0..MAX_TRIM_STEPS {
        if !projector.trim(current_time()).await?.has_more {
            break;
        }
    }
    Ok(())
}

fn current_time() -> Timestamp {
    OffsetDateTime::now_utc().into()
}
