//! The identity of positions.
//!
//! After a restore, or a failover that lost events, a position can name another event than before.
//! A log is therefore divided into epochs. Every connection that appends begins one, with a random
//! tag, and a [`LogCursor`] names a position together with the tag of the epoch that wrote it.
//!
//! Two histories with a common prefix share the epochs of that prefix. Where they part, at most one
//! of them can continue the last common epoch: the other one is served by new connections, and each
//! of these begins an epoch with a tag of its own. So a position and a tag name one event for good,
//! and two histories that have the same tag at a position are equal up to it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The random tag of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EpochTag(u32);

impl EpochTag {
    /// The tag with these bits.
    pub fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The bits of the tag.
    pub fn to_bits(self) -> u32 {
        self.0
    }

    /// The tag as Postgres stores it: the same bits as a signed integer.
    pub fn to_sql(self) -> i32 {
        self.0.cast_signed()
    }

    /// The tag that Postgres stores as this integer.
    pub fn from_sql(stored: i32) -> Self {
        Self(stored.cast_unsigned())
    }
}

/// Eight hexadecimal digits, such as `5f3a9c21`.
impl fmt::Display for EpochTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// A position of the log in one history: `1234.5f3a9c21`. A cursor at position 0 is before the
/// first event and belongs to every history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogCursor {
    /// The position.
    pub position: i64,
    /// The tag of the epoch that the event at the position belongs to.
    pub tag: EpochTag,
}

impl fmt::Display for LogCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.position, self.tag)
    }
}

/// A cursor as a client or an older release gives it: the tag may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CursorReference {
    /// The position.
    pub position: i64,
    /// The tag, unless it is a bare position.
    pub tag: Option<EpochTag>,
}

impl CursorReference {
    /// The reference to a bare position.
    pub fn bare(position: i64) -> Self {
        Self {
            position,
            tag: None,
        }
    }
}

impl From<LogCursor> for CursorReference {
    fn from(cursor: LogCursor) -> Self {
        Self {
            position: cursor.position,
            tag: Some(cursor.tag),
        }
    }
}

impl fmt::Display for CursorReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tag {
            Some(tag) => write!(f, "{}.{tag}", self.position),
            None => write!(f, "{}", self.position),
        }
    }
}

/// The text is neither a position nor a position, a dot and a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a cursor such as 1234.5f3a9c21, or a position such as 1234")]
pub struct CursorParseError;

impl FromStr for CursorReference {
    type Err = CursorParseError;

    fn from_str(text: &str) -> Result<Self, CursorParseError> {
        let (position, tag) = match text.split_once('.') {
            Some((position, tag)) => (position, Some(parse_tag(tag)?)),
            None => (text, None),
        };
        if !position.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(CursorParseError);
        }
        Ok(Self {
            position: position.parse().map_err(|_| CursorParseError)?,
            tag,
        })
    }
}

fn parse_tag(text: &str) -> Result<EpochTag, CursorParseError> {
    let is_hex = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if text.len() != 8 || !is_hex {
        return Err(CursorParseError);
    }
    let bits = u32::from_str_radix(text, 16).map_err(|_| CursorParseError)?;
    Ok(EpochTag(bits))
}

impl FromStr for LogCursor {
    type Err = CursorParseError;

    fn from_str(text: &str) -> Result<Self, CursorParseError> {
        let reference: CursorReference = text.parse()?;
        Ok(Self {
            position: reference.position,
            tag: reference.tag.ok_or(CursorParseError)?,
        })
    }
}

impl Serialize for LogCursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// As it was given: a number for a bare position.
impl Serialize for CursorReference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.tag {
            Some(_) => serializer.collect_str(self),
            None => serializer.serialize_i64(self.position),
        }
    }
}

/// A cursor in JSON is a string, or the number of a bare position.
impl<'de> Deserialize<'de> for CursorReference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = CursorReference;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a cursor such as \"1234.5f3a9c21\", or a position")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<CursorReference, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_i64<E: serde::de::Error>(self, position: i64) -> Result<CursorReference, E> {
                Ok(CursorReference::bare(position))
            }

            fn visit_u64<E: serde::de::Error>(self, position: u64) -> Result<CursorReference, E> {
                let position = i64::try_from(position).map_err(E::custom)?;
                Ok(CursorReference::bare(position))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// The beginning of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    /// The epoch covers the positions after this one, up to the beginning of the next epoch.
    pub after: i64,
    /// Its tag.
    pub tag: EpochTag,
}

/// The epochs of a log, which identify each of its positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    epochs: Vec<Epoch>,
}

impl History {
    /// The history with these epochs, in any order; `None` if there are none. Positions before the
    /// first of them count as part of it.
    pub fn from_epochs(mut epochs: Vec<Epoch>) -> Option<Self> {
        epochs.sort_by_key(|epoch| epoch.after);
        (!epochs.is_empty()).then_some(Self { epochs })
    }

    /// The epochs, in the order of their beginnings.
    pub fn epochs(&self) -> &[Epoch] {
        &self.epochs
    }

    /// The tag of the epoch that covers a position. Position 0 belongs to the first epoch.
    pub fn tag_at(&self, position: i64) -> EpochTag {
        let begun = self.epochs.partition_point(|epoch| epoch.after < position);
        self.epochs[begun.saturating_sub(1)].tag
    }

    /// The last position that a cursor's history is known to share with this one: the cursor's own
    /// position, or the end of its epoch here if that is earlier; `None` if this history does not
    /// have its epoch.
    pub fn last_common_position(&self, cursor: LogCursor) -> Option<i64> {
        let at = self
            .epochs
            .iter()
            .position(|epoch| epoch.tag == cursor.tag)?;
        let end = self.epochs.get(at + 1).map_or(i64::MAX, |next| next.after);
        Some(cursor.position.min(end))
    }

    /// The cursor of a position.
    pub fn cursor_at(&self, position: i64) -> LogCursor {
        LogCursor {
            position,
            tag: self.tag_at(position),
        }
    }

    /// Whether a cursor belongs to this history, if the log has reached its position. A bare
    /// position fits every history.
    pub fn contains(&self, cursor: impl Into<CursorReference>) -> bool {
        let cursor = cursor.into();
        cursor.position == 0
            || cursor
                .tag
                .is_none_or(|tag| tag == self.tag_at(cursor.position))
    }

    /// The tag of the newest epoch, in which the next event is written.
    pub fn newest_tag(&self) -> EpochTag {
        self.tag_at(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn history(epochs: &[(i64, u32)]) -> History {
        let epochs = epochs.iter().map(|(after, tag)| Epoch {
            after: *after,
            tag: EpochTag(*tag),
        });
        History::from_epochs(epochs.collect()).expect("an epoch")
    }

    #[test]
    fn an_epoch_covers_the_positions_after_its_beginning() {
        let history = history(&[(10, 2), (0, 1)]);
        assert_eq!(history.tag_at(0), EpochTag(1));
        assert_eq!(history.tag_at(10), EpochTag(1));
        assert_eq!(history.tag_at(11), EpochTag(2));
        assert_eq!(history.newest_tag(), EpochTag(2));
    }

    #[test]
    fn a_history_has_an_epoch() {
        assert_eq!(History::from_epochs(Vec::new()), None);
    }

    #[test]
    fn a_foreign_cursor_shares_the_positions_up_to_the_end_of_its_epoch() {
        let history = history(&[(0, 1), (10, 3)]);
        let common = |position, tag| {
            history.last_common_position(LogCursor {
                position,
                tag: EpochTag(tag),
            })
        };
        assert_eq!(common(12, 1), Some(10));
        assert_eq!(common(9, 1), Some(9));
        assert_eq!(common(12, 3), Some(12));
        assert_eq!(common(12, 2), None);
    }

    #[test]
    fn a_cursor_of_a_lost_epoch_is_foreign() {
        // Given a log whose events after 10 were lost, and written again by another connection
        let history = history(&[(0, 1), (10, 3)]);
        let of = |position, tag| LogCursor {
            position,
            tag: EpochTag(tag),
        };
        // Then what both histories have is known, and what was lost is not.
        assert!(history.contains(of(10, 1)));
        assert!(!history.contains(of(11, 1)));
        assert!(!history.contains(of(11, 2)));
        assert!(history.contains(of(11, 3)));
        assert!(history.contains(of(0, 2)));
        assert!(history.contains(CursorReference::bare(11)));
    }

    #[test]
    fn texts_that_are_no_cursor_are_rejected() {
        for text in [
            "",
            ".",
            "1.",
            ".00000001",
            "1.1",
            "1.0000000g",
            "1.0000000A",
            "+1",
            "-1",
            "1.000000001",
            "1.00000001.2",
            " 1",
            "9223372036854775808",
        ] {
            assert_eq!(
                text.parse::<CursorReference>(),
                Err(CursorParseError),
                "{text}"
            );
        }
        assert_eq!("12".parse::<LogCursor>(), Err(CursorParseError));
        assert_eq!("12".parse(), Ok(CursorReference::bare(12)));
    }

    proptest! {
        #[test]
        fn a_cursor_is_parsed_from_its_text(position in 0..i64::MAX, bits: u32) {
            let cursor = LogCursor { position, tag: EpochTag(bits) };
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
            prop_assert_eq!(EpochTag::from_sql(cursor.tag.to_sql()), cursor.tag);
        }

        /// Histories are grown as logs are: by appending events, by beginning epochs, and by going
        /// on from a copy of an earlier state, which needs a new connection.
        #[test]
        fn a_cursor_names_one_event_in_all_histories(acts in prop::collection::vec((0usize..4, 0usize..8, 1i64..4), 1..60)) {
            #[derive(Clone)]
            struct Log { events: Vec<u32>, epochs: Vec<Epoch>, connected: bool }
            let mut logs = vec![Log { events: vec![], epochs: vec![Epoch { after: 0, tag: EpochTag(0) }], connected: false }];
            let (mut tags, mut events) = (0, 0);
            for (act, which, count) in acts {
                let which = which % logs.len();
                if act == 0 {
                    let mut copy = logs[which].clone();
                    let kept = copy.events.len().saturating_sub(usize::try_from(count).expect("a small count"));
                    copy.events.truncate(kept);
                    copy.epochs.retain(|epoch| epoch.after <= kept as i64);
                    copy.connected = false;
                    logs.push(copy);
                    continue;
                }
                let log = &mut logs[which];
                if act == 1 || !log.connected {
                    tags += 1;
                    let after = log.events.len() as i64;
                    log.epochs.retain(|epoch| epoch.after < after);
                    log.epochs.push(Epoch { after, tag: EpochTag(tags) });
                    log.connected = true;
                }
                for _ in 0..count {
                    events += 1;
                    log.events.push(events);
                }
            }
            let mut named = std::collections::HashMap::new();
            for log in &logs {
                let history = History::from_epochs(log.epochs.clone()).expect("an epoch");
                for (index, event) in log.events.iter().enumerate() {
                    let cursor = history.cursor_at(index as i64 + 1);
                    let first = *named.entry(cursor).or_insert(*event);
                    prop_assert_eq!(first, *event, "{} names two events", cursor);
                }
            }
        }
    }
}
