//! Whether events and cursors belong to the history of the log.

use std::sync::Arc;

use domain::envelope::Envelope;
use domain::history::{CursorReference, History};
use event_log::reader::LogReader;

/// Why a source cannot continue.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The log does not have the event at this cursor: it was restored from a backup, or a failover
    /// has lost the event. Whatever was derived from the events up to the cursor must be derived
    /// again.
    #[error("the log does not have the event at {cursor}: its head is {head}")]
    ForeignCursor {
        /// The cursor.
        cursor: CursorReference,
        /// The head of the log.
        head: i64,
    },
    /// Postgres is unreachable or returned an error.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// The history of the log as a follower last read it.
#[derive(Debug)]
pub struct Lineage {
    reader: LogReader,
    history: Option<Arc<History>>,
    head: i64,
}

impl Lineage {
    /// Of the log that this reader reads.
    pub fn new(reader: LogReader) -> Self {
        Self {
            reader,
            history: None,
            head: 0,
        }
    }

    /// Fails unless these events continue the history that the cursor belongs to. Neighbours with
    /// the same tag do; where the tag changes, or nothing follows, the log is asked.
    pub async fn check_continuity(
        &mut self,
        after: CursorReference,
        events: &[Envelope],
    ) -> Result<(), SourceError> {
        let mut previous = after;
        for event in events {
            if event.tag.is_none() || event.tag != previous.tag {
                self.check(previous).await?;
            }
            previous = event.cursor();
        }
        if events.is_empty() {
            self.check(after).await?;
        }
        Ok(())
    }

    /// Fails unless the log has the event at this cursor.
    pub async fn check(&mut self, cursor: CursorReference) -> Result<(), SourceError> {
        let history = self.refresh().await?;
        if history.contains(cursor) && cursor.position <= self.head {
            return Ok(());
        }
        Err(SourceError::ForeignCursor {
            cursor,
            head: self.head,
        })
    }

    /// Whether the log has all these events. An event without a tag cannot be compared.
    pub async fn has_all(&mut self, events: &[Envelope]) -> Result<bool, sqlx::Error> {
        let history = self.refresh().await?;
        let has = events
            .iter()
            .all(|event| event.tag.is_some() && history.contains(event.cursor()));
        let last = events.last().map_or(0, |event| event.position);
        Ok(has && last <= self.head)
    }

    /// Reads the head, and the epochs if there is a new one.
    async fn refresh(&mut self) -> Result<Arc<History>, sqlx::Error> {
        let head = self.reader.head().await?;
        let is_shorter = head.position < self.head;
        self.head = head.position;
        match &self.history {
            Some(history) if history.newest_tag() == head.tag && !is_shorter => Ok(history.clone()),
            _ => {
                let history = Arc::new(self.reader.history().await?);
                self.history = Some(history.clone());
                Ok(history)
            }
        }
    }
}
