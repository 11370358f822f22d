//! The relay: keeps the JetStream stream an exact copy of the log, with sequence = position.
//!
//! It publishes the events after the stream's last sequence, each with the expected previous
//! sequence, so a second relay, a restart or a retry cannot duplicate or reorder events. One relay
//! of a fleet is active at a time; the standby relays signal it when their process has appended.

use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream;
use connectivity::OutageLog;
use connectivity::timeout::{EXCHANGE_TIMEOUT, within};
use domain::envelope::Envelope;
use domain::history::CursorReference;
use event_log::EventLog;
use event_log::commits::CommitReceiver;
use event_log::reader::{LogHead, LogReader};
use futures::StreamExt as _;
use sqlx::{Connection as _, PgConnection};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::leader;
use crate::lineage::{Lineage, SourceError};
use crate::mirror::{self, MirrorConfig, MirrorError, MirrorState};
use crate::publisher::MirrorPublisher;
use crate::replicas;

/// How many events are read from Postgres at a time when the commit feed does not have them.
const PAGE_LIMIT: i64 = 2_000;

/// How often the log is polled. Bounds the delay of a lost signal.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// The pause between two attempts after an error.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);

/// How often a standby relay tries to take the lock, and the active one checks its lock and the
/// stream.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// How often the number of replicas is adjusted.
const REPLICAS_INTERVAL: Duration = Duration::from_secs(30);

/// How long nats-server may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs the relay until `shutdown`, through broker restarts, wiped streams and database outages.
/// Ends early only for permanent errors: a server that is too old, or a stream that belongs to
/// another log.
pub async fn run(
    log: EventLog,
    nats: async_nats::Client,
    config: MirrorConfig,
    shutdown: CancellationToken,
) -> Result<(), MirrorError> {
    let mut relay = Relay::new(log, nats, config);
    loop {
        let result = tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            result = relay.relay_until_error() => result,
        };
        if let Err(error) = result {
            if !error.is_transient() {
                return Err(error);
            }
            relay.record_interruption(&error);
        }
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            () = tokio::time::sleep(RETRY_INTERVAL) => {}
        }
    }
}

/// The state of a relay.
pub struct Relay {
    reader: LogReader,
    log: EventLog,
    nats: async_nats::Client,
    jetstream: jetstream::Context,
    publisher: MirrorPublisher,
    config: MirrorConfig,
    commits: CommitReceiver,
    lineage: Lineage,
    outages: OutageLog,
    replica_shortages: OutageLog,
    limits: OutageLog,
    /// Whether the first missing event has been stored since the last start.
    has_started: bool,
}

impl Relay {
    /// A relay of this log.
    pub fn new(log: EventLog, nats: async_nats::Client, config: MirrorConfig) -> Self {
        let mut jetstream = jetstream::new(nats.clone());
        jetstream.set_timeout(ANSWER_TIMEOUT);
        let reader = LogReader::new(log.pool().clone());
        Self {
            lineage: Lineage::new(reader.clone()),
            reader,
            commits: log.subscribe_commits(),
            log,
            publisher: MirrorPublisher::new(nats.clone(), jetstream.clone(), &config),
            nats,
            jetstream,
            config,
            outages: OutageLog::new("The mirror"),
            replica_shortages: OutageLog::new("The replication of the stream"),
            limits: OutageLog::new("The retention of the stream"),
            has_started: false,
        }
    }

    /// Logs the beginning of an outage. The relay starts over after every error, and it is the
    /// first attempt of a start that shows why nothing can be stored. The connection logs its own
    /// outages, with the host and the cause; in the first moments of a process it is none.
    fn record_interruption(&self, error: &MirrorError) {
        if self.has_started || matches!(error, MirrorError::NotConnected) {
            tracing::debug!(%error, "the relay starts over");
        } else {
            self.outages.record_failure(error);
        }
    }

    /// Waits to become the active relay of the fleet, then publishes until something fails.
    async fn relay_until_error(&mut self) -> Result<(), MirrorError> {
        self.has_started = false;
        if self.nats.connection_state() != State::Connected {
            // Requests would wait for a connection until they time out.
            return Err(MirrorError::NotConnected);
        }
        let mut lock = self.acquire_relay_lock().await?;
        let mut signals = self
            .nats
            .subscribe(self.config.appended_subject())
            .await
            .map_err(|error| MirrorError::Unavailable(error.to_string()))?;
        let last = self.resume(&mut lock).await?;
        let last = self.publish_first(last).await?;
        self.has_started = true;
        self.outages.record_success();
        let mut last = self.publish_from_log(last).await?;
        let mut checked = Instant::now();
        let mut replicas_checked: Option<Instant> = None;
        loop {
            let chunk = tokio::select! {
                chunk = self.commits.recv() => chunk,
                _ = signals.next() => None,
                () = tokio::time::sleep(POLL_INTERVAL) => None,
            };
            let asks_log = chunk.is_none();
            if let Some(chunk) = chunk {
                last = self.publish_from_commits(last, chunk).await?;
            }
            // Commits from the feed need no query of the log; commits that it dropped do.
            if asks_log || self.commits.is_empty() && self.log.known_head() > last.position {
                last = self.publish_from_log(last).await?;
            }
            if checked.elapsed() > CHECK_INTERVAL {
                // The lock lasts as long as this session. Without it, another relay may be active
                // too, which is harmless but wasteful.
                within(EXCHANGE_TIMEOUT, lock.ping()).await?;
                let stream = self.check_stream(last).await?;
                if !stream.has_configured_limits {
                    self.restore_limits().await;
                }
                if replicas_checked.is_none_or(|at| at.elapsed() > REPLICAS_INTERVAL) {
                    self.adjust_replicas(stream.replicas).await;
                    replicas_checked = Some(Instant::now());
                }
                checked = Instant::now();
            }
        }
    }

    /// Waits for the fleet's relay lock. While waiting, signals the commits of this process to the
    /// active relay.
    async fn acquire_relay_lock(&mut self) -> Result<PgConnection, MirrorError> {
        let mut connection = self.log.pool().acquire().await?.detach();
        loop {
            let attempt = sqlx::query_as("SELECT pg_try_advisory_lock(hashtextextended($1, 0))")
                .bind(format!("tidings relay {}", self.config.stream))
                .fetch_one(&mut connection);
            let (acquired,): (bool,) = within(EXCHANGE_TIMEOUT, attempt).await?;
            if acquired {
                return Ok(connection);
            }
            let retry = tokio::time::sleep(CHECK_INTERVAL);
            tokio::pin!(retry);
            loop {
                tokio::select! {
                    () = &mut retry => break,
                    chunk = self.commits.recv() => {
                        let Some(last) = chunk.as_ref().and_then(|events| events.last()) else { break };
                        let payload = last.position.to_string();
                        let _ = self.nats.publish(self.config.appended_subject(), payload.into()).await;
                    }
                }
            }
        }
    }

    /// Returns the cursor of the last event in the stream, and creates the stream if there is none.
    /// A stream that ends with an event that the log does not have, as after restoring an older
    /// backup of the database or a failover that lost events, is recreated.
    async fn resume(&mut self, lock: &mut PgConnection) -> Result<CursorReference, MirrorError> {
        mirror::check_server(&self.nats)?;
        let head = self.reader.head().await?;
        let ours = head.log_id.to_string();
        if let Some(state) = self.await_state(lock).await? {
            if state.log_id.as_deref() != Some(ours.as_str()) {
                let reason = format!("it mirrors log {:?}, but this is log {ours}", state.log_id);
                return Err(MirrorError::ForeignStream {
                    stream: self.config.stream.clone(),
                    reason,
                });
            }
            if let Some(last) = self.find_last_in_log(&state, head.position).await? {
                return Ok(last);
            }
            tracing::error!(
                stream = state.last,
                log = head.position,
                "the mirror ends with an event that the log does not have, as after a restore or a \
                 failover that lost events; recreating it"
            );
            self.jetstream
                .delete_stream(&self.config.stream)
                .await
                .map_err(|error| MirrorError::Unavailable(error.to_string()))?;
        }
        self.create_mirror(&head).await
    }

    /// Creates the stream, and returns the cursor that its first event follows.
    async fn create_mirror(&self, head: &LogHead) -> Result<CursorReference, MirrorError> {
        let first = (head.position - self.config.max_events).max(0) + 1;
        let wanted = replicas::find_wanted(&self.nats, &self.config);
        let config = self.config.stream_config(head.log_id, first);
        let create =
            async || replicas::create_stream(&self.jetstream, config.clone(), wanted).await;
        let empty = first - 1;
        let mut info = create().await?;
        if info.state.last_sequence as i64 > empty {
            // A power loss can take the description of a stream and leave its messages, which
            // nats-server then adds to the new stream. They are deleted together with it.
            tracing::warn!(
                stream = self.config.stream,
                last = info.state.last_sequence,
                "the new stream has messages of an earlier one; creating it again"
            );
            let deleted = self.jetstream.delete_stream(&self.config.stream).await;
            deleted.map_err(|error| MirrorError::Unavailable(error.to_string()))?;
            info = create().await?;
        }
        let last = info.state.last_sequence as i64;
        if last < empty {
            let found = format!("(it ignored first sequence {first} and returned {last})");
            return Err(MirrorError::ServerTooOld { found });
        }
        if last > empty {
            // In a split brain, the relay of the other side has created the same stream.
            let reason = format!("another relay has written to the new stream, up to {last}");
            return Err(MirrorError::Unavailable(reason));
        }
        tracing::info!(
            stream = self.config.stream,
            first,
            replicas = info.config.num_replicas,
            "created the mirror"
        );
        Ok(CursorReference::bare(last))
    }

    /// Loads the state of the stream. While the stream has no leader, waits, and deletes it after a
    /// while: the node that has it may have been lost with its disk. The lock is kept meanwhile, so
    /// that one relay observes the whole time.
    async fn await_state(
        &mut self,
        lock: &mut PgConnection,
    ) -> Result<Option<MirrorState>, MirrorError> {
        let mut silent_since: Option<Instant> = None;
        loop {
            let asked = Instant::now();
            let error = match mirror::load_state(&self.jetstream, &self.config).await {
                Ok(state) => return Ok(state),
                Err(error @ MirrorError::NoAnswer { .. }) => error,
                Err(error) => return Err(error),
            };
            if !leader::is_missing(&self.nats, &self.jetstream, &self.config).await {
                return Err(error);
            }
            self.outages.record_failure(&format!(
                "{error}; no node leads it, and if that lasts {} s, it is recreated from the log",
                self.config.recreate_after.as_secs()
            ));
            let since = *silent_since.get_or_insert(asked);
            if since.elapsed() >= self.config.recreate_after {
                tracing::error!(
                    stream = self.config.stream,
                    seconds = since.elapsed().as_secs(),
                    "the stream has had no leader for too long; recreating it from the log. \
                     Consumers of others are deleted with it, and must be created again"
                );
                leader::delete_stream(&self.jetstream, &self.config).await?;
                return Ok(None);
            }
            within(EXCHANGE_TIMEOUT, lock.ping()).await?;
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
    }

    /// Sets the limits of the stream again after somebody else has changed them. Events that the
    /// stream has dropped meanwhile are read from Postgres.
    async fn restore_limits(&self) {
        match mirror::restore_limits(&self.jetstream, &self.config).await {
            Ok(()) => {
                tracing::warn!(
                    stream = self.config.stream,
                    "the limits of the stream were changed from outside; set them again"
                );
                self.limits.record_success();
            }
            Err(error) => self.limits.record_failure(&error),
        }
    }

    /// Changes the number of replicas if it is not the wanted one. Without enough nodes, the mirror
    /// works with fewer, and this is tried again.
    async fn adjust_replicas(&self, current: usize) {
        let wanted = replicas::find_wanted(&self.nats, &self.config);
        let adjusted = replicas::adjust(&self.jetstream, &self.config, current, wanted).await;
        match adjusted {
            Ok(()) => self.replica_shortages.record_success(),
            // By default, a cluster of fewer nodes is as it should be.
            Err(error) if self.config.replicas.is_none() => {
                tracing::debug!(%error, "the stream has fewer replicas than it could have");
            }
            Err(error) => self.replica_shortages.record_failure(&error),
        }
    }

    /// The cursor of the last event in the stream, if the log has that event. An empty stream has
    /// none that could differ.
    async fn find_last_in_log(
        &mut self,
        state: &MirrorState,
        head: i64,
    ) -> Result<Option<CursorReference>, MirrorError> {
        if state.last > head {
            return Ok(None);
        }
        let mirrored = mirror::load_event(&self.jetstream, &self.config, state.last).await?;
        let mirrored = match mirrored {
            None => return Ok(Some(CursorReference::bare(state.last))),
            Some(Err(error)) => {
                tracing::error!(%error, "the mirror ends with a message that is not an event");
                return Ok(None);
            }
            Some(Ok(mirrored)) => mirrored,
        };
        let logged = self.reader.read_after(state.last - 1, 1).await?;
        let is_in_log = logged
            .first()
            .is_some_and(|logged| is_same_event(logged, &mirrored));
        Ok(is_in_log.then(|| mirrored.cursor()))
    }

    /// Publishes the first event after the last one and waits until it is stored. If nothing can be
    /// stored, its reply says why: the later events only find that it is missing.
    async fn publish_first(
        &mut self,
        last: CursorReference,
    ) -> Result<CursorReference, MirrorError> {
        let events = self.reader.read_after(last.position, 1).await?;
        self.check_continuity(last, &events).await?;
        self.publisher.publish(&events).await?;
        Ok(events.last().map_or(last, Envelope::cursor))
    }

    /// Fails, so that the relay starts over, unless these events continue the mirrored history.
    async fn check_continuity(
        &mut self,
        last: CursorReference,
        events: &[Envelope],
    ) -> Result<(), MirrorError> {
        match self.lineage.check_continuity(last, events).await {
            Ok(()) => Ok(()),
            Err(SourceError::Database(error)) => Err(error.into()),
            Err(error @ SourceError::ForeignCursor { .. }) => {
                Err(MirrorError::Unavailable(error.to_string()))
            }
        }
    }

    /// Detects, while nothing is published, a stream that was wiped, purged or replaced from
    /// outside. Returns its state.
    async fn check_stream(&self, last: CursorReference) -> Result<MirrorState, MirrorError> {
        match mirror::load_state(&self.jetstream, &self.config).await? {
            Some(state) if state.last == last.position => Ok(state),
            Some(state) => Err(MirrorError::Unavailable(format!(
                "the stream is at sequence {}, expected {}",
                state.last, last.position
            ))),
            None => Err(MirrorError::Unavailable(
                "the stream no longer exists".into(),
            )),
        }
    }

    async fn publish_from_commits(
        &mut self,
        last: CursorReference,
        chunk: Arc<Vec<Envelope>>,
    ) -> Result<CursorReference, MirrorError> {
        let next = last.position + 1;
        match chunk.first() {
            Some(event) if event.position <= next => {
                let from = usize::try_from(next - event.position).unwrap_or(usize::MAX);
                let events = chunk.get(from..).unwrap_or_default();
                let Some(newest) = events.last() else {
                    return Ok(last);
                };
                self.check_continuity(last, events).await?;
                self.publisher.publish(events).await?;
                Ok(newest.cursor())
            }
            // Events in between are missing from the feed; the log has them.
            _ => Ok(last),
        }
    }

    /// Publishes events from the log that the feed has not delivered.
    async fn publish_from_log(
        &mut self,
        mut last: CursorReference,
    ) -> Result<CursorReference, MirrorError> {
        if !self.commits.is_empty() && self.log.known_head() - last.position <= PAGE_LIMIT {
            // They are most likely in the feed.
            return Ok(last);
        }
        loop {
            let events = self.reader.read_after(last.position, PAGE_LIMIT).await?;
            self.check_continuity(last, &events).await?;
            let Some(newest) = events.last() else {
                return Ok(last);
            };
            self.publisher.publish(&events).await?;
            last = newest.cursor();
        }
    }
}

/// Whether a message of the stream is this event of the log. An older release published events
/// without a tag; they are compared by content.
fn is_same_event(logged: &Envelope, mirrored: &Envelope) -> bool {
    let identity = |event: &Envelope| (event.position, event.aggregate, event.sequence, event.time);
    mirrored.tag.is_none_or(|tag| logged.tag == Some(tag))
        && identity(logged) == identity(mirrored)
        && logged.aggregate_id == mirrored.aggregate_id
        && logged.event_type == mirrored.event_type
}
