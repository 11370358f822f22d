//! Counts events by type, day, hour and conversation.

use std::collections::{BTreeMap, HashMap};

use domain::envelope::{AggregateKind, Envelope};
use serde::Serialize;

use crate::slice::LogSlice;

/// The counts so far.
pub struct EventCounts {
    after: i64,
    /// Every event up to this position has been counted.
    pub up_to: i64,
    types: BTreeMap<String, EventTally>,
    days: BTreeMap<String, EventTally>,
    hours: [u64; 24],
    conversations: HashMap<String, EventTally>,
}

#[derive(Debug, Clone, Copy, Default)]
struct EventTally {
    events: u64,
    bytes: u64,
}

/// The statistics of a slice, in the format of `--json`.
#[derive(Debug, Serialize)]
pub struct LogStatistics {
    /// The statistics begin after this position.
    pub after: i64,
    /// The statistics end at this position.
    pub up_to: i64,
    /// The number of events.
    pub events: u64,
    /// The size of their data in bytes.
    pub bytes: u64,
    /// Events by type, most frequent first.
    pub types: Vec<Row>,
    /// Events by day (UTC), in order.
    pub days: Vec<Row>,
    /// Events by hour of the day (UTC).
    pub hours: [u64; 24],
    /// The busiest conversations, busiest first.
    pub conversations: Vec<Row>,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The type, day or conversation.
    pub name: String,
    /// The number of events.
    pub events: u64,
    /// The size of their data in bytes.
    pub bytes: u64,
}

impl EventCounts {
    /// Starts with empty counts.
    pub fn new(slice: &LogSlice) -> Self {
        Self {
            after: slice.after,
            up_to: slice.after,
            types: BTreeMap::new(),
            days: BTreeMap::new(),
            hours: [0; 24],
            conversations: HashMap::new(),
        }
    }

    /// Counts an event.
    pub fn add_event(&mut self, event: &Envelope) {
        let bytes = event.data.get().len() as u64;
        let time = event.time.to_string();
        let (day, hour) = (&time[..10], &time[11..13]);
        increment(
            self.types.entry(event.event_type.clone()).or_default(),
            bytes,
        );
        increment(self.days.entry(day.to_owned()).or_default(), bytes);
        if let Some(hour) = hour
            .parse()
            .ok()
            .and_then(|hour: usize| self.hours.get_mut(hour))
        {
            *hour += 1;
        }
        if event.aggregate == AggregateKind::Conversation {
            increment(
                self.conversations
                    .entry(event.aggregate_id.clone())
                    .or_default(),
                bytes,
            );
        }
    }

    /// The statistics, with the `top` busiest conversations.
    pub fn to_statistics(&self, top: usize) -> LogStatistics {
        let mut types = to_rows(&self.types);
        types.sort_by_key(|row| std::cmp::Reverse(row.events));
        let mut conversations = to_rows(&self.conversations);
        conversations.sort_by(|a, b| b.events.cmp(&a.events).then(a.name.cmp(&b.name)));
        conversations.truncate(top);
        LogStatistics {
            after: self.after,
            up_to: self.up_to,
            events: types.iter().map(|row| row.events).sum(),
            bytes: types.iter().map(|row| row.bytes).sum(),
            types,
            days: to_rows(&self.days),
            hours: self.hours,
            conversations,
        }
    }
}

fn increment(tally: &mut EventTally, bytes: u64) {
    tally.events += 1;
    tally.bytes += bytes;
}

fn to_rows<'a>(tallies: impl IntoIterator<Item = (&'a String, &'a EventTally)>) -> Vec<Row> {
    let rows = tallies.into_iter().map(|(name, tally)| Row {
        name: name.clone(),
        events: tally.events,
        bytes: tally.bytes,
    });
    rows.collect()
}
