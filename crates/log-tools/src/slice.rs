//! Selects the events that a tool processes.

use anyhow::{Result, bail};
use data_dir::UsageError;
use domain::envelope::AggregateKind;
use domain::history::{CursorReference, History};
use domain::ids::{ConversationId, UserId};
use domain::time::Timestamp;
use event_log::read_ahead;
use event_log::reader::{EventFilter, EventPage, LogReader};
use event_log::sent_range::{SentRange, TimeField};
use tokio::sync::mpsc;

/// The number of events per page.
const PAGE_SIZE: usize = 10_000;

/// Which events are processed. What is not given matches all events.
#[derive(Debug, Clone, Default)]
pub struct EventSelection {
    /// Events after this cursor or position.
    pub after: Option<CursorReference>,
    /// Events up to this cursor or position.
    pub up_to: Option<CursorReference>,
    /// Events at or after this time.
    pub since: Option<Timestamp>,
    /// Events before this time.
    pub until: Option<Timestamp>,
    /// Which time of an event these are.
    pub by: TimeField,
    /// Events of these types.
    pub event_types: Vec<String>,
    /// Events of this conversation.
    pub conversation: Option<ConversationId>,
    /// Events that involve this user: those of their mailbox, and those that name them.
    pub user: Option<UserId>,
}

impl EventSelection {
    /// Whether the selection ends, at a position or a time, instead of with the log.
    pub fn is_bounded(&self) -> bool {
        // Messages of any earlier time can still be imported.
        self.up_to.is_some() || (self.until.is_some() && self.by == TimeField::Time)
    }

    /// The range of times of messages; unbounded if the times are those of the log.
    fn sent_range(&self) -> SentRange {
        match self.by {
            TimeField::Time => SentRange::default(),
            TimeField::SentAt => SentRange {
                since: self.since,
                until: self.until,
            },
        }
    }

    /// The range of times of the log; unbounded if the times are those of messages.
    fn appended_range(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        match self.by {
            TimeField::Time => (self.since, self.until),
            TimeField::SentAt => (None, None),
        }
    }

    /// What is selected, by the names of the options of the command line.
    pub fn to_filters(&self) -> Vec<(&'static str, String)> {
        let time = |time: Timestamp| match self.by {
            TimeField::Time => time.to_string(),
            TimeField::SentAt => format!("{time} (sent_at)"),
        };
        let types = (!self.event_types.is_empty()).then(|| self.event_types.join(", "));
        let conversation = self.conversation.as_ref().map(|id| id.as_str().to_owned());
        let user = self.user.as_ref().map(|user| user.as_str().to_owned());
        let filters = [
            ("after", self.after.map(|cursor| cursor.to_string())),
            ("up-to", self.up_to.map(|cursor| cursor.to_string())),
            ("since", self.since.map(time)),
            ("until", self.until.map(time)),
            ("type", types),
            ("conversation", conversation),
            ("user", user),
        ];
        let given = filters.into_iter();
        given
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }

    /// The filter for the events, without positions and times.
    fn filter(&self) -> EventFilter {
        let conversation = self.conversation.as_ref();
        EventFilter {
            event_types: self.event_types.clone(),
            aggregate: conversation.map(|id| (AggregateKind::Conversation, id.as_str().to_owned())),
            since: None,
            until: None,
            sent: self.sent_range(),
            user: self.user.as_ref().map(|user| user.as_str().to_owned()),
        }
    }
}

/// A filtered range of the log with a fixed end.
#[derive(Debug, Clone)]
pub struct LogSlice {
    /// The filter for the events.
    pub filter: EventFilter,
    /// The slice begins after this position.
    pub after: i64,
    /// The slice ends at this position.
    pub last: i64,
    /// The history of the log, which identifies the positions of the slice.
    pub history: History,
}

impl LogSlice {
    /// Resolves a selection: converts times to positions and limits the end to the head of the log.
    /// Fails if the selection names a cursor of another history.
    pub async fn resolve(selection: &EventSelection, reader: &LogReader) -> Result<Self> {
        let head = reader.head().await?.position;
        let history = reader.history().await?;
        for cursor in [selection.after, selection.up_to].into_iter().flatten() {
            check_cursor(&history, head, cursor)?;
        }
        let (since, until) = selection.appended_range();
        let mut after = selection.after.map_or(0, |after| after.position);
        if let Some(since) = since {
            after = after.max(reader.last_position_before(since).await?);
        }
        let mut last = selection
            .up_to
            .map_or(head, |up_to| up_to.position.min(head));
        if let Some(until) = until {
            last = last.min(reader.last_position_before(until).await?);
        }
        Ok(Self {
            filter: selection.filter(),
            after,
            last,
            history,
        })
    }

    /// Reads the events in pages, in the background.
    pub fn read_pages(&self, reader: &LogReader) -> mpsc::Receiver<Result<EventPage, sqlx::Error>> {
        read_ahead::read_pages(
            reader.clone(),
            self.filter.clone(),
            self.after,
            self.last,
            PAGE_SIZE,
        )
    }

    /// The number of positions in the slice.
    pub fn span(&self) -> u64 {
        u64::try_from(self.last - self.after).unwrap_or(0)
    }

    /// The number of positions in the slice up to this one.
    pub fn span_to(&self, position: i64) -> u64 {
        u64::try_from(position - self.after).unwrap_or(0)
    }
}

/// Fails if the log has no event of this conversation: a misspelt id must not look like a
/// conversation in which nothing happened.
pub async fn check_conversation(reader: &LogReader, id: &ConversationId) -> Result<()> {
    let filter = EventFilter {
        aggregate: Some((AggregateKind::Conversation, id.as_str().to_owned())),
        ..EventFilter::default()
    };
    let head = reader.head().await?.position;
    let mut after = 0;
    loop {
        let page = reader.read_page(&filter, after, head, 1).await?;
        if !page.events.is_empty() {
            return Ok(());
        }
        if page.is_last {
            bail!("there is no conversation {id} in the log");
        }
        after = page.scanned_to;
    }
}

/// Fails if the log does not have the event that the cursor names. A bare position names none.
fn check_cursor(history: &History, head: i64, cursor: CursorReference) -> Result<(), UsageError> {
    if cursor.tag.is_none() || (cursor.position <= head && history.contains(cursor)) {
        return Ok(());
    }
    Err(UsageError(format!(
        "the log does not have the event of the cursor {cursor}: it was restored from a backup, or \
         a failover lost events; use a cursor of this history, or a position"
    )))
}
