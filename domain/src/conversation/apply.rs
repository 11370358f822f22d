//! How each event changes the state of a conversation. Nothing is validated here: an event in the
//! log is a fact.

use super::access_command::SanctionKind;
use super::access_event::{ConversationPolicyChanged, MemberSanction};
use super::access_state::NoteDigest;
use super::event::{
    ConversationChanged, ConversationCreated, ConversationEvent, MessageSent, Role,
};
use super::session_state::ServiceSessions;
use super::state::{ConversationDetails, Membership, MembershipPeriod};
use super::{Conversation, MAX_RECENT_MESSAGES};
use crate::ids::UserId;
use crate::message::MessageState;

impl Conversation {
    pub(super) fn apply_event(&mut self, event: ConversationEvent) {
        use ConversationEvent as E;
        match event {
            E::ConversationCreated(created) => self.apply_created(created),
            E::ConversationChanged(changed) => self.apply_changed(changed),
            E::MemberAdded(added) => {
                self.access.apply_join(&added.user, added.link.as_ref());
                self.apply_join(added.user, added.role);
            }
            E::MemberRemoved(removed) => self.apply_leave(&removed.user),
            E::MemberRoleChanged(changed) => {
                if let Some(member) = self.members.get_mut(&changed.user) {
                    member.role = changed.role;
                }
            }
            E::MessageSent(sent) => self.apply_sent(&sent),
            E::MessageEdited(ref about) => self.apply_to_message(about.seq, event),
            E::MessageRecalled(ref about) => self.apply_to_message(about.seq, event),
            E::MessageErased(ref about) => self.apply_to_message(about.seq, event),
            E::MessageRestored(ref about) => self.apply_to_message(about.seq, event),
            E::MessagePinned(pin) => self.apply_pinned(pin.seq),
            E::MessageUnpinned(pin) => self.apply_unpinned(pin.seq),
            E::TitleErased(_) => self.apply_title_erased(),
            E::Invited(invited) => self.apply_invited(invited),
            E::InvitationEnded(ended) => {
                self.invitations.remove(&ended.user);
            }
            E::ReactionAdded(ref about) | E::ReactionRemoved(ref about) => {
                self.apply_to_message(about.seq, event);
            }
            E::ConversationPolicyChanged(changed) => self.apply_policy(changed),
            E::MemberSilenced(sanction) => self.apply_sanction(SanctionKind::Silence, sanction),
            E::MemberBanned(sanction) => self.apply_sanction(SanctionKind::Ban, sanction),
            E::MemberUnsilenced(lifted) => {
                self.access.silences.remove(&lifted.user);
            }
            E::MemberUnbanned(lifted) => {
                self.access.bans.remove(&lifted.user);
            }
            E::JoinRequested(requested) => {
                self.note_text(requested.note.is_some());
                let pending = &mut self.access.join_requests;
                let digest = requested.note.as_ref().map(NoteDigest::compute);
                pending.insert(requested.user, digest);
            }
            E::JoinRequestDeclined(declined) => {
                self.access.join_requests.remove(&declined.user);
            }
            E::LinkCreated(created) => self.access.apply_link_created(created),
            E::LinkEnded(ended) => {
                self.access.links.remove(&ended.link);
            }
            E::SessionOpened(_)
            | E::SessionAccepted(_)
            | E::SessionTransferred(_)
            | E::SessionClosed(_)
            | E::SessionNoted(_)
            | E::SessionTagged(_)
            | E::SessionRated(_)
            | E::SessionReminded(_) => self.apply_session(event),
        }
    }

    fn apply_session(&mut self, event: ConversationEvent) {
        use ConversationEvent as E;
        self.note_text(match &event {
            E::SessionOpened(opened) => opened.custom.is_some(),
            E::SessionNoted(noted) => noted.text.is_some(),
            E::SessionRated(rated) => rated.text.is_some(),
            E::SessionClosed(closed) => closed.reason.is_some(),
            _ => false,
        });
        if let E::SessionOpened(opened) = &event {
            self.service
                .get_or_insert_with(|| ServiceSessions::new(opened));
        }
        let Some(service) = &mut self.service else {
            return;
        };
        match event {
            E::SessionOpened(opened) => service.apply_opened(opened),
            E::SessionAccepted(accepted) => service.apply_accepted(accepted),
            E::SessionTransferred(transferred) => service.apply_transferred(transferred),
            E::SessionClosed(closed) => service.apply_closed(closed),
            E::SessionTagged(tagged) => service.apply_tagged(tagged),
            E::SessionRated(rated) => service.apply_rated(&rated.session, rated.score),
            E::SessionReminded(reminded) => service.apply_reminded(&reminded.session),
            _ => {}
        }
    }

    fn apply_created(&mut self, created: ConversationCreated) {
        self.details = Some(ConversationDetails {
            kind: created.kind,
            title: created.title,
            history: created.history,
            title_erased: false,
        });
        for first in created.members {
            self.apply_join(first.user, first.role);
        }
    }

    fn apply_changed(&mut self, changed: ConversationChanged) {
        if let Some(about) = &mut self.details {
            about.title_erased &= changed.title.is_none();
            about.title = changed.title;
            about.history = changed.history;
        }
    }

    fn apply_title_erased(&mut self) {
        if let Some(about) = &mut self.details {
            about.title = None;
            about.title_erased = true;
        }
        self.access.erase_texts();
    }

    fn apply_policy(&mut self, changed: ConversationPolicyChanged) {
        self.note_text(changed.policy.has_text());
        self.access.policy = changed.policy;
    }

    fn apply_sanction(&mut self, kind: SanctionKind, sanction: MemberSanction) {
        self.note_text(sanction.reason.is_some());
        self.access.apply_sanction(kind, sanction);
    }

    /// Records whether there is text again that an erasure of the title would erase.
    fn note_text(&mut self, has_text: bool) {
        if let Some(about) = &mut self.details {
            about.title_erased &= !has_text;
        }
    }

    fn apply_join(&mut self, user: UserId, role: Role) {
        self.invitations.remove(&user);
        self.join_count += 1;
        let member = Membership {
            role,
            stay: self.join_count,
            joined_seq: self.head_seq,
            own_seq: 0,
        };
        self.members.insert(user, member);
    }

    fn apply_leave(&mut self, user: &UserId) {
        let Some((user, member)) = self.members.remove_entry(user) else {
            return;
        };
        if member.joined_seq == self.head_seq {
            return;
        }
        let stays = self.past_periods.entry(user).or_default();
        match stays.last_mut() {
            // No message was sent in between, so the two periods merge. A user who keeps leaving
            // and rejoining does not make the state grow.
            Some(last) if last.until_seq == member.joined_seq => last.until_seq = self.head_seq,
            _ => stays.push(MembershipPeriod {
                after_seq: member.joined_seq,
                until_seq: self.head_seq,
            }),
        }
    }

    fn apply_sent(&mut self, sent: &MessageSent) {
        self.head_seq = sent.seq;
        self.access.apply_sent(&sent.sender, sent.sent_at);
        if let Some(member) = self.members.get_mut(&sent.sender) {
            member.own_seq = sent.seq;
            if let Some(service) = &mut self.service {
                service.apply_message(sent);
            }
        }
        if self.recent_messages.len() == MAX_RECENT_MESSAGES {
            self.recent_messages.pop_front();
        }
        self.recent_messages
            .push_back(MessageState::from_sent(sent));
    }

    /// Applies an event to its message, if that is still among the recent messages.
    fn apply_to_message(&mut self, seq: i64, event: ConversationEvent) {
        if let Some(message) = self
            .recent_index(seq)
            .and_then(|place| self.recent_messages.get_mut(place))
        {
            message.apply(event);
        }
    }
}
