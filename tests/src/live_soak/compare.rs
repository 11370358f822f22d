//! Compares what a device has received with the log and with sync.
//!
//! **The rule.** The log says who had to receive what while it happened ([`ExpectedFeeds`]):
//! everyone who was a member of the conversation then. A device that started after position *b*
//! must have received all of that after *b* and nothing else, with two exceptions that the API
//! contract allows:
//!
//! - *Left.* Sync and live delivery return nothing of a conversation that the user has left, except
//!   the user's own removal. An entry may therefore be missing if the user was not a member when
//!   the device passed its position. The times of the log and the time of the next entry received
//!   bound that moment. After the user has joined again, sync returns such an entry to a device
//!   that starts before it: this is the one exception to L6.
//! - *Current content.* An entry shows its message as it was when it was served. Entries are
//!   therefore equal if position, conversation and type are; and the newest content of each message
//!   that was received must be what sync shows in the end.
//!
//! No entry may be served of a conversation of which the user was not a member at that moment,
//! which lies between the newest position received before and the time of receipt. Within a
//! connection, positions go forward. If they go back, the connection must have sent its device
//! name, and they go back no further than to what the device had acknowledged according to the
//! entries received.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use super::device_log::{
    ConnectionLog, DeviceEntryKey, DeviceLog, MessageWords, ReceivedEntry, newest_contents,
};
use super::expected::{ExpectedEntry, ExpectedFeeds};

/// A deviation from the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// Expected according to the log, but never received.
    Missing(DeviceEntryKey),
    /// Received, but not expected according to the log.
    Unexpected(DeviceEntryKey),
    /// Received while the user was not a member of the conversation.
    Leaked(DeviceEntryKey),
    /// Received after a later entry.
    Reordered(DeviceEntryKey),
    /// Received again although it was acknowledged, or on a connection without a device name.
    Repeated(DeviceEntryKey),
    /// Another entry of its position was announced and not received.
    IncompletePosition(DeviceEntryKey),
    /// Returned by sync but not expected, or expected but not returned.
    SyncDiffers(DeviceEntryKey),
    /// The content of a message differs from that of sync.
    ContentDiffers(Arc<str>, i64),
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, key) = match self {
            Self::Missing(key) => ("missing", key),
            Self::Unexpected(key) => ("unexpected", key),
            Self::Leaked(key) => ("leaked", key),
            Self::Reordered(key) => ("out of order", key),
            Self::Repeated(key) => ("repeated", key),
            Self::IncompletePosition(key) => ("incomplete position", key),
            Self::SyncDiffers(key) => ("sync differs", key),
            Self::ContentDiffers(conversation, seq) => {
                return write!(f, "content differs: {conversation} #{seq}");
            }
        };
        write!(
            f,
            "{what}: {} {} {}",
            key.position, key.conversation, key.kind
        )
    }
}

/// What one device has received, in numbers.
#[derive(Debug, Default, Clone, Copy)]
pub struct DeviceCounts {
    /// Entries received.
    pub entries: usize,
    /// How many of them are distinct.
    pub distinct: usize,
    /// How often a connection went back to entries that were not acknowledged.
    pub redeliveries: usize,
    /// Entries that were received again for that reason.
    pub redelivered: usize,
    /// Expected entries that were skipped because the user was not a member at the time.
    pub skipped: usize,
}

/// Compares sync with the log: it must return exactly what the log says, in order.
pub fn compare_sync(user: &str, feeds: &ExpectedFeeds, synced: &[ReceivedEntry]) -> Vec<Mismatch> {
    let mut mismatches = Vec::new();
    for pair in synced.windows(2) {
        if pair[0].key.position > pair[1].key.position {
            mismatches.push(Mismatch::Reordered(pair[1].key.clone()));
        }
    }
    let mut returned: HashSet<&DeviceEntryKey> = HashSet::new();
    for entry in synced {
        if !returned.insert(&entry.key) {
            mismatches.push(Mismatch::Repeated(entry.key.clone()));
        }
    }
    let expected: HashSet<&DeviceEntryKey> = feeds
        .entries_of(user)
        .iter()
        .filter(|entry| feeds.is_served(user, entry))
        .map(|entry| &entry.key)
        .collect();
    let differ = expected.symmetric_difference(&returned);
    mismatches.extend(differ.map(|key| Mismatch::SyncDiffers((*key).clone())));
    mismatches
}

/// Compares a device with the log and with sync.
pub fn compare_device(
    log: &DeviceLog,
    feeds: &ExpectedFeeds,
    synced: &[ReceivedEntry],
) -> (DeviceCounts, Vec<Mismatch>) {
    let mut mismatches = Vec::new();
    let mut counts = DeviceCounts::default();
    for connection in &log.connections {
        let acked = |by: i64| feeds.acked_cursor(&log.user, &log.device, by);
        check_order(connection, acked, &mut counts, &mut mismatches);
    }
    check_unexpected(log, feeds, &mut mismatches);
    let Some(start) = log.start else {
        return (counts, mismatches);
    };
    let collected: HashSet<&DeviceEntryKey> = log.entries().map(|entry| &entry.key).collect();
    counts.entries = log.entries().count();
    counts.distinct = collected.len();
    let progress = progress_over_time(log);
    let entries = feeds.entries_of(&log.user).iter();
    for entry in entries.filter(|entry| entry.key.position > start) {
        if collected.contains(&entry.key) {
            continue;
        }
        if may_be_skipped(&log.user, entry, feeds, &progress) {
            counts.skipped += 1;
        } else {
            mismatches.push(Mismatch::Missing(entry.key.clone()));
        }
    }
    mismatches.extend(compare_device_with_sync(log, feeds, start, synced));
    (counts, mismatches)
}

/// Compares a device with sync directly. In every conversation of which the user has been a member
/// since the device started, entries and messages must be equal.
fn compare_device_with_sync(
    log: &DeviceLog,
    feeds: &ExpectedFeeds,
    start: i64,
    synced: &[ReceivedEntry],
) -> Vec<Mismatch> {
    let user = &log.user;
    let head = feeds.head();
    let mut continuous: HashMap<Arc<str>, bool> = HashMap::new();
    let mut is_comparable = |entry: &&ReceivedEntry| {
        let conversation = &entry.key.conversation;
        let is_continuous = continuous
            .entry(Arc::clone(conversation))
            .or_insert_with(|| {
                feeds.was_member(user, conversation, head, head)
                    && feeds.next_departure(user, conversation, start).is_none()
            });
        entry.key.position > start && *is_continuous
    };
    let collected: Vec<&ReceivedEntry> = log.entries().filter(&mut is_comparable).collect();
    let synced: Vec<&ReceivedEntry> = synced.iter().filter(&mut is_comparable).collect();
    let keys = |of: &[&ReceivedEntry]| -> HashSet<DeviceEntryKey> {
        of.iter().map(|it| it.key.clone()).collect()
    };
    let (live, sync) = (keys(&collected), keys(&synced));
    let differ = live.symmetric_difference(&sync).cloned();
    let mut mismatches: Vec<Mismatch> = differ.map(Mismatch::SyncDiffers).collect();
    let device_words: MessageWords = newest_contents(collected.into_iter());
    for (message, word) in newest_contents(synced.into_iter()) {
        if device_words.get(&message).is_some_and(|it| *it != word) {
            mismatches.push(Mismatch::ContentDiffers(message.0, message.1));
        }
    }
    mismatches
}

/// Checks that positions go forward, that each position is complete, and that nothing is received
/// again that was acknowledged.
fn check_order(
    connection: &ConnectionLog,
    acked: impl Fn(i64) -> i64,
    counts: &mut DeviceCounts,
    mismatches: &mut Vec<Mismatch>,
) {
    let mut last: Option<&ReceivedEntry> = None;
    let (mut highest, mut is_again) = (connection.after, false);
    for entry in &connection.entries {
        let position = entry.key.position;
        if position <= connection.after {
            mismatches.push(Mismatch::Reordered(entry.key.clone()));
        }
        if let Some(last) = last {
            let is_next = position > last.key.position;
            let is_same = position == last.key.position && last.more;
            if last.more && !is_same {
                mismatches.push(Mismatch::IncompletePosition(last.key.clone()));
            } else if !is_next && !is_same {
                counts.redeliveries += 1;
                is_again = true;
                if !connection.named {
                    mismatches.push(Mismatch::Reordered(entry.key.clone()));
                } else if position <= acked(highest) {
                    mismatches.push(Mismatch::Repeated(entry.key.clone()));
                }
            }
        }
        is_again &= position <= highest;
        counts.redelivered += usize::from(is_again);
        highest = highest.max(position);
        last = Some(entry);
    }
}

/// Checks that every entry received was expected, and that the user was a member when it was
/// received.
fn check_unexpected(log: &DeviceLog, feeds: &ExpectedFeeds, mismatches: &mut Vec<Mismatch>) {
    let user = &log.user;
    let expected: HashMap<&DeviceEntryKey, &ExpectedEntry> = feeds
        .entries_of(user)
        .iter()
        .map(|it| (&it.key, it))
        .collect();
    let mut arrivals: Vec<(i64, i64)> = log
        .entries()
        .map(|entry| (entry.received_at, entry.key.position))
        .collect();
    arrivals.sort_unstable();
    let mut newest = 0;
    for (_, position) in &mut arrivals {
        newest = newest.max(*position);
        *position = newest;
    }
    for connection in &log.connections {
        // The server reads entries after the connection request, so after everything received
        // before the request.
        let before = arrivals.partition_point(|(at, _)| *at < connection.opened);
        let mut read_at = before.checked_sub(1).map_or(0, |index| arrivals[index].1);
        for entry in &connection.entries {
            read_at = read_at.max(entry.key.position);
            let Some(known) = expected.get(&entry.key) else {
                mismatches.push(Mismatch::Unexpected(entry.key.clone()));
                continue;
            };
            let arrived = feeds.position_at(entry.received_at);
            let conversation = &entry.key.conversation;
            if !known.own_removal && !feeds.was_member(user, conversation, read_at, arrived) {
                mismatches.push(Mismatch::Leaked(entry.key.clone()));
            }
        }
    }
}

/// The progress of the device: at each time, the position before which it has everything.
fn progress_over_time(log: &DeviceLog) -> Vec<(i64, i64)> {
    let entries = log.entries().map(|it| (it.received_at, it.key.position));
    let caught_up = log.connections.iter().filter_map(|it| it.caught_up);
    let caught_up = caught_up.map(|(cursor, at)| (at, cursor + 1));
    let mut progress: Vec<(i64, i64)> = entries.chain(caught_up).collect();
    progress.sort_unstable();
    let mut highest = 0;
    for (_, position) in &mut progress {
        highest = highest.max(*position);
        *position = highest;
    }
    progress
}

fn may_be_skipped(
    user: &str,
    entry: &ExpectedEntry,
    feeds: &ExpectedFeeds,
    progress: &[(i64, i64)],
) -> bool {
    let DeviceEntryKey {
        position,
        conversation,
        ..
    } = &entry.key;
    let passed = progress.partition_point(|(_, before)| before <= position);
    let by = progress
        .get(passed)
        .map_or(feeds.head(), |(at, _)| feeds.position_at(*at));
    let left = feeds.next_departure(user, conversation, *position);
    !entry.own_removal && left.is_some_and(|left| left <= by)
}
