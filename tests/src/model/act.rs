//! The acts of users and their expected outcomes.

use super::Model;
use super::conversation::{MemberRole, ModelConversation, ModelMessage};
use super::desk::DeskAction;
use super::thread_mark::{ModelThreadChoice, ModelThreadMark};

/// A command of a user.
#[derive(Debug, Clone)]
pub struct Act {
    /// The user who sends the command.
    pub user: String,
    /// The id of the conversation. The id of a direct conversation is not known before it is
    /// created.
    pub conversation: String,
    /// What the command changes.
    pub action: Action,
}

/// What a command changes.
#[derive(Debug, Clone)]
pub enum Action {
    /// Create a group with these further members.
    CreateGroup(Vec<String>),
    /// Send a message.
    Send {
        /// It is never counted as unread.
        control: bool,
        /// The mentioned members.
        mentions: Vec<String>,
        /// The root of the thread that it belongs to.
        thread: Option<i64>,
    },
    /// Edit a message.
    Edit(i64),
    /// Recall a message.
    Recall(i64),
    /// Restore a recalled message.
    Restore(i64),
    /// Remove the messages up to a seq from the own view.
    Clear(i64),
    /// Read up to a seq.
    Read(i64),
    /// Mark everything from a seq on as unread.
    MarkUnread(i64),
    /// Add a user, or change a role.
    Add(String, Option<MemberRole>),
    /// Remove a user, or leave.
    Remove(String),
    /// Follow the thread of a root, or no longer follow it.
    FollowThread(i64, bool),
    /// Read the thread of a root up to a seq.
    ReadThread(i64, i64),
    /// Mute.
    Mute(bool),
    /// Pin.
    Pin(bool),
    /// Archive.
    Archive(bool),
    /// Hide messages from before a member joined, or show them.
    SinceJoin(bool),
    /// Let anyone join, or nobody.
    OpenJoin(bool),
    /// Let only the owner and admins write, or everybody.
    Freeze(bool),
    /// Join.
    Join,
    /// Silence a user, or lift the silence.
    Silence(String, bool),
    /// Ban a user, or lift the ban.
    Ban(String, bool),
    /// Do something with the session of a conversation with a desk.
    Desk(DeskAction),
}

/// The expected outcome of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It appends an event.
    Applied,
    /// It is accepted but changes nothing.
    Unchanged,
    /// It is refused with this status.
    Refused(u16),
}

pub(super) const NOT_FOUND: Outcome = Outcome::Refused(404);
pub(super) const FORBIDDEN: Outcome = Outcome::Refused(403);
pub(super) const INVALID: Outcome = Outcome::Refused(422);

impl Model {
    /// The expected outcome of an act in the current state.
    pub fn outcome(&self, act: &Act) -> Outcome {
        if let Action::Desk(what) = &act.action {
            return self.desk_outcome(act, what);
        }
        let conversation = self.conversations.get(&act.conversation);
        if let Action::CreateGroup(_) = act.action {
            return if conversation.is_some() {
                Outcome::Refused(409)
            } else {
                Outcome::Applied
            };
        }
        match conversation {
            Some(conversation) if matches!(act.action, Action::Join) => {
                conversation.join_outcome(&act.user)
            }
            Some(conversation) if conversation.is_member(&act.user) => {
                conversation.outcome(&act.user, &act.action)
            }
            _ => NOT_FOUND,
        }
    }

    /// Applies an act that was accepted. `position` is from the response.
    pub fn apply(&mut self, act: &Act, position: i64) {
        self.users.insert(act.user.clone());
        if let Action::Desk(what) = &act.action {
            return self.apply_desk(act, what, position);
        }
        if let Action::CreateGroup(members) = &act.action {
            let users: Vec<_> = std::iter::once(&act.user).chain(members).cloned().collect();
            self.users.extend(users.iter().cloned());
            self.conversations.insert(
                act.conversation.clone(),
                ModelConversation::new(false, &users, position),
            );
        } else if let Some(conversation) = self.conversations.get_mut(&act.conversation) {
            if matches!(act.action, Action::Send { .. }) {
                conversation.open_session_for_message(&act.conversation);
            }
            conversation.apply(&act.user, &act.action, position);
        }
    }

    /// Applies the creation of a direct conversation.
    pub fn create_direct(&mut self, id: &str, users: [&str; 2], position: i64) {
        let users = users.map(str::to_owned);
        self.users.extend(users.iter().cloned());
        self.conversations.insert(
            id.to_owned(),
            ModelConversation::new(true, &users, position),
        );
    }
}

pub(super) fn applied_if(changes: bool) -> Outcome {
    if changes {
        Outcome::Applied
    } else {
        Outcome::Unchanged
    }
}

impl ModelConversation {
    fn join_outcome(&self, user: &str) -> Outcome {
        if self.is_member(user) {
            Outcome::Unchanged
        } else if self.direct || !self.open {
            NOT_FOUND
        } else if self.banned.contains(user) {
            FORBIDDEN
        } else {
            Outcome::Applied
        }
    }

    /// Whether a member may not write, edit, recall and react.
    fn is_barred(&self, user: &str, role: MemberRole) -> bool {
        self.silenced.contains(user) || self.frozen && role == MemberRole::Member
    }

    /// Whether the user may silence or ban another one.
    fn may_sanction(&self, role: MemberRole, user: &str) -> bool {
        match self.members.get(user).map(|them| them.role) {
            _ if role == MemberRole::Member => false,
            Some(MemberRole::Owner) => false,
            Some(MemberRole::Admin) => role == MemberRole::Owner,
            _ => true,
        }
    }

    fn outcome(&self, by: &str, what: &Action) -> Outcome {
        let Some(me) = self.members.get(by) else {
            return NOT_FOUND;
        };
        match what {
            Action::CreateGroup(_) | Action::Desk(_) => Outcome::Refused(409),
            // What users have cleared is not there for them, whatever they may do.
            Action::Edit(seq) | Action::Recall(seq) if *seq <= self.cleared_seq(by) => NOT_FOUND,
            Action::Send { .. } | Action::Edit(_) | Action::Recall(_)
                if self.is_barred(by, me.role) =>
            {
                FORBIDDEN
            }
            Action::Silence(user, _) | Action::Ban(user, _)
                if !self.may_sanction(me.role, user) =>
            {
                FORBIDDEN
            }
            Action::Silence(user, on) => applied_if(self.silenced.contains(user) != *on),
            Action::Ban(..) if self.direct => INVALID,
            Action::Ban(user, on) => applied_if(self.banned.contains(user) != *on),
            Action::Send {
                mentions, thread, ..
            } => self.send_outcome(by, mentions, *thread),
            Action::FollowThread(root, _) | Action::ReadThread(root, _)
                if !self.can_see(by, *root) =>
            {
                NOT_FOUND
            }
            Action::FollowThread(root, _) | Action::ReadThread(root, _) if self.is_reply(*root) => {
                INVALID
            }
            Action::FollowThread(root, follow) => self.follow_outcome(by, *root, *follow),
            Action::ReadThread(root, up_to) => {
                let read_seq = self.thread_mark(by, *root).read_seq;
                applied_if(self.head().min(*up_to) > read_seq)
            }
            Action::Edit(seq) | Action::Recall(seq) | Action::Restore(seq)
                if !self.can_see(by, *seq) =>
            {
                NOT_FOUND
            }
            Action::Edit(seq) => self.edit_outcome(by, *seq),
            Action::Recall(seq) => self.recall_outcome(by, me.role, *seq),
            Action::Restore(_) if me.role == MemberRole::Member => FORBIDDEN,
            Action::Restore(seq) => applied_if(self.message(*seq).is_some_and(|m| m.recalled)),
            Action::Clear(up_to) => applied_if(self.head().min(*up_to) > self.cleared_seq(by)),
            Action::Read(up_to) => applied_if(self.head().min(*up_to) > me.read_mark),
            Action::MarkUnread(from) if !self.can_see(by, *from) => INVALID,
            Action::MarkUnread(from) => applied_if(me.read_mark != from - 1),
            Action::Mute(on) => applied_if(me.muted != *on),
            Action::Pin(on) => applied_if(me.pinned != *on),
            Action::Archive(on) => applied_if(me.archived != *on),
            Action::Join => Outcome::Unchanged,
            Action::Add(..) | Action::Remove(_) | Action::OpenJoin(_) | Action::Freeze(_)
                if self.direct =>
            {
                INVALID
            }
            Action::SinceJoin(on) => self.setting_outcome(by, me.role, self.since_join != *on),
            Action::OpenJoin(on) => self.setting_outcome(by, me.role, self.open != *on),
            Action::Freeze(on) => self.setting_outcome(by, me.role, self.frozen != *on),
            Action::Add(..) if me.role == MemberRole::Member => FORBIDDEN,
            Action::Add(user, _) if self.banned.contains(user) => FORBIDDEN,
            Action::Add(user, role) => self.add_outcome(me.role, user, *role),
            Action::Remove(user) if user == by => Outcome::Applied,
            Action::Remove(user) => self.remove_outcome(me.role, user),
        }
    }

    /// The outcome of a message of a member who may write.
    fn send_outcome(&self, by: &str, mentions: &[String], thread: Option<i64>) -> Outcome {
        let mentions_stranger = mentions.iter().any(|user| !self.is_member(user));
        let is_no_root = |root| !self.can_see(by, root) || self.is_reply(root);
        if let Some(refusal) = self.sender_refusal(by) {
            return refusal;
        }
        if mentions_stranger || thread.is_some_and(is_no_root) {
            INVALID
        } else {
            Outcome::Applied
        }
    }

    /// The outcome when somebody with this role changes a setting of the group, or sets what it is.
    fn setting_outcome(&self, by: &str, role: MemberRole, changes: bool) -> Outcome {
        if role == MemberRole::Member || self.silenced.contains(by) {
            FORBIDDEN
        } else {
            applied_if(changes)
        }
    }

    fn is_reply(&self, seq: i64) -> bool {
        self.message(seq)
            .is_some_and(|message| message.thread.is_some())
    }

    /// The outcome of a choice about a thread. Once there are new messages, one of them may have
    /// made the user follow the thread again.
    fn follow_outcome(&self, by: &str, root: i64, follow: bool) -> Outcome {
        let choice = self.thread_mark(by, root).choice;
        applied_if(!choice.is_some_and(|choice| {
            choice.follow == follow && (follow || choice.head == self.head())
        }))
    }

    /// The outcome of an edit of a message that the member can see.
    fn edit_outcome(&self, by: &str, seq: i64) -> Outcome {
        match self.message(seq) {
            Some(message) if message.sender != by => FORBIDDEN,
            Some(message) if message.recalled => INVALID,
            _ => Outcome::Applied,
        }
    }

    /// The outcome of the recall of a message that the member can see.
    fn recall_outcome(&self, by: &str, role: MemberRole, seq: i64) -> Outcome {
        match self.message(seq) {
            Some(message) if message.sender != by && role == MemberRole::Member => FORBIDDEN,
            Some(message) => applied_if(!message.recalled),
            None => NOT_FOUND,
        }
    }

    /// The outcome when somebody with the role `by` adds a user or changes the user's role.
    fn add_outcome(&self, by: MemberRole, user: &str, role: Option<MemberRole>) -> Outcome {
        match (self.members.get(user), role) {
            (None, _) => Outcome::Applied,
            (Some(_), None) => Outcome::Unchanged,
            (Some(them), Some(role)) if them.role == role => Outcome::Unchanged,
            (Some(them), Some(_)) if them.role == MemberRole::Admin && by != MemberRole::Owner => {
                FORBIDDEN
            }
            (Some(_), Some(_)) => Outcome::Applied,
        }
    }

    /// The outcome when somebody with the role `by` removes another user.
    fn remove_outcome(&self, by: MemberRole, user: &str) -> Outcome {
        match self.members.get(user) {
            _ if by == MemberRole::Member => FORBIDDEN,
            Some(them) if them.role == MemberRole::Owner => FORBIDDEN,
            them => applied_if(them.is_some()),
        }
    }

    fn apply(&mut self, by: &str, what: &Action, position: i64) {
        match what {
            Action::CreateGroup(_) | Action::Edit(_) | Action::Desk(_) => {}
            Action::Send {
                control,
                mentions,
                thread,
            } => {
                self.add_message(ModelMessage {
                    sender: by.to_owned(),
                    control: *control,
                    recalled: false,
                    mentions: mentions.clone(),
                    thread: *thread,
                    position,
                });
            }
            Action::Recall(seq) => self.set_recalled(*seq, true),
            Action::Restore(seq) => self.set_recalled(*seq, false),
            Action::Clear(up_to) => {
                let up_to = self.head().min(*up_to);
                let cleared = self.cleared.entry(by.to_owned()).or_default();
                *cleared = up_to.max(*cleared);
            }
            Action::Read(up_to) => {
                let up_to = self.head().min(*up_to);
                self.update_member(by, |me| me.read_mark = me.read_mark.max(up_to));
            }
            Action::MarkUnread(from) => self.update_member(by, |me| me.read_mark = from - 1),
            Action::FollowThread(root, follow) => {
                self.choose_thread(by, *root, *follow, position);
            }
            Action::ReadThread(root, up_to) => {
                self.mark_thread(by, *root).read_seq = self.head().min(*up_to);
            }
            Action::Mute(on) => self.update_member(by, |me| me.muted = *on),
            Action::Pin(on) => self.update_member(by, |me| me.pinned = *on),
            Action::Archive(on) => self.update_member(by, |me| me.archived = *on),
            Action::SinceJoin(on) => self.since_join = *on,
            Action::OpenJoin(on) => self.open = *on,
            Action::Freeze(on) => self.frozen = *on,
            Action::Join => {
                let is_first = self.members.is_empty();
                let role = is_first.then_some(MemberRole::Owner);
                self.join(by, role.unwrap_or(MemberRole::Member));
            }
            Action::Silence(user, true) => {
                self.silenced.insert(user.clone());
            }
            Action::Silence(user, false) => {
                self.silenced.remove(user);
            }
            Action::Ban(user, true) => {
                self.banned.insert(user.clone());
                self.leave(user);
            }
            Action::Ban(user, false) => {
                self.banned.remove(user);
            }
            Action::Add(user, role) => match self.members.get_mut(user) {
                Some(them) => them.role = role.unwrap_or(them.role),
                None => self.join(user, role.unwrap_or(MemberRole::Member)),
            },
            Action::Remove(user) => self.leave(user),
        }
    }

    pub(super) fn add_message(&mut self, message: ModelMessage) {
        let sender = message.sender.clone();
        self.messages.push(message);
        let head = self.head();
        self.update_member(&sender, |me| me.read_mark = head);
    }

    fn choose_thread(&mut self, user: &str, root: i64, follow: bool, position: i64) {
        let choice = ModelThreadChoice {
            follow,
            head: self.head(),
            position,
        };
        self.mark_thread(user, root).choice = Some(choice);
    }

    fn mark_thread(&mut self, user: &str, root: i64) -> &mut ModelThreadMark {
        let marks = self.thread_marks.entry(user.to_owned()).or_default();
        marks.entry(root).or_default()
    }

    fn set_recalled(&mut self, seq: i64, recalled: bool) {
        let index = usize::try_from(seq - 1).unwrap_or(usize::MAX);
        if let Some(message) = self.messages.get_mut(index) {
            message.recalled = recalled;
        }
    }

    fn update_member(&mut self, user: &str, change: impl FnOnce(&mut super::ModelMember)) {
        if let Some(me) = self.members.get_mut(user) {
            change(me);
        }
    }
}
