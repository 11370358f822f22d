//! Where events come from: the memory of the process that commits them, if that is this one, JetStream as
//! long as it delivers, and the log itself whenever these do not.
//!
//! Memory and stream are only ever faster, never needed: they may be away, behind, wiped or silent. Because
//! the stream's sequence of an event is its position, changing over needs no bookkeeping.

use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::push::{Ordered, OrderedConfig};
use domain::envelope::Envelope;
use futures::{FutureExt as _, StreamExt as _};
use tokio::task::unconstrained;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::feed::Feed;
use crate::mirror::{self, MirrorConfig};
use crate::reader::Reader;

/// How long feed or stream may be silent before the log is asked whether it has more.
const SILENCE: Duration = Duration::from_millis(200);

/// How often the log is asked while there is no stream.
const POLL: Duration = Duration::from_millis(50);

/// After trouble with the stream: how long the log alone is read.
const STREAM_RETRY: Duration = Duration::from_secs(1);

/// How long the making of a consumer may take.
const STREAM_OPENING: Duration = Duration::from_secs(2);

/// The events after a position, from wherever they are had first.
pub struct Source {
    reader: Reader,
    feed: Option<Feed>,
    stream: Option<Stream>,
    /// The last page of the log was full: the stream would be slower.
    is_behind: bool,
}

struct Stream {
    client: async_nats::Client,
    mirror: MirrorConfig,
    messages: Option<Ordered>,
    /// Not before this.
    open_at: Instant,
}

/// What the stream had to say.
enum Heard {
    Events(Vec<Envelope>),
    /// Nothing, for as long as [`SILENCE`].
    Silence,
    /// What it says is not what comes next, or it broke off.
    Unusable,
}

impl Source {
    /// With a client, events come from the stream as soon as they are near its end.
    pub fn new(reader: Reader, client: Option<async_nats::Client>, mirror: MirrorConfig) -> Self {
        let stream = client.map(|client| Stream {
            client,
            mirror,
            messages: None,
            open_at: Instant::now(),
        });
        Self {
            reader,
            feed: None,
            stream,
            is_behind: true,
        }
    }

    /// With the feed of the process that appends, events come from there as long as that is all of them.
    #[must_use]
    pub fn fed_by(mut self, feed: Option<Feed>) -> Self {
        self.feed = feed;
        self
    }

    /// Whatever there is after this position, in order and without a gap, at most `limit`. Empty
    /// if nothing came for a moment.
    pub async fn next(
        &mut self,
        position: i64,
        limit: usize,
    ) -> Result<Vec<Envelope>, sqlx::Error> {
        let feed = self.feed.as_mut().filter(|_| !self.is_behind);
        let feed = feed.and_then(Feed::in_use);
        let is_fed = feed.is_some();
        let mut has_missed = false;
        if let Some(feed) = feed {
            if let Some(stream) = &mut self.stream {
                stream.messages = None;
            }
            match feed.next(position, limit, Instant::now() + SILENCE).await {
                Some(events) if !events.is_empty() => return Ok(events),
                Some(_) => {}
                None => has_missed = true,
            }
        } else if !self.is_behind {
            match &mut self.stream {
                None => sleep(POLL).await,
                Some(stream) => match stream.next(&self.reader, position, limit).await {
                    Heard::Events(events) => return Ok(events),
                    Heard::Silence => {}
                    Heard::Unusable => stream.close(),
                },
            }
        }
        let page = self
            .reader
            .after(position, i64::try_from(limit).unwrap_or(i64::MAX))
            .await?;
        self.is_behind = page.len() >= limit;
        if let Some(stream) = self.stream.as_mut().filter(|_| self.is_behind) {
            stream.messages = None;
        }
        has_missed |= is_fed && !page.is_empty();
        if let Some(feed) = self.feed.as_mut().filter(|_| has_missed) {
            feed.step_aside();
        }
        Ok(page)
    }
}

impl Stream {
    async fn next(&mut self, reader: &Reader, position: i64, limit: usize) -> Heard {
        // Without a connection, opening would wait for one, and the log would not be read meanwhile.
        let is_connected = self.client.connection_state() == State::Connected;
        if self.messages.is_none() && is_connected && Instant::now() >= self.open_at {
            self.messages = open(&self.client, &self.mirror, reader, position).await;
            self.open_at = Instant::now() + STREAM_RETRY;
        }
        let Some(messages) = &mut self.messages else {
            sleep(POLL).await;
            return Heard::Silence;
        };
        let deadline = Instant::now() + SILENCE;
        let (mut events, mut passed) = (Vec::new(), 0);
        let mut waiting = timeout_at(deadline, messages.next()).await.ok();
        while let Some(message) = waiting {
            let event = match message {
                Some(Ok(message)) => read(&message),
                Some(Err(error)) => Err(error.to_string()),
                None => Err("it ended".to_owned()),
            };
            let due = position + 1 + events.len() as i64;
            match event {
                Ok(event) if event.position < due => passed += 1,
                Ok(event) if event.position == due => events.push(event),
                Ok(event) => {
                    return self.broken(events, &format!("it skips to {}", event.position));
                }
                Err(why) => return self.broken(events, &why),
            }
            if passed > limit {
                return self.broken(events, "it repeats what the log has given");
            }
            if events.len() >= limit {
                break;
            }
            // Unconstrained: else the runtime has the task pause after a hundred messages, which
            // looks like an empty stream, and makes small batches of whatever waits.
            waiting = match unconstrained(messages.next()).now_or_never() {
                // Only what was folded before, so far.
                None if events.is_empty() => timeout_at(deadline, messages.next()).await.ok(),
                more => more,
            };
        }
        if events.is_empty() {
            Heard::Silence
        } else {
            Heard::Events(events)
        }
    }

    /// The stream cannot be followed further. What came before holds.
    fn broken(&mut self, events: Vec<Envelope>, why: &str) -> Heard {
        tracing::info!(
            stream = self.mirror.stream,
            why,
            "reading the log instead of the stream"
        );
        self.close();
        if events.is_empty() {
            Heard::Unusable
        } else {
            Heard::Events(events)
        }
    }

    fn close(&mut self) {
        self.messages = None;
        self.open_at = Instant::now() + STREAM_RETRY;
    }
}

/// A consumer from after this position on, if there is a stream and it mirrors this log. It is pushed
/// to: what comes in while a batch is written is there when the next begins, so batches grow with
/// the load. One that pulls is given a few hundred events at a time, however many wait.
async fn open(
    client: &async_nats::Client,
    mirror: &MirrorConfig,
    reader: &Reader,
    position: i64,
) -> Option<Ordered> {
    let opening = async {
        let jetstream = async_nats::jetstream::new(client.clone());
        let state = mirror::state(&jetstream, mirror).await.ok()??;
        let log_id = reader.head().await.ok()?.log_id.to_string();
        if state.log_id.as_ref() != Some(&log_id) {
            return None;
        }
        let config = OrderedConfig {
            deliver_subject: client.new_inbox(),
            deliver_policy: DeliverPolicy::ByStartSequence {
                start_sequence: u64::try_from(position + 1).unwrap_or(1),
            },
            ..OrderedConfig::default()
        };
        let stream = jetstream.get_stream_no_info(&mirror.stream).await.ok()?;
        stream
            .create_consumer(config)
            .await
            .ok()?
            .messages()
            .await
            .ok()
    };
    timeout(STREAM_OPENING, opening).await.ok().flatten()
}

/// The event of a message, if the stream's sequence says the same as the event.
fn read(message: &async_nats::jetstream::Message) -> Result<Envelope, String> {
    let sequence = message
        .info()
        .map_err(|error| error.to_string())?
        .stream_sequence;
    let event = Envelope::from_json(&message.payload).map_err(|error| error.to_string())?;
    if u64::try_from(event.position) == Ok(sequence) {
        Ok(event)
    } else {
        Err(format!(
            "sequence {sequence} holds position {}",
            event.position
        ))
    }
}
