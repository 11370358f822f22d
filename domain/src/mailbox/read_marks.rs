//! Rules for read marks: how far the owner has read each conversation.
//!
//! Two things move a read mark: commands to the mailbox, and events in the conversation (joining
//! moves it to the head, sending moves it to the sent message). The mailbox stores the mark set by
//! commands, the conversation supplies the other as [`MembershipSnapshot::read_floor`], and the
//! more recent of the two is in effect.

use super::Mailbox;
use super::command::{MarkRead, MarkUnread};
use super::event::{MailboxEvent, ReadMark};
use super::state::ExplicitReadMark;
use crate::ids::ConversationId;
use crate::membership::MembershipSnapshot;
use crate::refusal::Refusal;

impl Mailbox {
    /// The effective read mark of a conversation: everything up to this seq is read.
    pub fn read_mark(&self, conversation: &ConversationId, standing: MembershipSnapshot) -> i64 {
        match self.read_marks.get(conversation) {
            Some(mark) if mark.stay == standing.stay && standing.read_floor <= mark.head_seq => {
                mark.read_seq
            }
            _ => standing.read_floor,
        }
    }

    pub(super) fn mark_read(&self, read: MarkRead) -> Result<Option<MailboxEvent>, Refusal> {
        let MarkRead {
            conversation,
            up_to,
            membership: standing,
        } = read;
        if up_to < 0 {
            return Err(Refusal::invalid("up_to", "Expected 0 or a seq."));
        }
        let read_seq = up_to.min(standing.head_seq);
        if read_seq <= self.read_mark(&conversation, standing) {
            return Ok(None);
        }
        let mark = new_read_mark(conversation, read_seq, standing);
        Ok(Some(MailboxEvent::ConversationRead(mark)))
    }

    pub(super) fn mark_unread(&self, unread: MarkUnread) -> Result<Option<MailboxEvent>, Refusal> {
        let MarkUnread {
            conversation,
            from,
            membership: standing,
            visible,
        } = unread;
        let is_cleared = self.has_cleared(&conversation, from);
        if from < 1 || from > standing.head_seq || !visible || is_cleared {
            return Err(Refusal::invalid(
                "unread_from",
                "The message does not exist or is not visible to you.",
            ));
        }
        let read_seq = from - 1;
        if read_seq == self.read_mark(&conversation, standing) {
            return Ok(None);
        }
        let mark = new_read_mark(conversation, read_seq, standing);
        Ok(Some(MailboxEvent::ConversationMarkedUnread(mark)))
    }

    pub(super) fn apply_read_mark(&mut self, mark: ReadMark) {
        let ReadMark {
            conversation,
            read_seq,
            head_seq,
            stay,
        } = mark;
        self.read_marks.insert(
            conversation,
            ExplicitReadMark {
                read_seq,
                head_seq,
                stay,
            },
        );
    }
}

fn new_read_mark(
    conversation: ConversationId,
    read_seq: i64,
    standing: MembershipSnapshot,
) -> ReadMark {
    ReadMark {
        conversation,
        read_seq,
        head_seq: standing.head_seq,
        stay: standing.stay,
    }
}
