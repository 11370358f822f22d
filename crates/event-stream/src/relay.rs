//! The relay: keeps the JetStream stream an exact copy of the log, with sequence = position.
//!
//! It publishes the events after the stream's last sequence, each with the expected previous
//! sequence, so a second relay, a restart or a retry cannot duplicate or reorder events. One relay
//! of a fleet is active at a time; the standby relays signal it when their process has appended.

use std::collections::VecDeque;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use async_nats::header::{HeaderMap, NATS_EXPECTED_LAST_SEQUENCE};
use async_nats::jetstream;
use async_nats::jetstream::context::PublishAckFuture;
use async_nats::jetstream::message::PublishMessage;
use domain::envelope::Envelope;
use domain::history::CursorReference;
use domain::subject;
use event_log::EventLog;
use event_log::commits::CommitReceiver;
use event_log::reader::LogReader;
use event_log::timeout::{EXCHANGE_TIMEOUT, within};
use futures::StreamExt as _;
use sqlx::{Connection as _, PgConnection};
use tokio_util::sync::CancellationToken;

use crate::lineage::{Lineage, SourceError};
use crate::mirror::{self, MirrorConfig, MirrorError, MirrorState};

/// One event in this many is published with a request for an acknowledgement. Each event names the
/// expected previous sequence, so if one is not stored, none after it is: the acknowledgement of
/// the last covers all.
const ACK_INTERVAL: usize = 256;

/// How many acknowledgements may be pending.
const MAX_PENDING_ACKS: usize = 4;

/// How many events are read from Postgres at a time when the commit feed does not have them.
const PAGE_LIMIT: i64 = 2_000;

/// How often the log is polled. Bounds the delay of a lost signal.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// The pause between two attempts after an error.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);

/// How often a standby relay tries to take the lock, and the active one checks its lock and the
/// stream.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// How long an acknowledgement may take.
const ACK_TIMEOUT: Duration = Duration::from_secs(5);

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
            tracing::warn!(%error, "the relay failed; restarting it");
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
    config: MirrorConfig,
    commits: CommitReceiver,
    lineage: Lineage,
}

impl Relay {
    /// A relay of this log.
    pub fn new(log: EventLog, nats: async_nats::Client, config: MirrorConfig) -> Self {
        let mut jetstream = jetstream::new(nats.clone());
        jetstream.set_timeout(ACK_TIMEOUT);
        let reader = LogReader::new(log.pool().clone());
        Self {
            lineage: Lineage::new(reader.clone()),
            reader,
            commits: log.subscribe_commits(),
            log,
            nats,
            jetstream,
            config,
        }
    }

    /// Waits to become the active relay of the fleet, then publishes until something fails.
    async fn relay_until_error(&mut self) -> Result<(), MirrorError> {
        let mut lock = self.acquire_relay_lock().await?;
        let mut signals = self
            .nats
            .subscribe(self.config.appended_subject())
            .await
            .map_err(|error| MirrorError::Unavailable(error.to_string()))?;
        let last = self.resume().await?;
        let last = self.publish_first(last).await?;
        let mut last = self.publish_from_log(last).await?;
        let mut checked = tokio::time::Instant::now();
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
                self.check_stream(last).await?;
                checked = tokio::time::Instant::now();
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
    async fn resume(&mut self) -> Result<CursorReference, MirrorError> {
        mirror::check_server(&self.nats)?;
        let head = self.reader.head().await?;
        let ours = head.log_id.to_string();
        if let Some(state) = mirror::load_state(&self.jetstream, &self.config).await? {
            if state.log_id.as_deref() != Some(ours.as_str()) {
                let reason = format!("it mirrors log {:?}, but this is log {ours}", state.log_id);
                return Err(MirrorError::ForeignStream {
                    stream: self.config.stream.clone(),
                    reason,
                });
            }
            set_lag(head.position, state.last);
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
        let first = (head.position - self.config.max_events).max(0) + 1;
        let stream = self
            .jetstream
            .create_stream(self.config.stream_config(head.log_id, first))
            .await
            .map_err(|error| MirrorError::Unavailable(error.to_string()))?;
        let last = stream.cached_info().state.last_sequence as i64;
        if last != first - 1 {
            let found = format!("(it ignored first sequence {first} and returned {last})");
            return Err(MirrorError::ServerTooOld { found });
        }
        tracing::info!(stream = self.config.stream, first, "created the mirror");
        Ok(CursorReference::bare(last))
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
        self.publish(&events).await?;
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
    /// outside.
    async fn check_stream(&self, last: CursorReference) -> Result<(), MirrorError> {
        match mirror::load_state(&self.jetstream, &self.config).await? {
            Some(state) if state.last == last.position => {
                set_lag(self.log.known_head(), state.last);
                Ok(())
            }
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
                self.publish(events).await?;
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
            self.publish(&events).await?;
            last = newest.cursor();
        }
    }

    /// Publishes consecutive events, and returns when all are acknowledged.
    async fn publish(&self, events: &[Envelope]) -> Result<(), MirrorError> {
        let mut sent: VecDeque<(i64, PublishAckFuture)> = VecDeque::new();
        for chunk in events.chunks(ACK_INTERVAL) {
            if sent.len() >= MAX_PENDING_ACKS
                && let Some((position, ack)) = sent.pop_front()
            {
                await_ack(position, ack).await?;
            }
            let Some((last, others)) = chunk.split_last() else {
                break;
            };
            for event in others {
                self.publish_without_ack(event).await?;
            }
            sent.push_back((last.position, self.publish_with_ack(last).await?));
        }
        for (position, ack) in sent {
            await_ack(position, ack).await?;
        }
        if let Some(last) = events.last() {
            set_lag(self.log.known_head(), last.position);
        }
        Ok(())
    }

    /// Publishes one event without requesting an acknowledgement.
    async fn publish_without_ack(&self, event: &Envelope) -> Result<(), MirrorError> {
        let mut headers = HeaderMap::new();
        let before = (event.position - 1).to_string();
        headers.insert(NATS_EXPECTED_LAST_SEQUENCE, before);
        self.nats
            .publish_with_headers(self.subject(event), headers, encode_payload(event)?)
            .await
            .map_err(|error| MirrorError::Unavailable(error.to_string()))
    }

    /// Publishes one event and requests an acknowledgement.
    async fn publish_with_ack(&self, event: &Envelope) -> Result<PublishAckFuture, MirrorError> {
        let message = PublishMessage::build()
            .payload(encode_payload(event)?)
            .expected_last_sequence(event.position.unsigned_abs() - 1);
        self.jetstream
            .send_publish(self.subject(event), message)
            .await
            .map_err(|error| MirrorError::Unavailable(error.to_string()))
    }

    fn subject(&self, event: &Envelope) -> String {
        subject::event_subject(
            &self.config.subject_prefix,
            event.aggregate,
            &event.aggregate_id,
            &event.event_type,
        )
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

/// Reports how far the stream is, compared with the log.
fn set_lag(head: i64, mirrored: i64) {
    metrics::gauge!("tidings_mirror_position").set(mirrored as f64);
    metrics::gauge!("tidings_mirror_lag_events").set((head - mirrored).max(0) as f64);
}

fn encode_payload(event: &Envelope) -> Result<bytes::Bytes, MirrorError> {
    let json = event
        .to_json()
        .map_err(|error| MirrorError::Unavailable(error.to_string()))?;
    Ok(json.into())
}

async fn await_ack(position: i64, ack: PublishAckFuture) -> Result<(), MirrorError> {
    let ack = ack.into_future().await.map_err(|error| {
        MirrorError::Unavailable(format!("event {position} was not acknowledged: {error}"))
    })?;
    if ack.sequence != position.unsigned_abs() {
        return Err(MirrorError::Unavailable(format!(
            "event {position} was stored at sequence {}",
            ack.sequence
        )));
    }
    Ok(())
}
