//! Who is told of an entry.

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
    /// Whether an entry that concerns this many members gets inbox rows, and if not, that the
    /// conversation has entries to be merged. Joining counts with the one who joined, leaving
    /// with the one who left: they are told too.
    pub(super) fn is_fanned(&self, conversation: &mut Conversation, at: Place, told: i64) -> bool {
        let fanned = told <= self.config.fanout_threshold;
        if !fanned {
            conversation.unfanned = at.position;
        }
        fanned
    }

    /// Inbox rows for everybody who is in the conversation at this position.
    pub(super) fn fan_out(&mut self, conversation: i64, at: Place, seq: Option<i64>, told: i64) {
        if at.position <= self.floor {
            return;
        }
        self.rows.fanned.push(Fanned {
            conversation,
            position: at.position,
            seq,
        });
        self.rows.told += told;
    }

    /// An entry for the members: `told` of them.
    pub(super) fn tell_members(
        &mut self,
        conversation: &mut Conversation,
        at: Place,
        told: i64,
        entry: Entry,
    ) {
        let fanned = self.is_fanned(conversation, at, told);
        if fanned {
            self.fan_out(conversation.id, at, None, told);
        }
        self.enter(conversation.id, at, fanned, entry);
    }

    /// An entry for few, whatever the size of the conversation: for everybody in it if they are
    /// up to `receipts_up_to`, else for `user` alone.
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

    /// An entry for one user alone.
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

    /// The number of a user who has one if they were ever named.
    pub(super) fn number(&mut self, user: &UserId) -> i64 {
        self.picture.number(user)
    }
}
