//! The audience of a batch, for the projection signal.

use std::collections::BTreeSet;

use event_log::projection_signal::AffectedAudience;

use crate::told;
use crate::write::{Batch, Recipients};

/// Collects the users who may have got an entry from this batch: the members of the conversations
/// with new entries, and the recipients of personal entries and delivery receipts. `None` if there
/// are too many to list.
pub(crate) fn touched(batch: &Batch<'_>, recipients: &Recipients) -> Option<AffectedAudience> {
    let rows = batch.rows;
    let fanned = rows.fanned.iter().map(|row| row.conversation);
    let sent = rows.messages.iter().filter(|row| !row.fanned);
    let entered = rows.timeline.iter().filter(|row| !row.fanned);
    let conversations: BTreeSet<i64> = fanned
        .chain(sent.map(|row| row.key.0))
        .chain(entered.map(|row| row.conversation))
        .collect();
    let personal = rows.own.iter().map(|row| row.user);
    let users: BTreeSet<i64> = personal.chain(recipients.of_receipts()).collect();
    let tracked = batch.picture.conversations.values();
    let members: i64 = tracked
        .filter(|tracked| conversations.contains(&tracked.now.id))
        .map(|tracked| tracked.now.member_count)
        .sum();
    let audience = AffectedAudience {
        from: batch.from.position,
        to: batch.to.position,
        generation: batch.to.generation,
        recipients: members + users.len() as i64,
        conversations: conversations.into_iter().collect(),
        users: users.into_iter().collect(),
        entries: told::entries(batch, recipients),
    };
    audience.fits().then_some(audience)
}
