//! Reads the log chunk by chunk, up to a bound or for as long as the client listens.

use std::time::Duration;

use bytes::Bytes;
use domain::time::Timestamp;
use event_log::reader::{EventFilter, EventPage, LogReader};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::consistency::read_history::ReadHistory;
use crate::consistency::watermark::Watermark;

/// The maximum number of events in a chunk. A body has at most 64 KiB, so a chunk stays below about
/// 13 MiB, and each response holds one chunk in memory.
const MAX_CHUNK_EVENTS: i64 = 200;

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
            TailMode::UpTo { remaining, .. } => MAX_CHUNK_EVENTS.min(remaining),
            TailMode::Follow { .. } => MAX_CHUNK_EVENTS,
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
        self.after = scanned_to;
        if let TailMode::UpTo { head, remaining } = &mut self.mode {
            // Events that were appended since are beyond the bound.
            events.retain(|event| event.position <= *head);
            *remaining -= events.len() as i64;
        }
        let mut lines = Vec::new();
        for event in &events {
            lines.extend(
                event
                    .to_json()
                    .map_err(|error| sqlx::Error::Decode(error.into()))?,
            );
            lines.push(b'\n');
        }
        Ok(((!lines.is_empty()).then(|| lines.into()), !is_last))
    }
}

fn now() -> Timestamp {
    time::OffsetDateTime::now_utc().into()
}
