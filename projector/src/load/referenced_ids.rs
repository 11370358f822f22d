//! Collects the users, conversations and memberships that a batch refers to.

use std::collections::HashSet;

use domain::conversation::event::ConversationEvent;
use domain::ids::{ConversationId, UserId};
use domain::mailbox::event::MailboxEvent;

use crate::decode::EventPayload;
use crate::fold::{contact_of, conversation_of};

/// The users, conversations and memberships that a batch refers to.
#[derive(Default)]
pub(super) struct ReferencedIds<'a> {
    pub users: HashSet<&'a UserId>,
    pub conversations: HashSet<&'a ConversationId>,
    pub members: HashSet<(&'a ConversationId, &'a UserId)>,
    pub profiles: HashSet<&'a UserId>,
    /// Pairs of users whose fold depends on blocks and requests between them.
    pub pairs: HashSet<(&'a UserId, &'a UserId)>,
}

impl<'a> ReferencedIds<'a> {
    pub fn add_event(&mut self, fact: &'a EventPayload) {
        match fact {
            EventPayload::Conversation(id, event) => self.add_conversation_event(id, event),
            EventPayload::Mailbox(owner, event) => self.add_mailbox_event(owner, event),
            EventPayload::Profile(user, _) => {
                self.users.insert(user);
                self.profiles.insert(user);
            }
            EventPayload::Case(..)
            | EventPayload::File(..)
            | EventPayload::Desk(..)
            | EventPayload::Unprojected
            | EventPayload::Unreadable(_) => {}
        }
    }

    fn add_conversation_event(&mut self, id: &'a ConversationId, event: &'a ConversationEvent) {
        use ConversationEvent as E;
        self.conversations.insert(id);
        match event {
            E::ConversationCreated(created) => {
                self.users
                    .extend(created.members.iter().map(|first| &first.user));
            }
            E::MemberAdded(added) => self.add_member(id, &added.user),
            E::MemberRemoved(removed) => self.add_member(id, &removed.user),
            E::MemberRoleChanged(changed) => self.add_member(id, &changed.user),
            E::MessageSent(sent) => self.add_member(id, &sent.sender),
            E::ReactionAdded(reaction) | E::ReactionRemoved(reaction) => {
                self.users.insert(&reaction.user);
            }
            E::ConversationChanged(_)
            | E::MessageEdited(_)
            | E::MessageRecalled(_)
            | E::MessageErased(_)
            | E::MessageRestored(_)
            | E::MessagePinned(_)
            | E::MessageUnpinned(_)
            | E::TitleErased(_)
            | E::ConversationPolicyChanged(_)
            | E::LinkCreated(_)
            | E::LinkEnded(_)
            | E::SessionOpened(_)
            | E::SessionAccepted(_)
            | E::SessionTransferred(_)
            | E::SessionClosed(_)
            | E::SessionNoted(_)
            | E::SessionTagged(_)
            | E::SessionRated(_) => {}
            E::SessionReminded(reminded) => self.users.extend(&reminded.agents),
            E::MemberSilenced(sanction) | E::MemberBanned(sanction) => {
                self.users.insert(&sanction.user);
            }
            E::MemberUnsilenced(lifted) | E::MemberUnbanned(lifted) => {
                self.users.insert(&lifted.user);
            }
            E::JoinRequested(requested) => {
                self.users.insert(&requested.user);
                self.users.extend(&requested.admins);
            }
            E::JoinRequestDeclined(declined) => {
                self.users.insert(&declined.user);
                self.users.extend(&declined.admins);
            }
            E::Invited(invited) => self.add_invitation(&invited.user, &invited.by),
            E::InvitationEnded(ended) => self.add_invitation(&ended.user, &ended.invited_by),
        }
    }

    fn add_mailbox_event(&mut self, owner: &'a UserId, event: &'a MailboxEvent) {
        self.users.insert(owner);
        if let Some(id) = conversation_of(event) {
            self.conversations.insert(id);
            self.add_member(id, owner);
        }
        if let MailboxEvent::UserBlocked(about) | MailboxEvent::UserUnblocked(about) = event {
            self.users.insert(&about.user);
        }
        if let Some(other) = contact_of(event) {
            self.users.insert(other);
            self.pairs.extend([(owner, other), (other, owner)]);
        }
    }

    fn add_invitation(&mut self, user: &'a UserId, inviter: &'a UserId) {
        self.users.extend([user, inviter]);
        self.pairs.insert((user, inviter));
    }

    fn add_member(&mut self, id: &'a ConversationId, user: &'a UserId) {
        self.users.insert(user);
        self.members.insert((id, user));
    }
}
