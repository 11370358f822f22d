//! The audience of a batch, for the projection signal.

use std::collections::BTreeSet;

use read_model::projection_signal::{AffectedAudience, MAX_AUDIENCE_IDS};

use crate::live_entries;
use crate::write::{BatchRecipients, WriteBatch};

/// Collects the users who may have got an entry from this batch: the members of the conversations
/// with new entries, and the recipients of personal entries and delivery receipts. `None` if there
/// are too many to list.
pub(crate) fn collect_affected(
    batch: &WriteBatch<'_>,
    recipients: &BatchRecipients,
) -> Option<AffectedAudience> {
    let rows = batch.rows;
    let fanned = rows.fan_out_entries.iter().map(|row| row.conversation);
    let sent = rows.messages.iter().filter(|row| !row.fanned);
    let entered = rows.timeline.iter().filter(|row| !row.fanned);
    let conversations: BTreeSet<i64> = fanned
        .chain(sent.map(|row| row.key.0))
        .chain(entered.map(|row| row.conversation))
        .collect();
    let personal = rows.personal_entries.iter().map(|row| row.user);
    let users: BTreeSet<i64> = personal.chain(recipients.receipt_users()).collect();
    let begun = rows.membership_periods.iter().map(|row| row.key.1);
    let ended = rows.ended_periods.iter().map(|row| row.key.1);
    let moved: BTreeSet<i64> = begun.chain(ended).collect();
    let tracked = batch.working_set.conversations.values();
    let members: i64 = tracked
        .filter(|tracked| conversations.contains(&tracked.row.id))
        .map(|tracked| tracked.row.member_count)
        .sum();
    let audience = AffectedAudience {
        from: batch.from.position,
        to: batch.to.position,
        generation: batch.to.generation,
        recipients: members + users.len() as i64,
        conversations: conversations.into_iter().collect(),
        users: users.into_iter().collect(),
        membership_changes: (moved.len() <= MAX_AUDIENCE_IDS).then(|| moved.into_iter().collect()),
        traces: Vec::new(),
        entries: live_entries::build_entries(batch, recipients),
    };
    audience.fits().then_some(audience)
}
