//! The relay: keeps the stream an exact copy of the log, sequence = position.
//!
//! It publishes what follows the stream's own last sequence, each event with the sequence that must
//! come before it, so a second relay, a restart or a repeat cannot double or reorder anything. One
//! relay of a fleet works at a time; the others ring a bell when their process appended.

use std::collections::VecDeque;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use async_nats::header::{HeaderMap, NATS_EXPECTED_LAST_SEQUENCE};
use async_nats::jetstream;
use async_nats::jetstream::context::PublishAckFuture;
use async_nats::jetstream::message::PublishMessage;
use domain::envelope::Envelope;
use domain::subject;
use futures::StreamExt as _;
use sqlx::{Connection as _, PgConnection};
use tokio_util::sync::CancellationToken;

use crate::EventLog;
use crate::feed::Commits;
use crate::mirror::{self, MirrorConfig, MirrorError};
use crate::reader::Reader;

/// One event in so many is published with a reply address. Each names the sequence that must come
/// before it, so if one is not stored, none after it is: the answer to the last speaks for all.
const ACK_EVERY: usize = 256;

/// Acknowledgements that may be awaited at once.
const WINDOW: usize = 4;

/// Events read from Postgres at once when the memory does not have them.
const PAGE: i64 = 2_000;

/// How long a lost bell can go unnoticed.
const POLL: Duration = Duration::from_millis(200);

/// Between two tries after something went wrong.
const RETRY: Duration = Duration::from_millis(200);

/// How often a relay that is not the working one asks to be.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// How long an acknowledgement may take.
const ACK_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs until `shutdown`, through broker restarts, wiped streams and absent databases. Ends early
/// only for what no waiting can cure: a server that is too old, a stream that is not ours.
pub async fn run(
    log: EventLog,
    nats: async_nats::Client,
    config: MirrorConfig,
    shutdown: CancellationToken,
) -> Result<(), MirrorError> {
    let mut relay = Relay::new(log, nats, config);
    loop {
        let worked = tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            worked = relay.work() => worked,
        };
        if let Err(error) = worked {
            if !error.is_passing() {
                return Err(error);
            }
            tracing::warn!(%error, "the relay starts over");
        }
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            () = tokio::time::sleep(RETRY) => {}
        }
    }
}

/// See the module.
pub struct Relay {
    reader: Reader,
    log: EventLog,
    nats: async_nats::Client,
    jetstream: jetstream::Context,
    config: MirrorConfig,
    feed: Commits,
}

impl Relay {
    /// A relay of this log.
    pub fn new(log: EventLog, nats: async_nats::Client, config: MirrorConfig) -> Self {
        let mut jetstream = jetstream::new(nats.clone());
        jetstream.set_timeout(ACK_TIMEOUT);
        Self {
            reader: Reader::new(log.pool().clone()),
            feed: log.commits(),
            log,
            nats,
            jetstream,
            config,
        }
    }

    /// Waits to be the working relay of the fleet, then works until something fails.
    async fn work(&mut self) -> Result<(), MirrorError> {
        let mut turn = self.take_turn().await?;
        let mut bell = self
            .nats
            .subscribe(self.config.appended_bell())
            .await
            .map_err(|error| MirrorError::Unavailable(error.to_string()))?;
        let next = self.resume().await? + 1;
        let mut next = self.publish_from_log(next).await?;
        let mut checked = tokio::time::Instant::now();
        loop {
            let chunk = tokio::select! {
                chunk = self.feed.recv() => chunk,
                _ = bell.next() => None,
                () = tokio::time::sleep(POLL) => None,
            };
            let asks_log = chunk.is_none();
            if let Some(chunk) = chunk {
                next = self.publish_from_memory(next, chunk).await?;
            }
            // What the feed brings needs no look at the log; what it left out does.
            if asks_log || self.feed.is_empty() && self.log.known_head() >= next {
                next = self.publish_from_log(next).await?;
            }
            if checked.elapsed() > ASK_AGAIN {
                // The lock lives as long as this session; without it another relay may work too,
                // which is harmless but wasteful.
                turn.ping().await?;
                self.check_stream(next).await?;
                checked = tokio::time::Instant::now();
            }
        }
    }

    /// Waits for the fleet's relay lock. Meanwhile, rings the bell for whoever has it.
    async fn take_turn(&mut self) -> Result<PgConnection, MirrorError> {
        let mut connection = self.log.pool().acquire().await?.detach();
        loop {
            let (taken,): (bool,) =
                sqlx::query_as("SELECT pg_try_advisory_lock(hashtextextended($1, 0))")
                    .bind(format!("tidings relay {}", self.config.stream))
                    .fetch_one(&mut connection)
                    .await?;
            if taken {
                return Ok(connection);
            }
            let ask_again = tokio::time::sleep(ASK_AGAIN);
            tokio::pin!(ask_again);
            loop {
                tokio::select! {
                    () = &mut ask_again => break,
                    chunk = self.feed.recv() => {
                        let Some(last) = chunk.as_ref().and_then(|events| events.last()) else { break };
                        let payload = last.position.to_string();
                        let _ = self.nats.publish(self.config.appended_bell(), payload.into()).await;
                    }
                }
            }
        }
    }

    /// Where the stream is, after making it if it is not there. A stream that is ahead of the log is
    /// what an older backup of the database leaves: it is made again.
    async fn resume(&self) -> Result<i64, MirrorError> {
        mirror::check_version(&self.nats)?;
        let head = self.reader.head().await?;
        let ours = head.log_id.to_string();
        if let Some(state) = mirror::state(&self.jetstream, &self.config).await? {
            if state.log_id.as_deref() != Some(ours.as_str()) {
                let reason = format!("it mirrors log {:?}, and this is log {ours}", state.log_id);
                return Err(MirrorError::NotOurs {
                    stream: self.config.stream.clone(),
                    reason,
                });
            }
            if state.last <= head.position {
                return Ok(state.last);
            }
            tracing::error!(
                stream = state.last,
                log = head.position,
                "the mirror is ahead of the log, as after restoring an older backup: making it again"
            );
            self.jetstream
                .delete_stream(&self.config.stream)
                .await
                .map_err(|error| MirrorError::Unavailable(error.to_string()))?;
        }
        let first = (head.position - self.config.keep).max(0) + 1;
        let made = self
            .jetstream
            .create_stream(self.config.stream_config(head.log_id, first))
            .await
            .map_err(|error| MirrorError::Unavailable(error.to_string()))?;
        let last = made.cached_info().state.last_sequence as i64;
        if last != first - 1 {
            let found = format!("it ignored the first sequence {first} and answered {last}");
            return Err(MirrorError::TooOld { found });
        }
        tracing::info!(stream = self.config.stream, first, "made the mirror");
        Ok(last)
    }

    /// Notices a stream that was wiped, purged or replaced behind our back while nothing is sent.
    async fn check_stream(&self, next: i64) -> Result<(), MirrorError> {
        match mirror::state(&self.jetstream, &self.config).await? {
            Some(state) if state.last == next - 1 => {
                metrics::gauge!("tidings_mirror_lag_events")
                    .set((self.log.known_head() - state.last).max(0) as f64);
                Ok(())
            }
            Some(state) => Err(MirrorError::Unavailable(format!(
                "the stream is at {} where {} was expected",
                state.last,
                next - 1
            ))),
            None => Err(MirrorError::Unavailable("the stream is gone".into())),
        }
    }

    async fn publish_from_memory(
        &self,
        next: i64,
        chunk: Arc<Vec<Envelope>>,
    ) -> Result<i64, MirrorError> {
        match chunk.first() {
            Some(event) if event.position <= next => {
                let from = usize::try_from(next - event.position).unwrap_or(usize::MAX);
                self.publish(chunk.get(from..).unwrap_or_default()).await?;
                Ok(next.max(chunk.last().map_or(0, |event| event.position) + 1))
            }
            // Something is missing in between: the log has it.
            _ => Ok(next),
        }
    }

    /// Publishes whatever the log has and the feed has not brought.
    async fn publish_from_log(&self, mut next: i64) -> Result<i64, MirrorError> {
        if !self.feed.is_empty() && self.log.known_head() - next < PAGE {
            // Most likely it is in the feed.
            return Ok(next);
        }
        loop {
            if self.reader.head().await?.position < next {
                return Ok(next);
            }
            let events = self.reader.after(next - 1, PAGE).await?;
            let Some(last) = events.last() else {
                return Ok(next);
            };
            let last = last.position;
            self.publish(&events).await?;
            next = last + 1;
        }
    }

    /// Publishes events that follow each other, and returns when all are acknowledged.
    async fn publish(&self, events: &[Envelope]) -> Result<(), MirrorError> {
        let mut sent: VecDeque<(i64, PublishAckFuture)> = VecDeque::new();
        for some in events.chunks(ACK_EVERY) {
            if sent.len() >= WINDOW
                && let Some((position, ack)) = sent.pop_front()
            {
                acknowledged(position, ack).await?;
            }
            let Some((last, others)) = some.split_last() else {
                break;
            };
            for event in others {
                self.send(event).await?;
            }
            sent.push_back((last.position, self.ask(last).await?));
        }
        for (position, ack) in sent {
            acknowledged(position, ack).await?;
        }
        if let Some(last) = events.last() {
            metrics::gauge!("tidings_mirror_position").set(last.position as f64);
            metrics::gauge!("tidings_mirror_lag_events")
                .set((self.log.known_head() - last.position).max(0) as f64);
        }
        Ok(())
    }

    /// Publishes one event, without asking what became of it.
    async fn send(&self, event: &Envelope) -> Result<(), MirrorError> {
        let mut headers = HeaderMap::new();
        let before = (event.position - 1).to_string();
        headers.insert(NATS_EXPECTED_LAST_SEQUENCE, before);
        self.nats
            .publish_with_headers(self.subject(event), headers, payload(event)?)
            .await
            .map_err(|error| MirrorError::Unavailable(error.to_string()))
    }

    /// Publishes one event, with the right to an answer.
    async fn ask(&self, event: &Envelope) -> Result<PublishAckFuture, MirrorError> {
        let message = PublishMessage::build()
            .payload(payload(event)?)
            .expected_last_sequence(event.position.unsigned_abs() - 1);
        self.jetstream
            .send_publish(self.subject(event), message)
            .await
            .map_err(|error| MirrorError::Unavailable(error.to_string()))
    }

    fn subject(&self, event: &Envelope) -> String {
        subject::of(
            &self.config.subject_prefix,
            event.aggregate,
            &event.aggregate_id,
            &event.event_type,
        )
    }
}

fn payload(event: &Envelope) -> Result<bytes::Bytes, MirrorError> {
    let json = event
        .to_json()
        .map_err(|error| MirrorError::Unavailable(error.to_string()))?;
    Ok(json.into())
}

async fn acknowledged(position: i64, ack: PublishAckFuture) -> Result<(), MirrorError> {
    let ack = ack.into_future().await.map_err(|error| {
        MirrorError::Unavailable(format!("event {position} was not acknowledged: {error}"))
    })?;
    if ack.sequence != position.unsigned_abs() {
        return Err(MirrorError::Unavailable(format!(
            "event {position} was stored at {}",
            ack.sequence
        )));
    }
    Ok(())
}
