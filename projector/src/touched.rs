//! Whom a batch concerns, for the bell.

use std::collections::BTreeSet;

use event_log::bell::Touched;

use crate::told;
use crate::write::{Batch, Recipients};

/// Who may have been told something by this batch: the members of the conversations that were told,
/// and those who were told alone, of acks too. `None` if they are too many to be named.
pub(crate) fn touched(batch: &Batch<'_>, recipients: &Recipients) -> Option<Touched> {
    let rows = batch.rows;
    let fanned = rows.fanned.iter().map(|row| row.conversation);
    let sent = rows.messages.iter().filter(|row| !row.fanned);
    let entered = rows.timeline.iter().filter(|row| !row.fanned);
    let conversations: BTreeSet<i64> = fanned
        .chain(sent.map(|row| row.key.0))
        .chain(entered.map(|row| row.conversation))
        .collect();
    let alone = rows.own.iter().map(|row| row.user);
    let users: BTreeSet<i64> = alone.chain(recipients.of_receipts()).collect();
    let held = batch.picture.conversations.values();
    let members: i64 = held
        .filter(|held| conversations.contains(&held.now.id))
        .map(|held| held.now.member_count)
        .sum();
    let touched = Touched {
        from: batch.from.position,
        to: batch.to.position,
        generation: batch.to.generation,
        told: members + users.len() as i64,
        conversations: conversations.into_iter().collect(),
        users: users.into_iter().collect(),
        entries: told::entries(batch, recipients),
    };
    touched.is_few().then_some(touched)
}
