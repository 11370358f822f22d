//! The signal that the projector sends after each batch: the position that the read models have
//! reached, and the users and conversations that the batch affected.
//!
//! Signals are best effort: one may be lost, late or without an audience. A lost signal costs
//! latency, never correctness.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::history::CursorReference;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::live_entry::LiveEntry;

/// How many signals are buffered for a subscriber in the projector's own process.
const SIGNAL_CAPACITY: usize = 256;

/// The in-process channel for projection signals. It is faster and more reliable than the signals
/// over NATS, and it carries the entries themselves while a subscriber requests them. Cheap to
/// clone.
#[derive(Debug, Clone)]
pub struct ProjectionSignalChannel {
    sender: broadcast::Sender<ProjectionSignal>,
    are_entries_requested: Arc<AtomicBool>,
}

impl Default for ProjectionSignalChannel {
    fn default() -> Self {
        Self {
            sender: broadcast::Sender::new(SIGNAL_CAPACITY),
            are_entries_requested: Arc::default(),
        }
    }
}

impl ProjectionSignalChannel {
    /// Sends a signal to all current subscribers.
    pub fn publish(&self, signal: ProjectionSignal) {
        // It is fine to have no subscriber.
        let _ = self.sender.send(signal);
    }

    /// Subscribes to all signals from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<ProjectionSignal> {
        self.sender.subscribe()
    }

    /// Sets whether signals should carry entries. Some may arrive without them nevertheless.
    pub fn set_entries_requested(&self, are_requested: bool) {
        self.are_entries_requested
            .store(are_requested, Ordering::Relaxed);
    }

    /// Whether a subscriber wants the entries.
    pub fn are_entries_requested(&self) -> bool {
        self.are_entries_requested.load(Ordering::Relaxed)
    }
}

/// The subject on which the projector publishes a [`ProjectionSignal`] after each batch, in its
/// text form. `mirror_stream` is the name of the log's mirror.
pub fn projected_subject(mirror_stream: &str) -> String {
    format!("{mirror_stream}.bell.projected")
}

/// How many ids a signal may list. A batch that affects more is sent without an audience, that is,
/// to everyone.
pub const MAX_AUDIENCE_IDS: usize = 2_000;

/// How many events of traced requests a signal may list.
const MAX_TRACES: usize = 256;

/// The signal after a batch. Its text form is the cursor, then a space and the audience as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectionSignal {
    /// The cursor of the last event that the read models include. A projector of an older release
    /// sends a bare position.
    pub cursor: CursorReference,
    /// The users and conversations that the batch affected, if known.
    pub audience: Option<AffectedAudience>,
}

/// The recipients of the entries in a range of positions, as numeric ids of one build of the read
/// models. It may list too many recipients, never too few.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AffectedAudience {
    /// The range starts after this position.
    pub from: i64,
    /// The last position of the range.
    pub to: i64,
    /// The build of the read models that the ids belong to.
    pub generation: i64,
    /// Conversations whose members all have new entries.
    pub conversations: Vec<i64>,
    /// Users with entries of their own.
    pub users: Vec<i64>,
    /// Users with a membership that began or ended. `None` if they are many, or if a
    /// projector of an older release has sent the signal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub membership_changes: Option<Vec<i64>>,
    /// About how many recipients that makes, counting the members after the batch.
    #[serde(rename = "told")]
    pub recipients: i64,
    /// The positions of events of traced requests, with the `traceparent` of the step that has
    /// projected them. Some may be missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traces: Vec<(i64, String)>,
    /// All entries of the range, in order, if they are few and simple. In-process signals only.
    #[serde(skip)]
    pub entries: Option<Vec<Arc<LiveEntry>>>,
}

impl AffectedAudience {
    /// Merges the audience of the next batch into this one. `None` if the batches do not follow
    /// each other, or if the result would list too many ids.
    #[must_use]
    pub fn merge(mut self, next: Self) -> Option<Self> {
        if next.from != self.to || next.generation != self.generation {
            return None;
        }
        self.to = next.to;
        self.entries = match (self.entries, next.entries) {
            (Some(mut entries), Some(more)) if entries.len() + more.len() <= MAX_AUDIENCE_IDS => {
                entries.extend(more);
                Some(entries)
            }
            _ => None,
        };
        self.recipients += next.recipients;
        self.traces.extend(next.traces);
        self.traces.truncate(MAX_TRACES);
        self.conversations.extend(next.conversations);
        self.users.extend(next.users);
        self.membership_changes = match (self.membership_changes, next.membership_changes) {
            (Some(mut changes), Some(more)) if changes.len() + more.len() <= MAX_AUDIENCE_IDS => {
                changes.extend(more);
                Some(changes)
            }
            _ => None,
        };
        let changes = self.membership_changes.iter_mut();
        for numbers in changes.chain([&mut self.conversations, &mut self.users]) {
            numbers.sort_unstable();
            numbers.dedup();
        }
        self.fits().then_some(self)
    }

    /// Whether there are no recipients. Unlike `recipients`, this includes a member who has just
    /// left.
    pub fn is_empty(&self) -> bool {
        self.conversations.is_empty() && self.users.is_empty()
    }

    /// Whether the ids are few enough to be listed.
    pub fn fits(&self) -> bool {
        self.conversations.len() + self.users.len() <= MAX_AUDIENCE_IDS
    }
}

impl ProjectionSignal {
    /// The position that the read models have reached.
    pub fn position(&self) -> i64 {
        self.cursor.position
    }

    /// The text form, as published.
    pub fn to_text(&self) -> String {
        let audience = self.audience.as_ref();
        let json = audience.and_then(|audience| serde_json::to_string(audience).ok());
        json.map_or_else(
            || self.cursor.to_string(),
            |json| format!("{} {json}", self.cursor),
        )
    }

    /// Parses the text form. `None` if the text is not a signal.
    pub fn parse(text: &str) -> Option<Self> {
        let (cursor, audience) = match text.split_once(' ') {
            Some((cursor, json)) => (cursor, serde_json::from_str(json).ok()),
            None => (text, None),
        };
        Some(Self {
            cursor: cursor.parse().ok()?,
            audience,
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Timestamp;

    use super::*;
    use crate::live_entry::LiveEntryPayload;

    fn audience(from: i64, to: i64, conversations: &[i64]) -> AffectedAudience {
        AffectedAudience {
            from,
            to,
            generation: 1,
            conversations: conversations.to_vec(),
            users: vec![9],
            membership_changes: Some(vec![to]),
            recipients: 3,
            traces: Vec::new(),
            entries: None,
        }
    }

    #[test]
    fn a_signal_survives_a_round_trip_through_text() {
        let traced = AffectedAudience {
            traces: vec![(5, "00-a-b-01".to_owned())],
            ..audience(3, 7, &[1])
        };
        for audience in [None, Some(audience(3, 7, &[1, 2])), Some(traced)] {
            let signal = ProjectionSignal {
                cursor: "7.5f3a9c21".parse().expect("a cursor"),
                audience,
            };
            assert_eq!(ProjectionSignal::parse(&signal.to_text()), Some(signal));
        }
        let no_audience = Some(ProjectionSignal {
            cursor: CursorReference::bare(42),
            audience: None,
        });
        assert_eq!(
            ProjectionSignal::parse("42"),
            no_audience,
            "from an older projector"
        );
        assert_eq!(
            ProjectionSignal::parse("42 {\"of\":\"a newer one\"}"),
            no_audience
        );
        assert_eq!(ProjectionSignal::parse("ding"), None);
    }

    #[test]
    fn audiences_merge_only_without_a_gap() {
        let first = audience(0, 2, &[5, 1]);
        let both = first.clone().merge(audience(2, 3, &[1, 4]));
        let both = both.expect("there is no gap");
        assert_eq!((both.from, both.to, both.recipients), (0, 3, 6));
        assert_eq!((both.conversations, both.users), (vec![1, 4, 5], vec![9]));
        assert_eq!(both.membership_changes, Some(vec![2, 3]));
        let older = AffectedAudience {
            membership_changes: None,
            ..audience(2, 3, &[1])
        };
        let both = first.clone().merge(older).expect("there is no gap");
        assert_eq!(both.membership_changes, None, "of an older release");
        assert_eq!(first.clone().merge(audience(3, 4, &[1])), None, "a gap");
        let other = AffectedAudience {
            generation: 2,
            ..audience(2, 3, &[1])
        };
        assert_eq!(first.clone().merge(other), None, "another build");
        let many: Vec<i64> = (0..3_000).collect();
        assert_eq!(first.merge(audience(2, 3, &many)), None, "too many");
    }

    #[test]
    fn entries_merge_only_if_both_audiences_have_them() {
        let entry = |position| {
            Arc::new(LiveEntry {
                position,
                conversation: Some("a".to_owned()),
                occurred_at: Timestamp::default(),
                payload: LiveEntryPayload::Other {
                    kind: "conversation_read",
                    data: "{}".to_owned(),
                },
                recipients: vec![9],
            })
        };
        let with = |from, to| AffectedAudience {
            entries: Some(vec![entry(to)]),
            ..audience(from, to, &[1])
        };
        let positions = |audience: Option<AffectedAudience>| {
            let entries = audience.expect("there is no gap").entries?;
            Some(
                entries
                    .iter()
                    .map(|entry| entry.position)
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(positions(with(0, 2).merge(with(2, 3))), Some(vec![2, 3]));
        assert_eq!(positions(with(0, 2).merge(audience(2, 3, &[1]))), None);
        assert_eq!(positions(audience(0, 2, &[1]).merge(with(2, 3))), None);
        let published = ProjectionSignal {
            cursor: CursorReference::bare(2),
            audience: Some(with(0, 2)),
        };
        assert_eq!(
            positions(
                ProjectionSignal::parse(&published.to_text()).and_then(|signal| signal.audience)
            ),
            None,
            "entries are sent in-process only"
        );
    }
}
