//! Selects events by the time at which their messages were sent.

use domain::envelope::Envelope;
use domain::time::Timestamp;

/// Which time of an event is meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TimeField {
    /// When the event was appended.
    #[default]
    Time,
    /// When its message was sent or edited, in the source system if it was imported.
    SentAt,
}

impl TimeField {
    /// Parses the name of the field.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "time" => Some(Self::Time),
            "sent_at" => Some(Self::SentAt),
            _ => None,
        }
    }

    /// The name of the field.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::SentAt => "sent_at",
        }
    }

    /// The time of an event.
    pub fn time_of(self, event: &Envelope) -> Timestamp {
        match self {
            Self::Time => event.time,
            Self::SentAt => event.sent_at(),
        }
    }
}

/// A range of times at which messages were sent. The time of an event without a message is when it
/// was appended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SentRange {
    /// From this time on, inclusive.
    pub since: Option<Timestamp>,
    /// Before this time, exclusive.
    pub until: Option<Timestamp>,
}

impl SentRange {
    /// Whether the range contains every time.
    pub fn is_unbounded(self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// Whether the range contains the time.
    pub fn contains(self, time: Timestamp) -> bool {
        self.since.is_none_or(|since| since <= time) && self.until.is_none_or(|until| time < until)
    }
}
