//! What a device has collected, against the log and against sync.
//!
//! **The rule.** The log says who was told what while it happened ([`Told`]): everybody who was in the
//! conversation then. A device that began after position *b* has to have all of that after *b*, and nothing else,
//! but for two things that the contract allows:
//!
//! - *Left.* Sync and live serve nothing of a conversation that one has left, but for one's own removal. So an
//!   entry may be missing if its reader was away from its conversation when the device passed over the entry;
//!   the log's times and the time of the next thing that came say when that can have been. After joining again,
//!   sync serves such an entry, to whoever starts before it: that is the one exception of L6.
//! - *As they are now.* An entry shows its message as it was when served. So entries are the same by position,
//!   conversation and type; and the newest form of each message that came has to be what sync shows in the end.
//!
//! Nothing may be served of a conversation that its reader was not in at that moment, which lies between the
//! newest position that came before and the moment of arrival. Within a connection positions go forward;
//! when they go back, the connection has named its device, and goes back to no earlier than what the device had
//! acknowledged according to what had come.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use super::journal::{Collected, Connection, Journal, Key, Messages, newest};
use super::told::{Entry, Told};

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// The log says that it was told, and it never came.
    Missing(Key),
    /// It came, and the log does not say that it was told.
    Foreign(Key),
    /// It came when its reader was not in its conversation.
    Leaked(Key),
    /// It came after something later.
    Reordered(Key),
    /// It came again although it was acknowledged, or to a connection without a device.
    Again(Key),
    /// More of its position was promised and did not come, or came without a promise.
    Broken(Key),
    /// Sync serves it, or does not, otherwise than the log says.
    Sync(Key),
    /// A message shows something else than sync does.
    Form(Arc<str>, i64),
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, key) = match self {
            Self::Missing(key) => ("missing", key),
            Self::Foreign(key) => ("foreign", key),
            Self::Leaked(key) => ("leaked", key),
            Self::Reordered(key) => ("out of order", key),
            Self::Again(key) => ("again", key),
            Self::Broken(key) => ("broken position", key),
            Self::Sync(key) => ("sync differs", key),
            Self::Form(room, seq) => return write!(f, "another form: {room} #{seq}"),
        };
        write!(
            f,
            "{what}: {} {} {}",
            key.position, key.conversation, key.kind
        )
    }
}

/// What one device has collected, in numbers.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    /// Entries that came.
    pub entries: usize,
    /// Of those, different ones.
    pub different: usize,
    /// How often a connection went back to what was not acknowledged.
    pub repushes: usize,
    /// Entries that came again by that.
    pub repushed: usize,
    /// Entries that were passed over while their reader was away from the conversation.
    pub passed_over: usize,
}

/// Sync against the log: exactly what the log says, in order.
pub fn check_sync(user: &str, told: &Told, synced: &[Collected]) -> Vec<Mismatch> {
    let mut found = Vec::new();
    for pair in synced.windows(2) {
        if pair[0].key.position > pair[1].key.position {
            found.push(Mismatch::Reordered(pair[1].key.clone()));
        }
    }
    let mut there: HashSet<&Key> = HashSet::new();
    for entry in synced {
        if !there.insert(&entry.key) {
            found.push(Mismatch::Again(entry.key.clone()));
        }
    }
    let expected: HashSet<&Key> = told
        .of(user)
        .iter()
        .filter(|entry| told.is_served(user, entry))
        .map(|entry| &entry.key)
        .collect();
    let differ = expected.symmetric_difference(&there);
    found.extend(differ.map(|key| Mismatch::Sync((*key).clone())));
    found
}

/// A device against the log and against sync.
pub fn check(journal: &Journal, told: &Told, synced: &[Collected]) -> (Tally, Vec<Mismatch>) {
    let mut found = Vec::new();
    let mut tally = Tally::default();
    for connection in &journal.connections {
        let acked = |by: i64| told.acked(&journal.user, &journal.device, by);
        check_order(connection, acked, &mut tally, &mut found);
    }
    check_foreign(journal, told, &mut found);
    let Some(began) = journal.began else {
        return (tally, found);
    };
    let collected: HashSet<&Key> = journal.entries().map(|entry| &entry.key).collect();
    tally.entries = journal.entries().count();
    tally.different = collected.len();
    let passes = passes(journal);
    let entries = told.of(&journal.user).iter();
    for entry in entries.filter(|entry| entry.key.position > began) {
        if collected.contains(&entry.key) {
            continue;
        }
        if may_be_passed_over(&journal.user, entry, told, &passes) {
            tally.passed_over += 1;
        } else {
            found.push(Mismatch::Missing(entry.key.clone()));
        }
    }
    found.extend(against_sync(journal, told, began, synced));
    (tally, found)
}

/// Sync and device directly: where the reader has been in the conversation all the time since the device
/// began, they are the same, entry by entry and message by message.
fn against_sync(journal: &Journal, told: &Told, began: i64, synced: &[Collected]) -> Vec<Mismatch> {
    let user = &journal.user;
    let head = told.head();
    let mut stayed: HashMap<Arc<str>, bool> = HashMap::new();
    let mut is_here = |entry: &&Collected| {
        let room = &entry.key.conversation;
        let stays = stayed.entry(Arc::clone(room)).or_insert_with(|| {
            told.was_in(user, room, head, head) && told.left_after(user, room, began).is_none()
        });
        entry.key.position > began && *stays
    };
    let collected: Vec<&Collected> = journal.entries().filter(&mut is_here).collect();
    let synced: Vec<&Collected> = synced.iter().filter(&mut is_here).collect();
    let keys = |of: &[&Collected]| -> HashSet<Key> { of.iter().map(|it| it.key.clone()).collect() };
    let (live, sync) = (keys(&collected), keys(&synced));
    let differ = live.symmetric_difference(&sync).cloned();
    let mut found: Vec<Mismatch> = differ.map(Mismatch::Sync).collect();
    let shown: Messages = newest(collected.into_iter());
    for (message, word) in newest(synced.into_iter()) {
        if shown.get(&message).is_some_and(|it| *it != word) {
            found.push(Mismatch::Form(message.0, message.1));
        }
    }
    found
}

/// Positions go forward, a position comes whole, and what comes again was not acknowledged.
fn check_order(
    connection: &Connection,
    acked: impl Fn(i64) -> i64,
    tally: &mut Tally,
    found: &mut Vec<Mismatch>,
) {
    let mut last: Option<&Collected> = None;
    let (mut highest, mut is_again) = (connection.after, false);
    for entry in &connection.entries {
        let position = entry.key.position;
        if position <= connection.after {
            found.push(Mismatch::Reordered(entry.key.clone()));
        }
        if let Some(last) = last {
            let is_next = position > last.key.position;
            let is_same = position == last.key.position && last.more;
            if last.more && !is_same {
                found.push(Mismatch::Broken(last.key.clone()));
            } else if !is_next && !is_same {
                tally.repushes += 1;
                is_again = true;
                if !connection.named {
                    found.push(Mismatch::Reordered(entry.key.clone()));
                } else if position <= acked(highest) {
                    found.push(Mismatch::Again(entry.key.clone()));
                }
            }
        }
        is_again &= position <= highest;
        tally.repushed += usize::from(is_again);
        highest = highest.max(position);
        last = Some(entry);
    }
}

/// Everything that came was told, and came while its reader was there.
fn check_foreign(journal: &Journal, told: &Told, found: &mut Vec<Mismatch>) {
    let user = &journal.user;
    let expected: HashMap<&Key, &Entry> = told.of(user).iter().map(|it| (&it.key, it)).collect();
    let mut came: Vec<(i64, i64)> = journal
        .entries()
        .map(|entry| (entry.at, entry.key.position))
        .collect();
    came.sort_unstable();
    let mut newest = 0;
    for (_, position) in &mut came {
        newest = newest.max(*position);
        *position = newest;
    }
    for connection in &journal.connections {
        // What is served now was read after everything that had come before it was asked for.
        let before = came.partition_point(|(at, _)| *at < connection.opened);
        let mut read_at = before.checked_sub(1).map_or(0, |index| came[index].1);
        for entry in &connection.entries {
            read_at = read_at.max(entry.key.position);
            let Some(known) = expected.get(&entry.key) else {
                found.push(Mismatch::Foreign(entry.key.clone()));
                continue;
            };
            let arrived = told.by(entry.at);
            let room = &entry.key.conversation;
            if !known.own_removal && !told.was_in(user, room, read_at, arrived) {
                found.push(Mismatch::Leaked(entry.key.clone()));
            }
        }
    }
}

/// When the device had passed which positions: time, and the position before which it has everything.
fn passes(journal: &Journal) -> Vec<(i64, i64)> {
    let entries = journal.entries().map(|it| (it.at, it.key.position));
    let caught_up = journal.connections.iter().filter_map(|it| it.caught_up);
    let caught_up = caught_up.map(|(cursor, at)| (at, cursor + 1));
    let mut passes: Vec<(i64, i64)> = entries.chain(caught_up).collect();
    passes.sort_unstable();
    let mut highest = 0;
    for (_, position) in &mut passes {
        highest = highest.max(*position);
        *position = highest;
    }
    passes
}

fn may_be_passed_over(user: &str, entry: &Entry, told: &Told, passes: &[(i64, i64)]) -> bool {
    let Key {
        position,
        conversation,
        ..
    } = &entry.key;
    let passed = passes.partition_point(|(_, before)| before <= position);
    let by = passes
        .get(passed)
        .map_or(told.head(), |(at, _)| told.by(*at));
    let left = told.left_after(user, conversation, *position);
    !entry.own_removal && left.is_some_and(|left| left <= by)
}
