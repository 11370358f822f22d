//! The event source: delivers the events after a position from the commit feed, if this process is
//! the one that commits, from JetStream as long as it delivers, and from the log itself whenever
//! these do not.
//!
//! Feed and stream only make it faster; correctness does not depend on them. They may be absent,
//! behind, wiped or silent, and they may have events that the log has lost in a failover or a
//! restore: module `lineage` compares every event that comes from them with the log's history.
//! Because an event's stream sequence is its log position, switching between them needs no
//! bookkeeping.

use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::push::{Ordered, OrderedConfig};
use connectivity::OutageLog;
use domain::envelope::Envelope;
use domain::history::CursorReference;
use event_log::reader::LogReader;
use futures::{FutureExt as _, StreamExt as _};
use tokio::task::unconstrained;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::commit_feed::CommitFeed;
use crate::lineage::{Lineage, SourceError};
use crate::mirror::{self, MirrorConfig};

/// How long the feed or the stream may be silent before the log is checked for more events.
const SILENCE_TIMEOUT: Duration = Duration::from_millis(200);

/// How often the log is polled while there is no stream.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// How long only the log is read after the stream has failed.
const STREAM_RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// How long creating a consumer may take.
const STREAM_OPEN_TIMEOUT: Duration = Duration::from_secs(2);

/// A source of the events after a position, in order and without a gap.
pub struct EventSource {
    reader: LogReader,
    lineage: Lineage,
    feed: Option<CommitFeed>,
    stream: Option<MirrorSubscription>,
    /// Whether the last page of the log was full. The stream would be slower then.
    is_behind: bool,
}

/// A push consumer on the mirror stream.
struct MirrorSubscription {
    client: async_nats::Client,
    mirror: MirrorConfig,
    messages: Option<Ordered>,
    /// The consumer is not created again before this.
    reopen_at: Instant,
    outages: OutageLog,
}

/// The result of polling the stream.
enum StreamPoll {
    Events(Vec<Envelope>),
    /// Nothing arrived within [`SILENCE_TIMEOUT`].
    Silence,
    /// The consumer ended, failed or skipped events.
    Unusable,
}

impl EventSource {
    /// A source that reads the log and, with a client, the stream once it is near the end of the
    /// log.
    pub fn new(
        reader: LogReader,
        client: Option<async_nats::Client>,
        mirror: MirrorConfig,
    ) -> Self {
        let stream = client.map(|client| MirrorSubscription {
            client,
            mirror,
            messages: None,
            reopen_at: Instant::now(),
            outages: OutageLog::new("Reading the stream"),
        });
        Self {
            lineage: Lineage::new(reader.clone()),
            reader,
            feed: None,
            stream,
            is_behind: true,
        }
    }

    /// Adds the commit feed of this process. Events come from it as long as it misses none.
    #[must_use]
    pub fn with_feed(mut self, feed: Option<CommitFeed>) -> Self {
        self.feed = feed;
        self
    }

    /// Returns the events after this cursor, in order and without a gap, at most `limit`. Empty if
    /// nothing arrived for a short while. Fails with [`SourceError::ForeignCursor`] if the log does
    /// not have the cursor's event.
    pub async fn next(
        &mut self,
        after: impl Into<CursorReference>,
        limit: usize,
    ) -> Result<Vec<Envelope>, SourceError> {
        let after = after.into();
        let events = self.next_events(after.position, limit).await?;
        self.lineage.check_continuity(after, &events).await?;
        Ok(events)
    }

    async fn next_events(
        &mut self,
        position: i64,
        limit: usize,
    ) -> Result<Vec<Envelope>, sqlx::Error> {
        let feed = self.feed.as_mut().filter(|_| !self.is_behind);
        let feed = feed.and_then(CommitFeed::if_active);
        let is_fed = feed.is_some();
        let mut has_missed = false;
        if let Some(feed) = feed {
            if let Some(stream) = &mut self.stream {
                stream.messages = None;
            }
            match feed
                .next(position, limit, Instant::now() + SILENCE_TIMEOUT)
                .await
            {
                Some(events) if !events.is_empty() => return Ok(events),
                Some(_) => {}
                None => has_missed = true,
            }
        } else if !self.is_behind {
            match &mut self.stream {
                None => sleep(POLL_INTERVAL).await,
                Some(stream) => match stream.next(&self.reader, position, limit).await {
                    StreamPoll::Events(events) if self.lineage.has_all(&events).await? => {
                        return Ok(events);
                    }
                    StreamPoll::Silence => {}
                    StreamPoll::Events(_) => {
                        stream.abandon(
                            Vec::new(),
                            "the stream has events that the log does not have",
                        );
                    }
                    StreamPoll::Unusable => stream.close(),
                },
            }
        }
        let page = self
            .reader
            .read_after(position, i64::try_from(limit).unwrap_or(i64::MAX))
            .await?;
        self.is_behind = page.len() >= limit;
        if let Some(stream) = self.stream.as_mut().filter(|_| self.is_behind) {
            stream.messages = None;
        }
        has_missed |= is_fed && !page.is_empty();
        if let Some(feed) = self.feed.as_mut().filter(|_| has_missed) {
            feed.back_off();
        }
        Ok(page)
    }
}

impl MirrorSubscription {
    async fn next(&mut self, reader: &LogReader, position: i64, limit: usize) -> StreamPoll {
        if self.messages.is_none() && Instant::now() >= self.reopen_at {
            self.messages = self.open(reader, position).await;
            self.reopen_at = Instant::now() + STREAM_RETRY_INTERVAL;
        }
        let Some(messages) = &mut self.messages else {
            sleep(POLL_INTERVAL).await;
            return StreamPoll::Silence;
        };
        let deadline = Instant::now() + SILENCE_TIMEOUT;
        let (mut events, mut passed) = (Vec::new(), 0);
        let mut waiting = timeout_at(deadline, messages.next()).await.ok();
        while let Some(message) = waiting {
            let event = match message {
                Some(Ok(message)) => decode_message(&message),
                Some(Err(error)) => Err(error.to_string()),
                None => Err("the consumer ended".to_owned()),
            };
            let due = position + 1 + events.len() as i64;
            match event {
                Ok(event) if event.position < due => passed += 1,
                Ok(event) if event.position == due => events.push(event),
                Ok(event) => {
                    // The content of the events in between was erased, or the stream has lost them.
                    tracing::debug!(position = event.position, "the stream skips to a position");
                    return self.close_after(events);
                }
                Err(reason) => return self.abandon(events, &reason),
            }
            if passed > limit {
                return self.abandon(events, "the stream repeats events that were already read");
            }
            if events.len() >= limit {
                break;
            }
            // Unconstrained: otherwise tokio's cooperative budget makes the task yield after about
            // a hundred messages, which looks like an empty stream and keeps batches small.
            waiting = match unconstrained(messages.next()).now_or_never() {
                // So far only events before the position.
                None if events.is_empty() => timeout_at(deadline, messages.next()).await.ok(),
                more => more,
            };
        }
        if events.is_empty() {
            StreamPoll::Silence
        } else {
            StreamPoll::Events(events)
        }
    }

    /// Opens a consumer after this position, if there is a connection: otherwise opening would wait
    /// for one and delay reading the log. The connection logs its own outages.
    async fn open(&mut self, reader: &LogReader, position: i64) -> Option<Ordered> {
        if self.client.connection_state() != State::Connected {
            return None;
        }
        let opening = open_consumer(&self.client, &self.mirror, reader, position);
        let opened = match timeout(STREAM_OPEN_TIMEOUT, opening).await {
            Ok(opened) => opened,
            Err(_) => Err("the stream does not answer".to_owned()),
        };
        self.outages.record(opened).ok()
    }

    /// Closes the stream because it cannot be followed any further. The events before that are
    /// valid.
    fn abandon(&mut self, events: Vec<Envelope>, reason: &str) -> StreamPoll {
        self.outages.record_failure(&reason);
        self.close_after(events)
    }

    fn close_after(&mut self, events: Vec<Envelope>) -> StreamPoll {
        self.close();
        if events.is_empty() {
            StreamPoll::Unusable
        } else {
            StreamPoll::Events(events)
        }
    }

    fn close(&mut self) {
        self.messages = None;
        self.reopen_at = Instant::now() + STREAM_RETRY_INTERVAL;
    }
}

/// Opens a consumer after this position, if the stream exists and mirrors this log. It is a push
/// consumer: events that arrive while a batch is written are available when the next one starts, so
/// batches grow with the load. A pull consumer gets a few hundred events at a time, however many
/// wait.
async fn open_consumer(
    client: &async_nats::Client,
    mirror: &MirrorConfig,
    reader: &LogReader,
    position: i64,
) -> Result<Ordered, String> {
    let jetstream = async_nats::jetstream::new(client.clone());
    let state = mirror::load_state(&jetstream, mirror).await;
    let state = state.map_err(|error| error.to_string())?;
    let state = state.ok_or("the stream does not exist")?;
    let head = reader.head().await.map_err(|error| error.to_string())?;
    if state.log_id != Some(head.log_id.to_string()) {
        return Err("the stream mirrors another log".to_owned());
    }
    let config = OrderedConfig {
        deliver_subject: client.new_inbox(),
        deliver_policy: DeliverPolicy::ByStartSequence {
            start_sequence: u64::try_from(position + 1).unwrap_or(1),
        },
        ..OrderedConfig::default()
    };
    let stream = jetstream.get_stream_no_info(&mirror.stream).await;
    let stream = stream.map_err(|error| error.to_string())?;
    let consumer = stream.create_consumer(config).await;
    let consumer = consumer.map_err(|error| error.to_string())?;
    consumer.messages().await.map_err(|error| error.to_string())
}

/// Decodes the event of a message. Fails unless the stream sequence equals the event's position.
fn decode_message(message: &async_nats::jetstream::Message) -> Result<Envelope, String> {
    let sequence = message
        .info()
        .map_err(|error| error.to_string())?
        .stream_sequence;
    let event = Envelope::from_json(&message.payload).map_err(|error| error.to_string())?;
    if u64::try_from(event.position) == Ok(sequence) {
        Ok(event)
    } else {
        Err(format!(
            "stream sequence {sequence} contains the event at position {}",
            event.position
        ))
    }
}
