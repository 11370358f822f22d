//! Counts events by type, time, conversation and user.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use domain::envelope::{AggregateKind, Envelope};
use event_log::sent_range::TimeField;
use serde::{Deserialize, Serialize};

use super::response_times::{ResponseTimes, ResponseTracker};
use crate::slice::EventSelection;

/// The counts so far.
pub struct EventCounts {
    after: i64,
    /// Every event up to this position has been counted.
    pub up_to: i64,
    by: TimeField,
    filters: BTreeMap<&'static str, String>,
    types: BTreeMap<String, EventTally>,
    days: BTreeMap<String, DayTally>,
    hours: [u64; 24],
    conversations: HashMap<String, EventTally>,
    /// The number of each user, so that a day need not repeat the ids.
    users: HashMap<String, usize>,
    /// The messages of each user, by that number.
    sent: Vec<EventTally>,
    responses: ResponseTracker,
}

#[derive(Debug, Clone, Copy, Default)]
struct EventTally {
    events: u64,
    bytes: u64,
}

#[derive(Debug, Default)]
struct DayTally {
    all: EventTally,
    messages: u64,
    active_users: HashSet<usize>,
}

/// The statistics of a slice, in the format of `--json`.
#[derive(Debug, Serialize)]
pub struct LogStatistics {
    /// The statistics begin after this position.
    pub after: i64,
    /// The statistics end at this position.
    pub up_to: i64,
    /// Which time of an event the days and hours are of: `time` or `sent_at`.
    pub by: &'static str,
    /// Which events were selected, by the names of the options.
    pub filters: BTreeMap<&'static str, String>,
    /// The number of events.
    pub events: u64,
    /// The size of their data in bytes.
    pub bytes: u64,
    /// The number of sent messages.
    pub messages: u64,
    /// The number of conversations with events.
    pub conversation_count: u64,
    /// The number of users who have sent a message.
    pub sender_count: u64,
    /// Events by type, most frequent first.
    pub types: Vec<Row>,
    /// Events by day (UTC), in order.
    pub days: Vec<DayRow>,
    /// Events by hour of the day (UTC).
    pub hours: [u64; 24],
    /// The busiest conversations, busiest first.
    pub conversations: Vec<Row>,
    /// The users who have sent the most messages, most first: the events are their messages.
    pub senders: Vec<Row>,
    /// How long conversations wait for somebody else.
    pub response_times: Option<ResponseTimes>,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The type, conversation or user.
    pub name: String,
    /// The title of a conversation, or some of its members if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The number of events.
    pub events: u64,
    /// The size of their data in bytes.
    pub bytes: u64,
}

/// What happened on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayRow {
    /// The day, such as `2026-11-26`.
    pub name: String,
    /// The number of events.
    pub events: u64,
    /// The size of their data in bytes.
    pub bytes: u64,
    /// The number of sent messages.
    pub messages: u64,
    /// The number of users who did something: sent, edited, reacted, read, or changed a
    /// conversation or setting.
    pub active_users: u64,
}

/// Who an event names.
#[derive(Deserialize, Default)]
struct NamedUsers<'a> {
    #[serde(borrow)]
    sender: Option<Cow<'a, str>>,
    #[serde(borrow)]
    user: Option<Cow<'a, str>>,
    #[serde(borrow)]
    by: Option<Cow<'a, str>>,
    #[serde(borrow)]
    uploader: Option<Cow<'a, str>>,
}

impl<'a> NamedUsers<'a> {
    /// Who did it. The users who erase or administrate are not necessarily users of the system.
    fn actor(self, event: &'a Envelope) -> Option<Cow<'a, str>> {
        match (event.aggregate, event.event_type.as_str()) {
            (
                _,
                "notes_erased"
                | "scheduled_message_sent"
                | "scheduled_message_failed"
                | "push_dropped",
            ) => None,
            (_, "scheduled_message_cancelled") => self.by,
            (AggregateKind::Mailbox, _) => Some(Cow::Borrowed(&event.aggregate_id)),
            (_, "file_reserved") => self.uploader,
            (_, "message_sent") => self.sender,
            (_, "reaction_added" | "reaction_removed") => self.user,
            (
                AggregateKind::Deployment
                | AggregateKind::Case
                | AggregateKind::File
                | AggregateKind::Desk,
                _,
            )
            | (_, "message_erased" | "title_erased" | "profile_erased") => None,
            (_, "settings_changed") => Some(Cow::Borrowed(&event.aggregate_id)),
            _ => self.by,
        }
    }
}

impl EventCounts {
    /// Starts with empty counts after a position.
    pub fn new(selection: &EventSelection, after: i64) -> Self {
        Self {
            after,
            up_to: after,
            by: selection.by,
            filters: selection.to_filters().into_iter().collect(),
            types: BTreeMap::new(),
            days: BTreeMap::new(),
            hours: [0; 24],
            conversations: HashMap::new(),
            users: HashMap::new(),
            sent: Vec::new(),
            responses: ResponseTracker::default(),
        }
    }

    /// Counts an event.
    pub fn add_event(&mut self, event: &Envelope) {
        let bytes = event.data.get().len() as u64;
        let of_type = self.types.entry(event.event_type.clone()).or_default();
        of_type.add(bytes);
        if event.aggregate == AggregateKind::Conversation {
            let id = event.aggregate_id.clone();
            self.conversations.entry(id).or_default().add(bytes);
        }
        let users: NamedUsers<'_> = serde_json::from_str(event.data.get()).unwrap_or_default();
        let actor = users.actor(event);
        let number = actor.as_deref().map(|user| self.number_user(user));
        let is_message = event.event_type == "message_sent";
        self.count_time(event, bytes, number, is_message);
        if let (true, Some(sender), Some(number)) = (is_message, &actor, number) {
            self.sent[number].add(bytes);
            let sent_at = event.sent_at();
            self.responses
                .add_message(&event.aggregate_id, sender, sent_at);
        }
    }

    fn count_time(&mut self, event: &Envelope, bytes: u64, actor: Option<usize>, is_message: bool) {
        let time = self.by.time_of(event).to_string();
        let (day, hour) = (&time[..10], &time[11..13]);
        let day = self.days.entry(day.to_owned()).or_default();
        day.all.add(bytes);
        day.messages += u64::from(is_message);
        day.active_users.extend(actor);
        let hour = hour.parse().ok();
        if let Some(hour) = hour.and_then(|hour: usize| self.hours.get_mut(hour)) {
            *hour += 1;
        }
    }

    fn number_user(&mut self, user: &str) -> usize {
        if let Some(number) = self.users.get(user) {
            return *number;
        }
        self.users.insert(user.to_owned(), self.sent.len());
        self.sent.push(EventTally::default());
        self.sent.len() - 1
    }

    /// The statistics, with the `top` busiest conversations and senders.
    pub fn to_statistics(&self, top: usize) -> LogStatistics {
        let sent = self.users.iter().map(|(user, n)| (user, &self.sent[*n]));
        let senders = to_rows(sent.filter(|(_, tally)| tally.events > 0));
        let conversations = to_rows(&self.conversations);
        let types = to_rows(&self.types);
        let days: Vec<DayRow> = self.days.iter().map(DayTally::to_row).collect();
        LogStatistics {
            after: self.after,
            up_to: self.up_to,
            by: self.by.as_str(),
            filters: self.filters.clone(),
            events: types.iter().map(|row| row.events).sum(),
            bytes: types.iter().map(|row| row.bytes).sum(),
            messages: days.iter().map(|day| day.messages).sum(),
            conversation_count: conversations.len() as u64,
            sender_count: senders.len() as u64,
            types: keep_top(types, usize::MAX),
            days,
            hours: self.hours,
            conversations: keep_top(conversations, top),
            senders: keep_top(senders, top),
            response_times: self.responses.to_response_times(),
        }
    }
}

impl EventTally {
    fn add(&mut self, bytes: u64) {
        self.events += 1;
        self.bytes += bytes;
    }
}

impl DayTally {
    fn to_row((day, tally): (&String, &Self)) -> DayRow {
        DayRow {
            name: day.clone(),
            events: tally.all.events,
            bytes: tally.all.bytes,
            messages: tally.messages,
            active_users: tally.active_users.len() as u64,
        }
    }
}

fn to_rows<'a>(tallies: impl IntoIterator<Item = (&'a String, &'a EventTally)>) -> Vec<Row> {
    let rows = tallies.into_iter().map(|(name, tally)| Row {
        name: name.clone(),
        title: None,
        events: tally.events,
        bytes: tally.bytes,
    });
    rows.collect()
}

/// The rows with the most events, most first.
fn keep_top(mut rows: Vec<Row>, top: usize) -> Vec<Row> {
    rows.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.name.cmp(&b.name)));
    rows.truncate(top);
    rows
}

#[cfg(test)]
mod tests {
    use domain::time::Timestamp;
    use serde_json::value::to_raw_value;
    use serde_json::{Value, json};

    use super::*;

    const APPENDED: &str = "2026-11-28T10:00:00Z";

    fn event(aggregate: AggregateKind, id: &str, event_type: &str, data: &Value) -> Envelope {
        Envelope {
            position: 1,
            tag: None,
            aggregate,
            aggregate_id: id.to_owned(),
            sequence: 1,
            event_type: event_type.to_owned(),
            version: 1,
            time: Timestamp::parse(APPENDED).expect("a time"),
            actor: None,
            traceparent: None,
            data: to_raw_value(data).expect("JSON"),
        }
    }

    fn message(sender: &str, sent_at: &str) -> Envelope {
        let data = json!({ "seq": 1, "sender": sender, "sent_at": sent_at });
        event(AggregateKind::Conversation, "room", "message_sent", &data)
    }

    /// The statistics of a conversation that was imported and then used.
    fn count(by: TimeField) -> LogStatistics {
        let selection = EventSelection {
            by,
            ..EventSelection::default()
        };
        let mut counts = EventCounts::new(&selection, 0);
        let erased = json!({ "seq": 1, "by": "admin" });
        let read = json!({ "conversation": "room", "read_seq": 1 });
        let reaction = json!({ "seq": 1, "key": "+1", "user": "cat" });
        for event in [
            message("ann", "2008-03-01T12:00:00Z"),
            message("ann", "2008-03-01T12:00:10Z"),
            message("bob", "2008-03-02T12:00:00Z"),
            message("ann", APPENDED),
            event(
                AggregateKind::Conversation,
                "room",
                "reaction_added",
                &reaction,
            ),
            event(
                AggregateKind::Conversation,
                "room",
                "message_erased",
                &erased,
            ),
            event(AggregateKind::Mailbox, "dan", "conversation_read", &read),
        ] {
            counts.add_event(&event);
        }
        counts.to_statistics(10)
    }

    /// The days with their messages and active users.
    fn days(statistics: &LogStatistics) -> Vec<(&str, u64, u64)> {
        let days = statistics.days.iter();
        days.map(|day| (day.name.as_str(), day.messages, day.active_users))
            .collect()
    }

    #[test]
    fn users_are_active_when_they_send_react_or_read() {
        // Those who erase are operators.
        assert_eq!(days(&count(TimeField::Time)), [("2026-11-28", 4, 4)]);
        assert_eq!(
            days(&count(TimeField::SentAt)),
            [
                ("2008-03-01", 2, 1),
                ("2008-03-02", 1, 1),
                ("2026-11-28", 1, 3)
            ]
        );
    }

    #[test]
    fn only_messages_have_senders_and_responses() {
        let statistics = count(TimeField::Time);
        let senders: Vec<_> = statistics
            .senders
            .iter()
            .map(|row| (row.name.as_str(), row.events))
            .collect();
        assert_eq!(senders, [("ann", 3), ("bob", 1)]);
        assert_eq!(
            (
                statistics.events,
                statistics.messages,
                statistics.sender_count
            ),
            (7, 4, 2)
        );
        let conversations = &statistics.conversations;
        assert_eq!((conversations.len(), conversations[0].events), (1, 6));
        assert_eq!(statistics.response_times.map(|times| times.count), Some(2));
    }
}
