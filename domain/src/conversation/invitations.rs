//! Rules for consent: who must be asked before they become a member, and how they answer.

use super::command::{AddMembers, CreateConversation, InvitationCommand};
use super::event::{
    ConversationEvent, ConversationKind, InvitationEnded, InvitationOutcome, Invited, MemberAdded,
    Role,
};
use super::invitation_command::{AcceptInvitation, UsersToAsk, WithdrawInvitation};
use super::members::{check_group_size, check_user_count};
use super::state::InvitationState;
use super::{Conversation, deduplicate};
use crate::ids::UserId;
use crate::limits::Limits;
use crate::refusal::Refusal;

impl Conversation {
    /// The user who invited this user; `None` without an invitation.
    pub fn inviter_of(&self, user: &UserId) -> Option<&UserId> {
        self.invitations.get(user).map(|invitation| &invitation.by)
    }

    pub(super) fn decide_invitation(
        &self,
        command: InvitationCommand,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        match command {
            InvitationCommand::Create(create, to_ask) => {
                self.create_with_consent(create, &to_ask, limits)
            }
            InvitationCommand::AddMembers(add, to_ask) => {
                self.add_members_with_consent(add, &to_ask, limits)
            }
            InvitationCommand::Accept(accept) => self.accept(accept, limits),
            InvitationCommand::Decline(user) => {
                let by = user.clone();
                Ok(self.end_invitation(user, InvitationOutcome::Declined, by))
            }
            InvitationCommand::Withdraw(withdraw) => self.withdraw(withdraw),
        }
    }

    fn create_with_consent(
        &self,
        create: CreateConversation,
        to_ask: &UsersToAsk,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        if create.kind == ConversationKind::Direct {
            let events = self.create(create, limits)?;
            // An existing conversation continues.
            return if events.is_empty() || to_ask.is_empty() {
                Ok(events)
            } else {
                Err(Refusal::not_a_contact())
            };
        }
        let by = create.by.clone();
        let mut others = deduplicate(create.members);
        others.retain(|user| *user != by);
        check_user_count("members", others.len(), limits)?;
        let (asked, members): (Vec<UserId>, Vec<UserId>) =
            others.into_iter().partition(|user| to_ask.contains(user));
        let mut events = self.create(CreateConversation { members, ..create }, limits)?;
        events.extend(self.invite(asked, Role::Member, &by, "members", limits)?);
        Ok(events)
    }

    fn add_members_with_consent(
        &self,
        add: AddMembers,
        to_ask: &UsersToAsk,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let (by, role, now) = (add.by.clone(), add.role.unwrap_or_default(), add.now);
        let named = deduplicate(add.users);
        let count = named.len();
        let (asked, users): (Vec<UserId>, Vec<UserId>) = named
            .into_iter()
            .partition(|user| to_ask.contains(user) && !self.is_member(user));
        let events = self.add_members(AddMembers { users, ..add }, limits)?;
        check_user_count("users", count, limits)?;
        for user in &asked {
            self.access.check_not_banned(user, now)?;
        }
        let mut events = self.end_invitations_of_joining(events);
        events.extend(self.invite(asked, role, &by, "users", limits)?);
        Ok(events)
    }

    /// Invites those who have no invitation yet.
    fn invite(
        &self,
        users: Vec<UserId>,
        role: Role,
        by: &UserId,
        field: &'static str,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let is_new = |user: &UserId| !self.invitations.contains_key(user);
        let users: Vec<UserId> = users.into_iter().filter(is_new).collect();
        let most = limits.invitations;
        if !users.is_empty() && self.invitations.len() + users.len() > most {
            return Err(Refusal::invalid(
                field,
                format!(
                    "The group would have {} invitations; at most {most} are allowed.",
                    self.invitations.len() + users.len()
                ),
            ));
        }
        let invited = |user| {
            let by = by.clone();
            ConversationEvent::Invited(Invited { user, role, by })
        };
        Ok(users.into_iter().map(invited).collect())
    }

    /// Puts the end of an invitation before each user who joins.
    pub(super) fn end_invitations_of_joining(
        &self,
        events: Vec<ConversationEvent>,
    ) -> Vec<ConversationEvent> {
        let mut all = Vec::with_capacity(events.len());
        for event in events {
            if let ConversationEvent::MemberAdded(added) = &event {
                let (user, by) = (added.user.clone(), added.by.clone());
                all.extend(self.end_invitation(user, InvitationOutcome::Joined, by));
            }
            all.push(event);
        }
        all
    }

    /// Joins with the role of the invitation. To a user who blocks the inviter, the invitation does
    /// not exist.
    fn accept(
        &self,
        accept: AcceptInvitation,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let AcceptInvitation {
            user,
            blocks_inviter,
            now,
        } = accept;
        if self.is_member(&user) {
            return Ok(vec![]);
        }
        let invitation = self.invitations.get(&user).filter(|_| !blocks_inviter);
        let invitation = invitation.ok_or_else(Refusal::not_found)?;
        self.access.check_not_banned(&user, now)?;
        check_group_size("invitation", self.members.len() + 1, limits)?;
        // Every group with members has an owner.
        let role = if self.members.is_empty() {
            Role::Owner
        } else {
            invitation.role
        };
        let by = user.clone();
        let added = ConversationEvent::MemberAdded(MemberAdded {
            user,
            role,
            by,
            joined_at: None,
            link: None,
        });
        Ok(self.end_invitations_of_joining(vec![added]))
    }

    fn withdraw(&self, withdraw: WithdrawInvitation) -> Result<Vec<ConversationEvent>, Refusal> {
        let WithdrawInvitation { user, by } = withdraw;
        let (_, caller) = self.require_member(&by)?;
        if caller.role < Role::Admin {
            return Err(Refusal::forbidden(
                "Only the owner and admins can withdraw invitations.",
            ));
        }
        Ok(self.end_invitation(user, InvitationOutcome::Withdrawn, by))
    }

    pub(super) fn end_invitation(
        &self,
        user: UserId,
        outcome: InvitationOutcome,
        by: UserId,
    ) -> Vec<ConversationEvent> {
        let ended = self.inviter_of(&user).map(|inviter| InvitationEnded {
            invited_by: inviter.clone(),
            user,
            outcome,
            by,
        });
        let ended = ended.map(ConversationEvent::InvitationEnded);
        ended.into_iter().collect()
    }

    pub(super) fn apply_invited(&mut self, invited: Invited) {
        let Invited { user, role, by } = invited;
        self.invitations.insert(user, InvitationState { role, by });
    }
}
