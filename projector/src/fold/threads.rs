//! Applies what users do with threads: follow them, no longer follow them, and read them.
//!
//! Everything else about a thread is derived from its messages by queries: its replies, who follows
//! it without having said so, and what is unread.

use domain::mailbox::event::{FollowedThread, ThreadReadMark};
use read_model::entry_type::EntryType;

use super::entry_data::{ThreadData, ThreadReadData, to_json};
use super::fan_out::TimelineEntry;
use super::outcome::FoldError;
use super::state::Fold;
use crate::decode::EventPosition;
use crate::rows::ThreadMarkRow;

impl Fold<'_> {
    pub(super) fn apply_thread_followed(
        &mut self,
        at: EventPosition,
        user: i64,
        thread: &FollowedThread,
        followed: bool,
    ) -> Result<(), FoldError> {
        let data = to_json(&ThreadData { root: thread.root })?;
        let Some(conversation) = self.find_conversation(&thread.conversation) else {
            return Ok(());
        };
        self.rows.thread_marks.push(ThreadMarkRow {
            user,
            conversation: conversation.id,
            root: thread.root,
            position: at.position,
            followed: Some(followed),
            read_seq: None,
        });
        let kind = if followed {
            EntryType::ThreadFollowed
        } else {
            EntryType::ThreadUnfollowed
        };
        self.add_thread_entry(at, user, conversation.id, kind, data);
        Ok(())
    }

    pub(super) fn apply_thread_read(
        &mut self,
        at: EventPosition,
        user: i64,
        mark: &ThreadReadMark,
    ) -> Result<(), FoldError> {
        let data = to_json(&ThreadReadData {
            root: mark.root,
            read_seq: mark.read_seq,
        })?;
        let Some(conversation) = self.find_conversation(&mark.conversation) else {
            return Ok(());
        };
        self.rows.thread_marks.push(ThreadMarkRow {
            user,
            conversation: conversation.id,
            root: mark.root,
            position: at.position,
            followed: None,
            read_seq: Some(mark.read_seq),
        });
        let kind = EntryType::ThreadRead;
        self.add_thread_entry(at, user, conversation.id, kind, data);
        Ok(())
    }

    /// Only the user's own devices get the entry.
    fn add_thread_entry(
        &mut self,
        at: EventPosition,
        user: i64,
        conversation: i64,
        kind: EntryType,
        data: Option<String>,
    ) {
        let entry = TimelineEntry {
            kind,
            subject: Some(user),
            seq: None,
            data,
        };
        self.add_personal_entry(conversation, at, user, entry);
    }
}
