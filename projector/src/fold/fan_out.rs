//! Decides who gets an entry, and adds the rows for it.

use domain::ids::UserId;
use read_model::entry_type::EntryType;

use super::state::Fold;
use crate::decode::EventPosition;
use crate::row_cache::ConversationState;
use crate::rows::{FanOutEntry, PersonalEntry, TimelineRow};

/// A sync entry other than a sent message.
pub(super) struct TimelineEntry {
    pub kind: EntryType,
    pub subject: Option<i64>,
    pub seq: Option<i64>,
    pub data: Option<String>,
}

impl Fold<'_> {
    /// Decides whether an entry with this many recipients gets inbox rows. If not, records that the
    /// conversation has entries to be merged on read. A user who joins or leaves counts as a
    /// recipient of the entry about it.
    pub(super) fn decide_fan_out(
        &self,
        conversation: &mut ConversationState,
        at: EventPosition,
        recipients: i64,
    ) -> bool {
        let fanned = recipients <= self.config.fanout_threshold;
        if !fanned {
            conversation.unfanned = at.position;
        }
        fanned
    }

    /// Adds inbox rows for all members of the conversation at the position of the entry.
    pub(super) fn fan_out(&mut self, entry: FanOutEntry, recipients: i64) {
        if entry.position <= self.floor {
            return;
        }
        self.rows.fan_out_entries.push(entry);
        self.rows.inbox_rows += recipients;
    }

    /// Adds an entry for all members: `recipients` of them.
    pub(super) fn add_member_entry(
        &mut self,
        conversation: &mut ConversationState,
        at: EventPosition,
        recipients: i64,
        entry: TimelineEntry,
    ) {
        let fanned = self.decide_fan_out(conversation, at, recipients);
        if fanned {
            self.fan_out(FanOutEntry::new(conversation.id, at.position), recipients);
        }
        self.add_timeline_row(conversation.id, at, fanned, entry);
    }

    /// Adds a read receipt. It goes to all members who see read receipts, which are all of a
    /// conversation with a desk, if there are up to `max_receipt_members` members, and otherwise to
    /// `user` alone.
    pub(super) fn add_receipt_entry(
        &mut self,
        conversation: &ConversationState,
        at: EventPosition,
        user: i64,
        entry: TimelineEntry,
    ) {
        if conversation.member_count <= self.config.max_receipt_members {
            let receipt = FanOutEntry {
                receipt_of: (!conversation.shows_all_receipts()).then_some(user),
                ..FanOutEntry::new(conversation.id, at.position)
            };
            self.fan_out(receipt, conversation.member_count);
            self.add_timeline_row(conversation.id, at, true, entry);
        } else {
            self.add_personal_entry(conversation.id, at, user, entry);
        }
    }

    /// Adds an entry for one user alone. `conversation` is the negative id of the user if the entry
    /// belongs to no conversation.
    pub(super) fn add_personal_entry(
        &mut self,
        conversation: i64,
        at: EventPosition,
        user: i64,
        entry: TimelineEntry,
    ) {
        if at.position > self.floor {
            self.rows.personal_entries.push(PersonalEntry {
                user,
                position: at.position,
                conversation,
            });
            self.rows.inbox_rows += 1;
        }
        self.add_timeline_row(conversation, at, true, entry);
    }

    fn add_timeline_row(
        &mut self,
        conversation: i64,
        at: EventPosition,
        fanned: bool,
        entry: TimelineEntry,
    ) {
        if at.position <= self.floor {
            return;
        }
        let TimelineEntry {
            kind,
            subject,
            seq,
            data,
        } = entry;
        self.rows.timeline.push(TimelineRow {
            conversation,
            position: at.position,
            at: at.time,
            fanned,
            subject,
            seq,
            kind: kind.as_str(),
            data,
        });
    }

    /// The id of a user. Assigns the next one if the log names the user for the first time.
    pub(super) fn assign_user_id(&mut self, user: &UserId) -> i64 {
        self.working_set.assign_user_id(user)
    }
}
