//! The expected threads of a user, counted reply by reply on every call.

use std::collections::BTreeSet;

use super::Model;
use super::conversation::{ModelConversation, ModelMessage};
use super::thread_mark::ModelThreadMark;

/// The replies of a root that a user can see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelReplies {
    /// How many there are, without recalled ones.
    pub count: i64,
    /// The last of them.
    pub last_seq: Option<i64>,
    /// Who wrote last, up to five users, the last one first.
    pub users: Vec<String>,
}

/// The expected row of one followed thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadRow {
    /// The conversation.
    pub conversation: String,
    /// The root.
    pub root: i64,
    /// The replies.
    pub replies: ModelReplies,
    /// The replies of others that are not read.
    pub unread: i64,
    /// The last seq that is read.
    pub read_seq: i64,
}

impl ModelConversation {
    /// What a user did with a thread.
    pub fn thread_mark(&self, user: &str, root: i64) -> ModelThreadMark {
        let marks = self.thread_marks.get(user);
        marks
            .and_then(|marks| marks.get(&root))
            .cloned()
            .unwrap_or_default()
    }

    /// The messages with their seqs, oldest first.
    fn numbered(&self) -> impl Iterator<Item = (i64, &ModelMessage)> {
        (1..).zip(&self.messages)
    }

    /// The replies that a user can see, recalled ones and control messages included.
    fn visible_replies(&self, user: &str, root: i64) -> Vec<(i64, &ModelMessage)> {
        self.numbered()
            .filter(|(seq, message)| message.thread == Some(root) && self.can_see(user, *seq))
            .collect()
    }

    /// The summary of the replies; `None` for a message without any.
    pub fn replies(&self, user: &str, root: i64) -> Option<ModelReplies> {
        let mut replies = self.visible_replies(user, root);
        replies.retain(|(_, message)| !message.control);
        if replies.is_empty() {
            return None;
        }
        replies.retain(|(_, message)| !message.recalled);
        let mut users: Vec<String> = Vec::new();
        for (_, message) in replies.iter().rev() {
            if !users.contains(&message.sender) {
                users.push(message.sender.clone());
            }
        }
        users.truncate(5);
        Some(ModelReplies {
            count: replies.len() as i64,
            last_seq: replies.last().map(|(seq, _)| *seq),
            users,
        })
    }

    /// Whether a user follows a thread: because of what they chose, or of a message since then.
    fn follows(&self, user: &str, root: i64) -> bool {
        let choice = self.thread_mark(user, root).choice;
        if choice.is_some_and(|choice| choice.follow) {
            return true;
        }
        let is_reason = |seq: i64, message: &ModelMessage| {
            let mentions = message.mentions.iter().any(|name| name == user);
            (seq == root || message.thread == Some(root))
                && (message.sender == user || mentions && !message.recalled)
        };
        let has_replies = self.messages.iter().any(|reply| reply.thread == Some(root));
        let chosen_at = choice.map_or(0, |choice| choice.position);
        has_replies
            && self
                .numbered()
                .any(|(seq, message)| is_reason(seq, message) && message.position > chosen_at)
    }

    /// The row of a thread, and the position by which it is sorted; `None` if the user does not
    /// follow it or cannot see its root.
    fn thread_row(&self, id: &str, user: &str, root: i64) -> Option<(i64, ThreadRow)> {
        let message = self.message(root)?;
        if message.thread.is_some() || !self.can_see(user, root) || !self.follows(user, root) {
            return None;
        }
        let replies = self.visible_replies(user, root);
        let activity = replies.last().map_or(message.position, |(_, r)| r.position);
        let own = replies.iter().filter(|(_, reply)| reply.sender == user);
        let own_root = if message.sender == user { root } else { 0 };
        let read_seq = own
            .map(|(seq, _)| *seq)
            .chain([own_root, self.thread_mark(user, root).read_seq])
            .max()
            .unwrap_or(0);
        let counts = |(seq, reply): &&(i64, &ModelMessage)| {
            *seq > read_seq && reply.sender != user && !reply.recalled && !reply.control
        };
        let unread = replies.iter().filter(counts).count() as i64;
        let row = ThreadRow {
            conversation: id.to_owned(),
            root,
            replies: self.replies(user, root).unwrap_or_default(),
            unread,
            read_seq,
        };
        Some((activity, row))
    }

    /// The roots that have replies or that users have marked.
    fn roots(&self) -> BTreeSet<i64> {
        let marked = self.thread_marks.values().flatten().map(|(root, _)| *root);
        let replied = self.messages.iter().filter_map(|message| message.thread);
        marked.chain(replied).collect()
    }
}

impl Model {
    /// The threads that a user follows, the one with the newest reply first.
    pub fn threads(&self, user: &str) -> Vec<ThreadRow> {
        let mut rows: Vec<(i64, ThreadRow)> = self
            .conversations_of(user)
            .flat_map(|(id, conversation)| {
                let roots = conversation.roots().into_iter();
                roots.filter_map(|root| conversation.thread_row(id, user, root))
            })
            .collect();
        rows.sort_by_key(|(activity, _)| -activity);
        rows.into_iter().map(|(_, row)| row).collect()
    }
}
