//! Rules for read marks: how far the owner has read each conversation.
//!
//! Two things move a read mark: commands to the mailbox, and events in the conversation (joining
//! moves it to the head, sending moves it to the sent message). The mailbox stores the mark set by
//! commands, the conversation supplies the other as [`MembershipSnapshot::read_floor`], and the
//! more recent of the two is in effect.

use serde::{Deserialize, Serialize};

use super::Mailbox;
use super::command::{MarkUnread, Read, Standing};
use super::event::{MailboxEvent, ReadMark};
use crate::ids::ConversationId;
use crate::refusal::Refusal;

/// A read mark set by a command. It is stored in snapshots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Mark {
    read_seq: i64,
    /// The head of the conversation at that time. An implied mark up to this seq is older than this
    /// mark.
    head_seq: i64,
    /// The number of the membership period. The mark has no effect in another period.
    stay: i64,
}

impl Mailbox {
    /// The effective read mark of a conversation: everything up to this seq is read.
    pub fn read_mark(&self, conversation: &ConversationId, standing: Standing) -> i64 {
        match self.marks.get(conversation) {
            Some(mark) if mark.stay == standing.stay && standing.floor <= mark.head_seq => {
                mark.read_seq
            }
            _ => standing.floor,
        }
    }

    pub(super) fn read(&self, read: Read) -> Result<Option<MailboxEvent>, Refusal> {
        let Read {
            conversation,
            up_to,
            standing,
        } = read;
        if up_to < 0 {
            return Err(Refusal::invalid("up_to", "Expected 0 or a seq."));
        }
        let read_seq = up_to.min(standing.head_seq);
        if read_seq <= self.read_mark(&conversation, standing) {
            return Ok(None);
        }
        let mark = read_mark(conversation, read_seq, standing);
        Ok(Some(MailboxEvent::ConversationRead(mark)))
    }

    pub(super) fn mark_unread(&self, unread: MarkUnread) -> Result<Option<MailboxEvent>, Refusal> {
        let MarkUnread {
            conversation,
            from,
            standing,
            visible,
        } = unread;
        if from < 1 || from > standing.head_seq || !visible {
            return Err(Refusal::invalid(
                "unread_from",
                "The message does not exist or is not visible to you.",
            ));
        }
        let read_seq = from - 1;
        if read_seq == self.read_mark(&conversation, standing) {
            return Ok(None);
        }
        let mark = read_mark(conversation, read_seq, standing);
        Ok(Some(MailboxEvent::ConversationMarkedUnread(mark)))
    }

    pub(super) fn marked(&mut self, mark: ReadMark) {
        let ReadMark {
            conversation,
            read_seq,
            head_seq,
            stay,
        } = mark;
        self.marks.insert(
            conversation,
            Mark {
                read_seq,
                head_seq,
                stay,
            },
        );
    }
}

fn read_mark(conversation: ConversationId, read_seq: i64, standing: Standing) -> ReadMark {
    ReadMark {
        conversation,
        read_seq,
        head_seq: standing.head_seq,
        stay: standing.stay,
    }
}
