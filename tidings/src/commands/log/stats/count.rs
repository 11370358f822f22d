//! Counting.

use std::collections::{BTreeMap, HashMap};

use domain::envelope::{AggregateKind, Envelope};
use serde::Serialize;

use crate::commands::log::slice::Slice;

/// What was counted so far.
pub struct Counts {
    after: i64,
    /// Everything up to here was counted.
    pub up_to: i64,
    types: BTreeMap<String, Tally>,
    days: BTreeMap<String, Tally>,
    hours: [u64; 24],
    conversations: HashMap<String, Tally>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    events: u64,
    bytes: u64,
}

/// What is shown.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// Events after this position.
    pub after: i64,
    /// Events up to this one.
    pub up_to: i64,
    /// All of them.
    pub events: u64,
    /// Bytes of their data.
    pub bytes: u64,
    /// By type, most first.
    pub types: Vec<Row>,
    /// By day (UTC), in order.
    pub days: Vec<Row>,
    /// By hour of the day (UTC).
    pub hours: [u64; 24],
    /// The busiest conversations, most first.
    pub conversations: Vec<Row>,
}

/// A line of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Of what.
    pub name: String,
    /// How many.
    pub events: u64,
    /// Bytes of their data.
    pub bytes: u64,
}

impl Counts {
    /// Nothing yet.
    pub fn new(slice: &Slice) -> Self {
        Self {
            after: slice.after,
            up_to: slice.after,
            types: BTreeMap::new(),
            days: BTreeMap::new(),
            hours: [0; 24],
            conversations: HashMap::new(),
        }
    }

    /// One more.
    pub fn take(&mut self, event: &Envelope) {
        let bytes = event.data.get().len() as u64;
        let time = event.time.to_string();
        let (day, hour) = (&time[..10], &time[11..13]);
        count(
            self.types.entry(event.event_type.clone()).or_default(),
            bytes,
        );
        count(self.days.entry(day.to_owned()).or_default(), bytes);
        if let Some(hour) = hour
            .parse()
            .ok()
            .and_then(|hour: usize| self.hours.get_mut(hour))
        {
            *hour += 1;
        }
        if event.aggregate == AggregateKind::Conversation {
            count(
                self.conversations
                    .entry(event.aggregate_id.clone())
                    .or_default(),
                bytes,
            );
        }
    }

    /// What is shown of it.
    pub fn summary(&self, top: usize) -> Summary {
        let mut types = rows(&self.types);
        types.sort_by_key(|row| std::cmp::Reverse(row.events));
        let mut conversations = rows(&self.conversations);
        conversations.sort_by(|a, b| b.events.cmp(&a.events).then(a.name.cmp(&b.name)));
        conversations.truncate(top);
        Summary {
            after: self.after,
            up_to: self.up_to,
            events: types.iter().map(|row| row.events).sum(),
            bytes: types.iter().map(|row| row.bytes).sum(),
            types,
            days: rows(&self.days),
            hours: self.hours,
            conversations,
        }
    }
}

fn count(tally: &mut Tally, bytes: u64) {
    tally.events += 1;
    tally.bytes += bytes;
}

fn rows<'a>(tallies: impl IntoIterator<Item = (&'a String, &'a Tally)>) -> Vec<Row> {
    let rows = tallies.into_iter().map(|(name, tally)| Row {
        name: name.clone(),
        events: tally.events,
        bytes: tally.bytes,
    });
    rows.collect()
}
