//! Rules for joining: by the id of an open group, by a request that the owner or an admin admits,
//! and by a link.

use super::Conversation;
use super::access_command::{
    AccessCommand, CreateLink, EndLink, JoinByLink, JoinConversation, JoinDecision,
};
use super::access_event::{JoinRequestDeclined, JoinRequested, LinkCreated, LinkEnded};
use super::access_state::NoteDigest;
use super::event::{ConversationEvent, ConversationKind, MemberAdded, Role};
use super::members::check_group_size;
use super::settings::JoinPolicy;
use crate::ids::UserId;
use crate::limits::Limits;
use crate::link_code::LinkId;
use crate::refusal::Refusal;

/// How many of the owner and admins learn of a join request. The others see it in the list.
pub const MAX_NOTIFIED_ADMINS: usize = 100;

impl Conversation {
    pub(super) fn decide_access(
        &self,
        command: AccessCommand,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        match command {
            AccessCommand::Join(join) => self.join(join, limits),
            AccessCommand::Admit(admit) => self.admit(admit, limits),
            AccessCommand::Decline(decline) => self.decline(decline),
            AccessCommand::CreateLink(create) => self.create_link(create, limits),
            AccessCommand::EndLink(end) => self.end_link(end),
            AccessCommand::JoinByLink(join) => self.join_by_link(join, limits),
            AccessCommand::Sanction(sanction) => self.sanction(sanction, limits),
            AccessCommand::Lift(lift) => self.lift_sanction(lift),
        }
    }

    /// Joins, or asks to join. Anyone who has the id may know of a group that lets users do that;
    /// of any other, only its members know.
    fn join(
        &self,
        join: JoinConversation,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let JoinConversation { user, note, now } = join;
        if self.is_member(&user) {
            return Ok(vec![]);
        }
        let policy = self.access.policy.join;
        if self.kind() != Some(ConversationKind::Group) || policy == JoinPolicy::Added {
            return Err(Refusal::not_found());
        }
        self.access.check_not_banned(&user, now)?;
        if policy == JoinPolicy::Open {
            let by = user.clone();
            return self.add_newcomer(user, by, None, limits);
        }
        let pending = &self.access.join_requests;
        match pending.get(&user) {
            Some(earlier) if *earlier == note.as_ref().map(NoteDigest::compute) => {
                return Ok(vec![]);
            }
            None if pending.len() >= limits.join_requests => {
                let most = limits.join_requests;
                return Err(Refusal::rule_violation(
                    "too_many_join_requests",
                    format!("The group already has {most} join requests; try again later."),
                ));
            }
            _ => {}
        }
        let requested = JoinRequested {
            user,
            note,
            admins: self.notified_admins(),
        };
        Ok(vec![ConversationEvent::JoinRequested(requested)])
    }

    fn admit(
        &self,
        admit: JoinDecision,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let JoinDecision { user, by, now } = admit;
        self.require_admin(&by, "Only the owner and admins can admit users.")?;
        if self.is_member(&user) {
            return Ok(vec![]);
        }
        if !self.access.join_requests.contains_key(&user) {
            return Err(Refusal::not_found());
        }
        self.access.check_not_banned(&user, now)?;
        self.add_newcomer(user, by, None, limits)
    }

    fn decline(&self, decline: JoinDecision) -> Result<Vec<ConversationEvent>, Refusal> {
        let JoinDecision { user, by, .. } = decline;
        let is_pending = self.access.join_requests.contains_key(&user);
        if !(is_pending && user == by) {
            self.require_admin(&by, "Only the owner and admins can decline join requests.")?;
        }
        if !is_pending {
            return Ok(vec![]);
        }
        let declined = JoinRequestDeclined {
            user,
            by,
            admins: self.notified_admins(),
        };
        Ok(vec![ConversationEvent::JoinRequestDeclined(declined)])
    }

    /// The owner and admins who learn of a join request.
    fn notified_admins(&self) -> Vec<UserId> {
        let members = self.members.iter();
        let admins = members.filter(|(_, member)| member.role >= Role::Admin);
        let mut admins: Vec<(Role, &UserId)> =
            admins.map(|(user, member)| (member.role, user)).collect();
        // The owner comes first.
        admins.sort_by(|(role, user), (other_role, other)| {
            other_role.cmp(role).then_with(|| user.cmp(other))
        });
        let notified = admins.into_iter().take(MAX_NOTIFIED_ADMINS);
        notified.map(|(_, user)| user.clone()).collect()
    }

    fn create_link(
        &self,
        create: CreateLink,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let CreateLink {
            link,
            max_uses,
            expires_at,
            by,
            now,
        } = create;
        self.require_admin(&by, "Only the owner and admins can create links.")?;
        let links = &self.access.links;
        let mut events = Vec::new();
        if links.len() >= limits.links {
            let over = links.iter().filter(|(_, link)| !link.is_live(now));
            events.extend(over.map(|(link, _)| link_ended(link.clone(), by.clone())));
            if events.is_empty() {
                let most = limits.links;
                return Err(Refusal::rule_violation(
                    "too_many_links",
                    format!("The group already has {most} links; end one first."),
                ));
            }
        }
        events.push(ConversationEvent::LinkCreated(LinkCreated {
            link,
            max_uses,
            expires_at,
            by,
        }));
        Ok(events)
    }

    fn end_link(&self, end: EndLink) -> Result<Vec<ConversationEvent>, Refusal> {
        let EndLink { link, by } = end;
        self.require_admin(&by, "Only the owner and admins can end links.")?;
        if self.access.links.contains_key(&link) {
            Ok(vec![link_ended(link, by)])
        } else {
            Ok(vec![])
        }
    }

    /// Joins by a link. Concurrent users of the last use are decided one after the other, so there
    /// are never more members by a link than its `max_uses`.
    fn join_by_link(
        &self,
        join: JoinByLink,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let JoinByLink { link, user, now } = join;
        if self.is_member(&user) {
            return Ok(vec![]);
        }
        let known = self.access.links.get(&link);
        if !known.is_some_and(|link| link.is_live(now)) {
            return Err(Refusal::not_found());
        }
        self.access.check_not_banned(&user, now)?;
        let by = user.clone();
        self.add_newcomer(user, by, Some(link), limits)
    }

    /// Adds a user who is not a member.
    fn add_newcomer(
        &self,
        user: UserId,
        by: UserId,
        link: Option<LinkId>,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        check_group_size("user", self.members.len() + 1, limits)?;
        // Every group with members has an owner.
        let role = if self.members.is_empty() {
            Role::Owner
        } else {
            Role::Member
        };
        Ok(vec![ConversationEvent::MemberAdded(MemberAdded {
            user,
            role,
            by,
            joined_at: None,
            link,
        })])
    }

    /// Refuses a caller who is not the owner or an admin of this group.
    fn require_admin(&self, by: &UserId, detail: &str) -> Result<(), Refusal> {
        let (about, caller) = self.require_member(by)?;
        if about.kind != ConversationKind::Group {
            return Err(Refusal::invalid(
                "conversation",
                "Users can join groups only.",
            ));
        }
        if caller.role < Role::Admin {
            return Err(Refusal::forbidden(detail));
        }
        Ok(())
    }
}

fn link_ended(link: LinkId, by: UserId) -> ConversationEvent {
    ConversationEvent::LinkEnded(LinkEnded { link, by })
}
