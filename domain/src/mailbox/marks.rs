//! How far the owner has read.
//!
//! Two things move a read mark: commands to the mailbox, and what happens in the conversation
//! (joining moves it to the head, sending moves it to the own message). The mailbox keeps the
//! first, the conversation tells the second as [`Standing::floor`], and the later of them holds.

use serde::{Deserialize, Serialize};

use super::Mailbox;
use super::command::{MarkUnread, Read, Standing};
use super::event::{MailboxEvent, ReadMark};
use crate::ids::ConversationId;
use crate::refusal::Refusal;

/// A read mark that a command has set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Mark {
    read_seq: i64,
    /// The conversation's head at that time: what it implies up to here is older than this mark.
    head_seq: i64,
    /// During which stay; another one begins anew.
    stay: i64,
}

impl Mailbox {
    /// The read mark that holds in a conversation: everything up to this seq is read.
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
            return Err(Refusal::invalid("up_to", "expected 0 or a seq"));
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
            return Err(Refusal::invalid("unread_from", "there is no such message"));
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
