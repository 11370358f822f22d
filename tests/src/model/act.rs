//! What users do, and what should come of it.

use super::Model;
use super::conversation::{Conversation, Message, Role};

/// One command of one user.
#[derive(Debug, Clone)]
pub struct Act {
    /// Who asks.
    pub by: String,
    /// Where; a direct conversation's id is not known before it is made.
    pub conversation: String,
    /// For what.
    pub what: What,
}

/// What is asked.
#[derive(Debug, Clone)]
pub enum What {
    /// A new group.
    CreateGroup(Vec<String>),
    /// Send, with whom it names.
    Send {
        /** Not countable. */
        control: bool,
        /** Named members. */
        mentions: Vec<String>,
    },
    /// Another body.
    Edit(i64),
    /// Take back.
    Recall(i64),
    /// Read up to a seq.
    Read(i64),
    /// Unread from a seq on.
    MarkUnread(i64),
    /// Add a user, or change a role.
    Add(String, Option<Role>),
    /// Remove a user, or leave.
    Remove(String),
    /// Mute.
    Mute(bool),
    /// Pin.
    Pin(bool),
    /// Archive.
    Archive(bool),
    /// Hide what was before one's stays, or show it.
    SinceJoin(bool),
}

/// What should come of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It happens.
    Done,
    /// It is taken, and changes nothing.
    Nothing,
    /// It is refused with this status.
    Refused(u16),
}

const NOT_FOUND: Outcome = Outcome::Refused(404);
const FORBIDDEN: Outcome = Outcome::Refused(403);
const INVALID: Outcome = Outcome::Refused(422);

impl Model {
    /// What should come of an act now.
    pub fn outcome(&self, act: &Act) -> Outcome {
        let conversation = self.conversations.get(&act.conversation);
        if let What::CreateGroup(_) = act.what {
            return if conversation.is_some() {
                Outcome::Refused(409)
            } else {
                Outcome::Done
            };
        }
        match conversation {
            Some(conversation) if conversation.is_member(&act.by) => {
                conversation.outcome(&act.by, &act.what)
            }
            _ => NOT_FOUND,
        }
    }

    /// Takes in an act that was done; `position` is what the answer said.
    pub fn apply(&mut self, act: &Act, position: i64) {
        self.users.insert(act.by.clone());
        if let What::CreateGroup(members) = &act.what {
            let users: Vec<_> = std::iter::once(&act.by).chain(members).cloned().collect();
            self.users.extend(users.iter().cloned());
            self.conversations.insert(
                act.conversation.clone(),
                Conversation::new(false, &users, position),
            );
        } else if let Some(conversation) = self.conversations.get_mut(&act.conversation) {
            conversation.apply(&act.by, &act.what, position);
        }
    }

    /// Takes in a direct conversation that was made.
    pub fn direct(&mut self, id: &str, users: [&str; 2], position: i64) {
        let users = users.map(str::to_owned);
        self.users.extend(users.iter().cloned());
        self.conversations
            .insert(id.to_owned(), Conversation::new(true, &users, position));
    }
}

impl Conversation {
    fn outcome(&self, by: &str, what: &What) -> Outcome {
        let Some(me) = self.members.get(by) else {
            return NOT_FOUND;
        };
        let changes = |it: bool| if it { Outcome::Done } else { Outcome::Nothing };
        match what {
            What::CreateGroup(_) => Outcome::Refused(409),
            What::Send { mentions, .. } if mentions.iter().any(|user| !self.is_member(user)) => {
                INVALID
            }
            What::Send { .. } => Outcome::Done,
            What::Edit(seq) | What::Recall(seq) if !self.may_see(by, *seq) => NOT_FOUND,
            What::Edit(seq) => match self.message(*seq) {
                Some(message) if message.sender != by => FORBIDDEN,
                Some(message) if message.recalled => INVALID,
                _ => Outcome::Done,
            },
            What::Recall(seq) => match self.message(*seq) {
                Some(message) if message.sender != by && me.role == Role::Member => FORBIDDEN,
                Some(message) => changes(!message.recalled),
                None => NOT_FOUND,
            },
            What::Read(up_to) => changes(self.head().min(*up_to) > me.mark),
            What::MarkUnread(from) if !self.may_see(by, *from) => INVALID,
            What::MarkUnread(from) => changes(me.mark != from - 1),
            What::Mute(on) => changes(me.muted != *on),
            What::Pin(on) => changes(me.pinned != *on),
            What::Archive(on) => changes(me.archived != *on),
            What::Add(..) | What::Remove(_) if self.direct => INVALID,
            What::SinceJoin(_) | What::Add(..) if me.role == Role::Member => FORBIDDEN,
            What::SinceJoin(on) => changes(self.since_join != *on),
            What::Add(user, role) => match (self.members.get(user), role) {
                (None, _) => Outcome::Done,
                (Some(_), None) => Outcome::Nothing,
                (Some(them), Some(role)) if them.role == *role => Outcome::Nothing,
                (Some(them), Some(_)) if them.role == Role::Admin && me.role != Role::Owner => {
                    FORBIDDEN
                }
                (Some(_), Some(_)) => Outcome::Done,
            },
            What::Remove(user) if user == by => Outcome::Done,
            What::Remove(user) => match self.members.get(user) {
                _ if me.role == Role::Member => FORBIDDEN,
                Some(them) if them.role == Role::Owner => FORBIDDEN,
                them => changes(them.is_some()),
            },
        }
    }

    fn apply(&mut self, by: &str, what: &What, position: i64) {
        match what {
            What::CreateGroup(_) | What::Edit(_) => {}
            What::Send { control, mentions } => {
                self.messages.push(Message {
                    sender: by.to_owned(),
                    control: *control,
                    recalled: false,
                    mentions: mentions.clone(),
                    position,
                });
                let head = self.head();
                self.me(by, |me| me.mark = head);
            }
            What::Recall(seq) => {
                let index = usize::try_from(seq - 1).unwrap_or(usize::MAX);
                if let Some(message) = self.messages.get_mut(index) {
                    message.recalled = true;
                }
            }
            What::Read(up_to) => {
                let up_to = self.head().min(*up_to);
                self.me(by, |me| me.mark = me.mark.max(up_to));
            }
            What::MarkUnread(from) => self.me(by, |me| me.mark = from - 1),
            What::Mute(on) => self.me(by, |me| me.muted = *on),
            What::Pin(on) => self.me(by, |me| me.pinned = *on),
            What::Archive(on) => self.me(by, |me| me.archived = *on),
            What::SinceJoin(on) => self.since_join = *on,
            What::Add(user, role) => match self.members.get_mut(user) {
                Some(them) => them.role = role.unwrap_or(them.role),
                None => self.join(user, role.unwrap_or(Role::Member)),
            },
            What::Remove(user) => self.leave(user),
        }
    }

    fn me(&mut self, user: &str, change: impl FnOnce(&mut super::Member)) {
        if let Some(me) = self.members.get_mut(user) {
            change(me);
        }
    }
}
