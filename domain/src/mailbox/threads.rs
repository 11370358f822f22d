//! Rules for following and reading threads.
//!
//! Who writes in a thread, started it or is mentioned in it follows it; that follows from the
//! messages and is not recorded here. The mailbox records what the owner chose. A message that
//! comes after the owner chose not to follow a thread can make them follow it again.

use super::Mailbox;
use super::command::{FollowThread, ReadThread};
use super::event::{FollowedThread, MailboxEvent, ThreadReadMark};
use super::state::{ThreadChoice, ThreadMark};
use crate::ids::ConversationId;
use crate::limits::Limits;
use crate::refusal::Refusal;

impl Mailbox {
    pub(super) fn follow_thread(
        &self,
        request: FollowThread,
        limits: &Limits,
    ) -> Result<Option<MailboxEvent>, Refusal> {
        let FollowThread {
            conversation,
            root,
            follow,
            membership,
        } = request;
        let head_seq = membership.head_seq;
        let mark = self.thread_mark(&conversation, root);
        // Once there are new messages, the owner may follow the thread again because of them.
        let is_chosen = mark.and_then(|mark| mark.followed).is_some_and(|chosen| {
            chosen.follow == follow && (follow || chosen.head_seq == head_seq)
        });
        if is_chosen {
            return Ok(None);
        }
        if mark.is_none() {
            self.check_thread_count(limits)?;
        }
        let thread = FollowedThread {
            conversation,
            root,
            head_seq,
        };
        Ok(Some(if follow {
            MailboxEvent::ThreadFollowed(thread)
        } else {
            MailboxEvent::ThreadUnfollowed(thread)
        }))
    }

    pub(super) fn read_thread(
        &self,
        request: ReadThread,
        limits: &Limits,
    ) -> Result<Option<MailboxEvent>, Refusal> {
        let ReadThread {
            conversation,
            root,
            up_to,
            membership,
        } = request;
        if up_to < 0 {
            return Err(Refusal::invalid("up_to", "Expected 0 or a seq."));
        }
        let read_seq = up_to.min(membership.head_seq);
        let known = self.thread_mark(&conversation, root);
        if read_seq <= known.map_or(0, |mark| mark.read_seq) {
            return Ok(None);
        }
        if known.is_none() {
            self.check_thread_count(limits)?;
        }
        Ok(Some(MailboxEvent::ThreadRead(ThreadReadMark {
            conversation,
            root,
            read_seq,
        })))
    }

    /// The last seq that the owner marked as read in a thread, 0 if none.
    pub fn thread_read_seq(&self, conversation: &ConversationId, root: i64) -> i64 {
        self.thread_mark(conversation, root)
            .map_or(0, |mark| mark.read_seq)
    }

    pub(super) fn apply_thread_followed(&mut self, thread: FollowedThread, follow: bool) {
        let head_seq = thread.head_seq;
        let mark = self.thread_mark_mut(thread.conversation, thread.root);
        mark.followed = Some(ThreadChoice { follow, head_seq });
    }

    pub(super) fn apply_thread_read(&mut self, read: ThreadReadMark) {
        let mark = self.thread_mark_mut(read.conversation, read.root);
        mark.read_seq = mark.read_seq.max(read.read_seq);
    }

    /// The number of threads with a mark.
    pub(super) fn thread_count(&self) -> usize {
        self.threads
            .values()
            .map(std::collections::BTreeMap::len)
            .sum()
    }

    fn check_thread_count(&self, limits: &Limits) -> Result<(), Refusal> {
        let most = limits.threads;
        if self.thread_count() < most {
            return Ok(());
        }
        Err(Refusal::invalid(
            "thread",
            format!("A user can follow, unfollow or read at most {most} threads."),
        ))
    }

    fn thread_mark(&self, conversation: &ConversationId, root: i64) -> Option<&ThreadMark> {
        self.threads.get(conversation)?.get(&root)
    }

    fn thread_mark_mut(&mut self, conversation: ConversationId, root: i64) -> &mut ThreadMark {
        let threads = self.threads.entry(conversation).or_default();
        threads.entry(root).or_default()
    }
}
