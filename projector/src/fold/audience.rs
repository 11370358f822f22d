//! Decides who gets an entry, and adds the rows for it.

use domain::ids::UserId;

use super::Fold;
use crate::decode::Place;
use crate::memory::Conversation;
use crate::rows::{Fanned, Own, TimelineRow};

/// A sync entry other than a sent message.
pub(super) struct Entry {
    pub kind: &'static str,
    pub subject: Option<i64>,
    pub seq: Option<i64>,
    pub data: Option<String>,
}

impl Fold<'_> {
    /// Decides whether an entry with this many recipients gets inbox rows. If not, records that the
    /// conversation has entries to be merged on read. A user who joins or leaves counts as a
    /// recipient of the entry about it.
    pub(super) fn is_fanned(
        &self,
        conversation: &mut Conversation,
        at: Place,
        recipients: i64,
    ) -> bool {
        let fanned = recipients <= self.config.fanout_threshold;
        if !fanned {
            conversation.unfanned = at.position;
        }
        fanned
    }

    /// Adds inbox rows for all members of the conversation at this position.
    pub(super) fn fan_out(
        &mut self,
        conversation: i64,
        at: Place,
        seq: Option<i64>,
        recipients: i64,
    ) {
        if at.position <= self.floor {
            return;
        }
        self.rows.fanned.push(Fanned {
            conversation,
            position: at.position,
            seq,
        });
        self.rows.told += recipients;
    }

    /// Adds an entry for all members: `recipients` of them.
    pub(super) fn tell_members(
        &mut self,
        conversation: &mut Conversation,
        at: Place,
        recipients: i64,
        entry: Entry,
    ) {
        let fanned = self.is_fanned(conversation, at, recipients);
        if fanned {
            self.fan_out(conversation.id, at, None, recipients);
        }
        self.enter(conversation.id, at, fanned, entry);
    }

    /// Adds a receipt. It goes to all members if there are up to `max_receipt_members` of them, and
    /// otherwise to `user` alone.
    pub(super) fn tell_of_receipt(
        &mut self,
        conversation: &Conversation,
        at: Place,
        user: i64,
        entry: Entry,
    ) {
        if conversation.member_count <= self.config.receipts_up_to {
            self.fan_out(conversation.id, at, None, conversation.member_count);
            self.enter(conversation.id, at, true, entry);
        } else {
            self.tell_one(conversation.id, at, user, entry);
        }
    }

    /// Adds an entry for one user alone.
    pub(super) fn tell_one(&mut self, conversation: i64, at: Place, user: i64, entry: Entry) {
        if at.position > self.floor {
            self.rows.own.push(Own {
                user,
                position: at.position,
                conversation,
            });
            self.rows.told += 1;
        }
        self.enter(conversation, at, true, entry);
    }

    fn enter(&mut self, conversation: i64, at: Place, fanned: bool, entry: Entry) {
        if at.position <= self.floor {
            return;
        }
        let Entry {
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
            kind,
            data,
        });
    }

    /// The id of a user. Assigns the next one if the log names the user for the first time.
    pub(super) fn number(&mut self, user: &UserId) -> i64 {
        self.picture.number(user)
    }
}
