//! Reads the log chunk by chunk, up to a bound or for as long as the client listens.

use std::time::Duration;

use bytes::Bytes;
use domain::envelope::Envelope;
use domain::time::Timestamp;
use event_log::reader::{EventFilter, EventPage, LogReader};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::consistency::read_history::ReadHistory;
use crate::consistency::watermark::Watermark;
use crate::page::MAX_PAGE_BYTES;

/// The maximum number of events in a chunk.
const MAX_CHUNK_EVENTS: i64 = 200;

/// The number of events of the first chunk. A body has at most 64 KiB, so they fit into a page.
const FIRST_CHUNK_EVENTS: i64 = 16;

/// How long to wait for the read model to advance before polling the log anyway. Normally the read
/// model follows the log within milliseconds.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// What reading the log needs. Cheap to clone.
#[derive(Clone)]
pub struct LogState {
    /// Reads the log.
    pub reader: LogReader,
    /// Signals that the log has advanced.
    pub watermark: Watermark,
    /// The history that its positions belong to.
    pub history: ReadHistory,
    /// Cancelled when the service stops; open responses then end.
    pub shutdown: CancellationToken,
}

/// A reader of the log from a position on.
pub struct LogTail {
    reader: LogReader,
    filter: EventFilter,
    after: i64,
    mode: TailMode,
    /// How many events to read for the next chunk: as many as are likely to fit.
    chunk_events: i64,
}

/// When the reader ends.
enum TailMode {
    /// After the position `head`, or after `remaining` more events.
    UpTo { head: i64, remaining: i64 },
    /// When the client disconnects or the service stops.
    Follow {
        advanced: watch::Receiver<i64>,
        shutdown: CancellationToken,
    },
}

impl LogTail {
    /// Reads at most `limit` events up to the position `head`.
    pub async fn up_to(
        state: &LogState,
        mut filter: EventFilter,
        after: i64,
        head: i64,
        limit: i64,
    ) -> Result<Self, sqlx::Error> {
        let head = match filter.until.take() {
            Some(until) => head.min(state.reader.last_position_before(until).await?),
            None => head,
        };
        let mode = TailMode::UpTo {
            head,
            remaining: limit,
        };
        Self::new(state, filter, after, mode).await
    }

    /// Reads all events after a position, including those that are appended later.
    pub async fn follow(
        state: &LogState,
        filter: EventFilter,
        after: i64,
    ) -> Result<Self, sqlx::Error> {
        let mode = TailMode::Follow {
            advanced: state.watermark.subscribe(),
            shutdown: state.shutdown.clone(),
        };
        Self::new(state, filter, after, mode).await
    }

    async fn new(
        state: &LogState,
        mut filter: EventFilter,
        after: i64,
        mode: TailMode,
    ) -> Result<Self, sqlx::Error> {
        let reader = state.reader.clone();
        // A time in the past always maps to the same position, so it is resolved once.
        let after = match filter.since {
            Some(since) if since <= now() => {
                filter.since = None;
                after.max(reader.last_position_before(since).await?)
            }
            _ => after,
        };
        Ok(Self {
            reader,
            filter,
            after,
            mode,
            chunk_events: FIRST_CHUNK_EVENTS,
        })
    }

    /// Reads the first chunk without waiting for new events.
    pub async fn read_first(mut self) -> Result<(Option<Bytes>, Option<Self>), sqlx::Error> {
        let (chunk, more) = self.read_chunk().await?;
        let follows = matches!(self.mode, TailMode::Follow { .. });
        Ok((chunk, (more || follows).then_some(self)))
    }

    /// Reads the next chunk; `None` at the end. When following, it waits for new events.
    pub async fn read_next(mut self) -> Result<Option<(Bytes, Self)>, sqlx::Error> {
        loop {
            if matches!(&self.mode, TailMode::Follow { shutdown, .. } if shutdown.is_cancelled()) {
                return Ok(None);
            }
            let (chunk, more) = self.read_chunk().await?;
            if let Some(chunk) = chunk {
                return Ok(Some((chunk, self)));
            }
            if !more && !self.wait_for_events().await? {
                return Ok(None);
            }
        }
    }

    /// Waits until the log has advanced; false if no more events can follow.
    async fn wait_for_events(&mut self) -> Result<bool, sqlx::Error> {
        let TailMode::Follow { advanced, shutdown } = &mut self.mode else {
            return Ok(false);
        };
        loop {
            if self.filter.until.is_some_and(|until| until <= now()) {
                return Ok(false);
            }
            // Whether the read model advanced or the timeout elapsed, the head decides.
            let waited = shutdown
                .run_until_cancelled(tokio::time::timeout(POLL_INTERVAL, advanced.changed()))
                .await;
            if waited.is_none() {
                return Ok(false);
            }
            if self.reader.head().await?.position > self.after {
                return Ok(true);
            }
        }
    }

    /// Reads one chunk and advances. Also returns whether more events can be read immediately.
    async fn read_chunk(&mut self) -> Result<(Option<Bytes>, bool), sqlx::Error> {
        let limit = match self.mode {
            TailMode::UpTo { remaining, .. } => self.chunk_events.min(remaining),
            TailMode::Follow { .. } => self.chunk_events,
        };
        if limit == 0 || matches!(self.mode, TailMode::UpTo { head, .. } if self.after >= head) {
            return Ok((None, false));
        }
        let EventPage {
            mut events,
            scanned_to,
            is_last,
        } = self
            .reader
            .read_filtered(&self.filter, self.after, limit)
            .await?;
        if let TailMode::UpTo { head, .. } = self.mode {
            // Events that were appended since are beyond the bound.
            events.retain(|event| event.position <= head);
        }
        let (lines, count) = encode_lines(&events, MAX_PAGE_BYTES)?;
        let is_cut = count < events.len();
        self.after = match events[..count].last() {
            Some(event) if is_cut => event.position,
            _ => scanned_to,
        };
        if let TailMode::UpTo { remaining, .. } = &mut self.mode {
            *remaining -= count as i64;
        }
        self.chunk_events = if is_cut {
            count as i64
        } else {
            MAX_CHUNK_EVENTS.min(2 * self.chunk_events)
        };
        let chunk = (!lines.is_empty()).then(|| lines.into());
        Ok((chunk, is_cut || !is_last))
    }
}

/// Encodes events as lines of JSON, as many as fit into a number of bytes, but at least one. Also
/// returns how many.
fn encode_lines(events: &[Envelope], max_bytes: usize) -> Result<(Vec<u8>, usize), sqlx::Error> {
    let mut lines = Vec::new();
    for (count, event) in events.iter().enumerate() {
        let line = event
            .to_json()
            .map_err(|error| sqlx::Error::Decode(error.into()))?;
        if count > 0 && lines.len() + line.len() >= max_bytes {
            return Ok((lines, count));
        }
        lines.extend(line);
        lines.push(b'\n');
    }
    Ok((lines, events.len()))
}

fn now() -> Timestamp {
    time::OffsetDateTime::now_utc().into()
}

#[cfg(test)]
mod tests {
    use domain::envelope::AggregateKind;
    use serde_json::value::RawValue;

    use super::*;

    fn event(position: i64, bytes: usize) -> Envelope {
        let data = format!("\"{}\"", "x".repeat(bytes));
        Envelope {
            position,
            tag: None,
            aggregate: AggregateKind::Conversation,
            aggregate_id: "room".to_owned(),
            sequence: position,
            event_type: "message_sent".to_owned(),
            version: 1,
            time: now(),
            actor: None,
            traceparent: None,
            data: RawValue::from_string(data).expect("JSON"),
        }
    }

    #[test]
    fn a_chunk_ends_before_the_event_that_does_not_fit() {
        let events: Vec<_> = (1..=4).map(|position| event(position, 1_000)).collect();
        let lengths: Vec<_> = (1..=4)
            .map(|count| {
                encode_lines(&events[..count], usize::MAX)
                    .expect("lines")
                    .0
                    .len()
            })
            .collect();
        for (count, &length) in (1..).zip(&lengths) {
            let (lines, fitting) = encode_lines(&events, length).expect("lines");
            assert_eq!((lines.len(), fitting), (length, count));
        }
        let (lines, fitting) = encode_lines(&events, lengths[1] - 1).expect("lines");
        assert_eq!((lines.len(), fitting), (lengths[0], 1));
    }

    #[test]
    fn a_chunk_has_at_least_one_event() {
        let (_, fitting) = encode_lines(&[event(1, 5_000)], 100).expect("lines");
        assert_eq!(fitting, 1);
        assert_eq!(encode_lines(&[], 100).expect("no lines"), (vec![], 0));
    }
}
