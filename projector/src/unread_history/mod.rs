//! Unread counts over time: what the badges showed at the end of each day or hour of the log.
//!
//! One pass over the log from its beginning, with the fold of the read models; nothing is stored.
//! A row equals what `GET /v1/inbox/unread?as_of=` of its position answers. Memory grows with the
//! users, conversations and memberships, plus four bytes for each message, and not with the events.
//!
//! - `unread_row`: which counts are reported, and in which form.
//! - `message_list`: the messages of one conversation, as far as counting needs them.
//! - `unread_fold`: the fold, and the counts of every membership.
//! - [`UnreadHistory`]: reads the log and returns the rows, one interval at a time.

mod message_list;
mod unread_fold;
mod unread_row;

pub use unread_row::{UnreadGrouping, UnreadHistoryOptions, UnreadInterval, UnreadRow};

use std::ops::Range;

use domain::envelope::Envelope;
use domain::time::Timestamp;
use event_log::read_ahead;
use event_log::reader::{EventFilter, EventPage, LogReader};
use tokio::sync::mpsc;

use crate::error::ProjectionError;
use unread_fold::UnreadFold;

/// The number of events per page: folding one takes milliseconds, so that a task that does it
/// yields often.
const PAGE_SIZE: usize = 2_000;

/// Reads the log and returns the counts, interval by interval.
pub struct UnreadHistory {
    pages: mpsc::Receiver<Result<EventPage, sqlx::Error>>,
    page: Vec<Envelope>,
    /// The next event of the page.
    next: usize,
    fold: UnreadFold,
    interval: i64,
    /// The first interval to report.
    first: i64,
    /// The interval of the events so far; `None` before the first event.
    current: Option<i64>,
    position: i64,
    last: i64,
}

impl UnreadHistory {
    /// Starts to read the log from its beginning: earlier events decide later counts.
    pub async fn start(
        reader: &LogReader,
        options: UnreadHistoryOptions,
    ) -> Result<Self, ProjectionError> {
        let mut last = reader.head().await?.position;
        if let Some(until) = options.until {
            last = last.min(reader.last_position_before(until).await?);
        }
        let filter = EventFilter::default();
        let interval = options.interval.millis();
        let since = options.since;
        Ok(Self {
            pages: read_ahead::read_pages(reader.clone(), filter, 0, last, PAGE_SIZE),
            page: Vec::new(),
            next: 0,
            fold: UnreadFold::new(options.grouping, options.user, options.conversation),
            interval,
            first: since.map_or(i64::MIN, |since| since.millis().div_euclid(interval)),
            current: None,
            position: 0,
            last,
        })
    }

    /// How far the log has been read.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// How far the log will be read.
    pub fn last_position(&self) -> i64 {
        self.last
    }

    /// Reads on for at most one page. Returns the rows of the interval that has ended, if one has,
    /// and `None` at the end.
    pub async fn read_next(&mut self) -> Result<Option<Vec<UnreadRow>>, ProjectionError> {
        if self.next == self.page.len() && !self.load_page().await? {
            let Some(ended) = self.current.take() else {
                return Ok(None);
            };
            return Ok(Some(self.rows(ended)));
        }
        let following = self.interval_of(&self.page[self.next]);
        let current = *self.current.get_or_insert(following);
        if following > current {
            self.current = Some(current + 1);
            return Ok(Some(self.rows(current)));
        }
        let events = self.events_of(current);
        self.next = events.end;
        let events = &self.page[events];
        self.position = events.last().map_or(self.position, |event| event.position);
        self.fold.apply(events)?;
        Ok(Some(Vec::new()))
    }

    /// Loads the next page with events. False at the end.
    async fn load_page(&mut self) -> Result<bool, ProjectionError> {
        while let Some(page) = self.pages.recv().await {
            let page = page?;
            if !page.events.is_empty() {
                (self.page, self.next) = (page.events, 0);
                return Ok(true);
            }
        }
        (self.page, self.next) = (Vec::new(), 0);
        Ok(false)
    }

    /// The events of the page from the next one on that belong to an interval. Times never decrease
    /// along the log.
    fn events_of(&self, interval: i64) -> Range<usize> {
        let rest = &self.page[self.next..];
        let count = rest.partition_point(|event| self.interval_of(event) <= interval);
        self.next..self.next + count
    }

    fn interval_of(&self, event: &Envelope) -> i64 {
        event.time.millis().div_euclid(self.interval)
    }

    fn rows(&mut self, interval: i64) -> Vec<UnreadRow> {
        if interval < self.first {
            return Vec::new();
        }
        let from = Timestamp::from_millis(interval.saturating_mul(self.interval));
        self.fold.rows(from, self.position)
    }
}
