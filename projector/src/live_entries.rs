//! The sync entries of a batch with their recipients, pushed to the live delivery of the same
//! process.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;

use read_model::entry_type::EntryType;
use read_model::live_entry::{LiveEntry, LiveEntryPayload, LiveMessage};

use crate::rows::{BatchRows, MessageRow, TimelineRow};
use crate::working_set::{TrackedRow, WorkingSet};
use crate::write::{BatchRecipients, EntryRecipient, WriteBatch};

/// Batches with more inbox rows are not pushed: each reader queries the rows that it needs.
const MAX_LIVE_INBOX_ROWS: i64 = 256;

/// Batches whose message bodies have more bytes than this, in all, are not pushed.
const MAX_LIVE_BODY_BYTES: usize = 1 << 20;

/// Position and conversation id.
type EntryKey = (i64, i64);

/// Whether all entries of a batch can be pushed as they are written: there are few of them,
/// membership alone decides who may see them, and no table has to be read for them.
pub(crate) fn can_push(rows: &BatchRows) -> bool {
    let bodies = rows.messages.iter().filter_map(|row| row.body.as_ref());
    rows.inbox_rows <= MAX_LIVE_INBOX_ROWS
        && rows.messages.iter().all(is_unmodified)
        && rows.timeline.iter().all(is_self_contained)
        && bodies.map(|body| body.as_json().len()).sum::<usize>() <= MAX_LIVE_BODY_BYTES
}

fn is_unmodified(row: &MessageRow) -> bool {
    row.fanned && row.edited_at.is_none() && !row.recalled
}

fn is_self_contained(row: &TimelineRow) -> bool {
    // A new member also gets the conversation, an invited user the title, and an admin the note of
    // a join request, as the tables have it.
    let completed = [
        EntryType::MemberAdded,
        EntryType::Invited,
        EntryType::JoinRequested,
    ];
    let is_completed = completed.map(EntryType::as_str);
    row.fanned && row.seq.is_none() && row.data.is_some() && !is_completed.contains(&row.kind)
}

/// Builds all entries of a batch, in order; `None` if their recipients were not requested.
pub(crate) fn build_entries(
    batch: &WriteBatch<'_>,
    recipients: &BatchRecipients,
) -> Option<Vec<Arc<LiveEntry>>> {
    let fanned = recipients.fan_out.as_ref()?;
    let mut entries = build_unaddressed_entries(batch.rows, batch.working_set)?;
    for receipt in &recipients.receipts {
        let EntryRecipient {
            user,
            position,
            conversation,
        } = receipt.recipient;
        let ack = batch
            .rows
            .acks
            .iter()
            .find(|ack| ack.position == position)?;
        let entry = entries.entry((position, conversation));
        let entry = entry.or_insert_with(|| LiveEntry {
            position,
            conversation: Some(receipt.conversation.clone()),
            occurred_at: ack.at,
            payload: LiveEntryPayload::Other {
                kind: EntryType::Delivered.as_str(),
                data: ack.data.clone(),
            },
            recipients: Vec::new(),
        });
        entry.recipients.push(user);
    }
    for recipient in fanned {
        let entry = entries.get_mut(&(recipient.position, recipient.conversation))?;
        entry.recipients.push(recipient.user);
    }
    for row in &batch.rows.personal_entries {
        let entry = entries.get_mut(&(row.position, row.conversation))?;
        entry.recipients.push(row.user);
    }
    Some(entries.into_values().map(Arc::new).collect())
}

/// Builds the entries of messages and of the timeline, without recipients.
fn build_unaddressed_entries(
    rows: &BatchRows,
    working_set: &WorkingSet,
) -> Option<BTreeMap<EntryKey, LiveEntry>> {
    let conversations = names_by_id(&working_set.conversations, |row| row.id);
    let users = names_by_id(&working_set.users, |row| row.id);
    let mut entries = BTreeMap::new();
    for row in &rows.messages {
        let (conversation, seq) = row.key;
        let sent = LiveMessage {
            seq,
            sender: users.get(&row.sender)?.as_str().to_owned(),
            kind: row.kind,
            body: row.body.clone(),
            reply_to: row.reply_to,
            mentions: row.mentions.clone(),
            client_message_id: row.client_message_id.clone().map(String::from),
            thread: row.thread,
        };
        let entry = LiveEntry {
            position: row.position,
            conversation: Some(conversations.get(&conversation)?.as_str().to_owned()),
            occurred_at: row.sent_at,
            payload: LiveEntryPayload::Message(sent),
            recipients: Vec::new(),
        };
        entries.insert((row.position, conversation), entry);
    }
    for row in &rows.timeline {
        // A negative number is that of a user whose entry belongs to no conversation.
        let conversation = match row.conversation {
            ..0 => None,
            id => Some(conversations.get(&id)?.as_str().to_owned()),
        };
        let entry = LiveEntry {
            position: row.position,
            conversation,
            occurred_at: row.at,
            payload: LiveEntryPayload::Other {
                kind: row.kind,
                data: row.data.clone()?,
            },
            recipients: Vec::new(),
        };
        entries.insert((row.position, row.conversation), entry);
    }
    Some(entries)
}

/// Indexes names by their row id.
fn names_by_id<N: Eq + Hash, T>(
    tracked: &HashMap<N, TrackedRow<T>>,
    number: impl Fn(&T) -> i64,
) -> HashMap<i64, &N> {
    tracked
        .iter()
        .map(|(name, tracked)| (number(&tracked.row), name))
        .collect()
}
