//! Folds the log as the projector does, keeps what counting needs, and counts what has changed.

use std::collections::{HashMap, HashSet};

use domain::conversation::event::{ConversationEvent, HistoryVisibility};
use domain::envelope::Envelope;
use domain::ids::{ConversationId, UserId};
use domain::mailbox::event::MailboxEvent;
use domain::time::Timestamp;

use super::message_list::MessageList;
use super::unread_row::{UnreadGrouping, UnreadRow};
use crate::config::ProjectorConfig;
use crate::decode::{DecodedEvent, EventPayload};
use crate::error::ProjectionError;
use crate::fold::{Fold, conversation_of};
use crate::row_cache::{ConversationState, MemberKey, MemberState};
use crate::rows::BatchRows;
use crate::working_set::WorkingSet;

/// The first and last seq of a membership period: `after < seq <= until`.
type SeqRange = (i64, Option<i64>);

/// What is kept of a conversation besides its row.
#[derive(Debug, Default)]
struct ConversationMessages {
    messages: MessageList,
    /// The membership periods of everyone who was ever a member.
    periods: HashMap<i64, Vec<SeqRange>>,
}

/// The counts of a user, of a conversation or of everything.
#[derive(Debug, Clone, Copy, Default)]
struct UnreadSum {
    unread: i64,
    quiet: i64,
    memberships: i64,
}

/// The state of all conversations and mailboxes, and their unread counts.
pub(super) struct UnreadFold {
    config: ProjectorConfig,
    grouping: UnreadGrouping,
    user: Option<UserId>,
    conversation: Option<ConversationId>,
    working_set: WorkingSet,
    conversations: HashMap<i64, ConversationMessages>,
    /// The last counts of the memberships with unread messages.
    counts: HashMap<MemberKey, UnreadSum>,
    /// The sums of the groups, by user or conversation; of everything, under 0.
    sums: HashMap<i64, UnreadSum>,
    changed_conversations: HashSet<ConversationId>,
    changed_members: HashSet<(ConversationId, UserId)>,
}

impl UnreadFold {
    /// Before the first event.
    pub fn new(
        grouping: UnreadGrouping,
        user: Option<UserId>,
        conversation: Option<ConversationId>,
    ) -> Self {
        Self {
            config: ProjectorConfig::default(),
            grouping,
            user,
            conversation,
            working_set: WorkingSet::default(),
            conversations: HashMap::new(),
            counts: HashMap::new(),
            sums: HashMap::new(),
            changed_conversations: HashSet::new(),
            changed_members: HashSet::new(),
        }
    }

    /// Folds the next events.
    pub fn apply(&mut self, events: &[Envelope]) -> Result<(), ProjectionError> {
        let working_set = std::mem::take(&mut self.working_set);
        // No sync entry is written after the floor, so none is made.
        let mut fold = Fold::new(&self.config, i64::MAX, working_set);
        let mut changed = Vec::with_capacity(events.len());
        for envelope in events {
            let event = DecodedEvent::new(envelope);
            fold.apply(&event)?;
            changed.push(event.payload);
        }
        let Fold {
            working_set, rows, ..
        } = fold;
        self.working_set = working_set;
        self.keep(rows);
        for payload in changed {
            self.mark_changed(payload);
        }
        Ok(())
    }

    /// Keeps what the rows of a batch say of messages and membership periods.
    fn keep(&mut self, rows: BatchRows) {
        for message in rows.messages {
            let kept = self.conversations.entry(message.key.0).or_default();
            kept.messages
                .push(message.sender, message.kind.is_countable());
        }
        for ((conversation, seq), changes) in rows.recalls {
            let kept = self.conversations.entry(conversation).or_default();
            match changes.last() {
                Some((_, true)) => kept.messages.recall(seq),
                Some((_, false)) => kept.messages.restore(seq),
                None => {}
            }
        }
        for ended in rows.ended_periods {
            let kept = self.conversations.entry(ended.key.0).or_default();
            if let Some(period) = kept.periods.entry(ended.key.1).or_default().last_mut() {
                period.1 = Some(ended.until_seq);
            }
        }
        for begun in rows.membership_periods {
            let kept = self.conversations.entry(begun.key.0).or_default();
            let periods = kept.periods.entry(begun.key.1).or_default();
            periods.push((begun.after_seq, begun.until_seq));
        }
    }

    /// Remembers whose counts an event can have changed.
    fn mark_changed(&mut self, payload: EventPayload) {
        use ConversationEvent as E;
        match payload {
            EventPayload::Conversation(
                _,
                E::MessageEdited(_)
                | E::ReactionAdded(_)
                | E::ReactionRemoved(_)
                | E::MemberRoleChanged(_)
                | E::MessagePinned(_)
                | E::MessageUnpinned(_)
                | E::TitleErased(_)
                | E::ConversationPolicyChanged(_)
                | E::MemberSilenced(_)
                | E::MemberUnsilenced(_)
                | E::MemberBanned(_)
                | E::MemberUnbanned(_)
                | E::JoinRequested(_)
                | E::JoinRequestDeclined(_)
                | E::LinkCreated(_)
                | E::LinkEnded(_)
                | E::Invited(_)
                | E::InvitationEnded(_)
                | E::SessionOpened(_)
                | E::SessionAccepted(_)
                | E::SessionTransferred(_)
                | E::SessionClosed(_)
                | E::SessionNoted(_)
                | E::SessionTagged(_)
                | E::SessionRated(_)
                | E::SessionReminded(_),
            )
            | EventPayload::Unprojected
            | EventPayload::Profile(..)
            | EventPayload::Case(..)
            | EventPayload::File(..)
            | EventPayload::Desk(..)
            | EventPayload::Unreadable(_) => {}
            EventPayload::Conversation(id, _) => {
                self.changed_conversations.insert(id);
            }
            EventPayload::Mailbox(owner, event) => self.mark_member_changed(owner, &event),
        }
    }

    fn mark_member_changed(&mut self, owner: UserId, event: &MailboxEvent) {
        if let Some(conversation) = conversation_of(event) {
            self.changed_members.insert((conversation.clone(), owner));
        }
    }

    /// The rows for the state so far, in the order of names.
    pub fn rows(&mut self, from: Timestamp, position: i64) -> Vec<UnreadRow> {
        self.update_counts();
        let row = |sum: UnreadSum| UnreadRow {
            from,
            position,
            user: None,
            conversation_id: None,
            unread: sum.unread,
            quiet: sum.quiet,
            memberships: sum.memberships,
        };
        let sum_of = |id: i64| self.sums.get(&id).copied().map(row);
        let mut rows: Vec<UnreadRow> = match self.grouping {
            UnreadGrouping::All => vec![row(self.sums.get(&0).copied().unwrap_or_default())],
            UnreadGrouping::User => {
                let users = self.working_set.users.iter();
                let named = users.filter_map(|(name, user)| {
                    let user_name = Some(name.as_str().to_owned());
                    sum_of(user.row.id).map(|row| UnreadRow {
                        user: user_name,
                        ..row
                    })
                });
                named.collect()
            }
            UnreadGrouping::Conversation => {
                let conversations = self.working_set.conversations.iter();
                let named = conversations.filter_map(|(name, conversation)| {
                    let conversation_id = Some(name.as_str().to_owned());
                    sum_of(conversation.row.id).map(|row| UnreadRow {
                        conversation_id,
                        ..row
                    })
                });
                named.collect()
            }
        };
        rows.sort_by(|a, b| (&a.user, &a.conversation_id).cmp(&(&b.user, &b.conversation_id)));
        rows
    }

    /// Counts again what has changed since the last rows.
    fn update_counts(&mut self) {
        let members = std::mem::take(&mut self.changed_members);
        let conversations = std::mem::take(&mut self.changed_conversations);
        for name in &conversations {
            let Some(id) = self.selected_conversation(name) else {
                continue;
            };
            let kept = self.conversations.get(&id);
            let users: Vec<i64> = kept
                .map(|kept| kept.periods.keys().copied().collect())
                .unwrap_or_default();
            for user in users {
                self.update_member(name, (id, user));
            }
        }
        for (name, owner) in &members {
            let user = self.working_set.users.get(owner).map(|user| user.row.id);
            if conversations.contains(name) {
                continue;
            }
            if let (Some(id), Some(user)) = (self.selected_conversation(name), user) {
                self.update_member(name, (id, user));
            }
        }
    }

    /// The number of a conversation, if it exists and is counted.
    fn selected_conversation(&self, name: &ConversationId) -> Option<i64> {
        if self.conversation.as_ref().is_some_and(|only| only != name) {
            return None;
        }
        let conversation = self.working_set.conversations.get(name)?;
        Some(conversation.row.id)
    }

    /// Whether the counts of a user are counted.
    fn selects_user(&self, user: i64) -> bool {
        self.user.as_ref().is_none_or(|only| {
            let only = self.working_set.users.get(only);
            only.is_some_and(|only| only.row.id == user)
        })
    }

    fn update_member(&mut self, name: &ConversationId, key: MemberKey) {
        if !self.selects_user(key.1) {
            return;
        }
        let count = self.count_unread(name, key).unwrap_or_default();
        let before = self.counts.remove(&key).unwrap_or_default();
        if count.memberships > 0 {
            self.counts.insert(key, count);
        }
        let group = match self.grouping {
            UnreadGrouping::All => 0,
            UnreadGrouping::User => key.1,
            UnreadGrouping::Conversation => key.0,
        };
        let sum = self.sums.entry(group).or_default();
        sum.unread += count.unread - before.unread;
        sum.quiet += count.quiet - before.quiet;
        sum.memberships += count.memberships - before.memberships;
        if sum.memberships == 0 {
            self.sums.remove(&group);
        }
    }

    /// The unread count of a current member; `None` for everyone else.
    fn count_unread(&self, name: &ConversationId, key: MemberKey) -> Option<UnreadSum> {
        let member = &self.working_set.members.get(&key)?.row;
        let conversation = &self.working_set.conversations.get(name)?.row;
        let kept = self.conversations.get(&key.0)?;
        if !member.present {
            return None;
        }
        let unread = count_visible(kept, conversation, member, key.1);
        let is_quiet = member.muted || member.archived;
        Some(UnreadSum {
            unread: if is_quiet { 0 } else { unread },
            quiet: if is_quiet { unread } else { 0 },
            memberships: i64::from(unread > 0),
        })
    }
}

/// The rule of `read_model::unread_count!`: in each window that the member can see, the messages
/// after the read mark that count for the member.
fn count_visible(
    kept: &ConversationMessages,
    conversation: &ConversationState,
    member: &MemberState,
    user: i64,
) -> i64 {
    let head = conversation.head_seq;
    let count = |after: i64, until: i64| {
        let mark = after.max(member.read_seq).max(member.cleared_seq);
        kept.messages.count(mark, until, user, member.own_seq)
    };
    if conversation.history == HistoryVisibility::All {
        return count(0, head);
    }
    let periods = kept.periods.get(&user).into_iter().flatten();
    periods
        .map(|(after, until)| count(*after, until.unwrap_or(head)))
        .sum()
}
