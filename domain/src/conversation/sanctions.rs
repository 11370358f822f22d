//! Rules for silencing and banning users.

use super::Conversation;
use super::access_command::{LiftSanction, SanctionKind, SanctionUser};
use super::access_event::{MemberSanction, SanctionLifted};
use super::access_state::SanctionState;
use super::event::{ConversationEvent, ConversationKind, InvitationOutcome, Role};
use crate::ids::UserId;
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::time::Timestamp;

impl Conversation {
    /// Silences or bans a user, who need not be a member: a user who has left can come back.
    pub(super) fn sanction(
        &self,
        sanction: SanctionUser,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let SanctionUser {
            kind,
            user,
            until,
            reason,
            by,
            by_moderator,
            now,
        } = sanction;
        self.check_may_sanction(&user, &by, by_moderator)?;
        if kind == SanctionKind::Ban && self.kind() != Some(ConversationKind::Group) {
            return Err(Refusal::invalid(
                "user",
                "Users can be banned from groups only. Silence the user instead.",
            ));
        }
        if until.is_some_and(|until| until <= now) {
            return Err(Refusal::invalid(
                "until",
                "Expected a time in the future, or null for a sanction that does not end by itself.",
            ));
        }
        let known = self.access.sanctions(kind);
        let state = SanctionState { until, reason };
        if known.get(&user) == Some(&state) {
            return Ok(vec![]);
        }
        let mut events = Vec::new();
        if !known.contains_key(&user) && known.len() >= limits.sanctions {
            events = self.end_expired(kind, &by, now, limits)?;
        }
        if kind == SanctionKind::Ban
            && let Some(role) = self.role_of(&user)
        {
            events.extend(self.removal(&user, &by, role));
        }
        if kind == SanctionKind::Ban {
            let outcome = InvitationOutcome::Withdrawn;
            events.extend(self.end_invitation(user.clone(), outcome, by.clone()));
        }
        let SanctionState { until, reason } = state;
        let data = MemberSanction {
            user,
            until,
            reason,
            by,
        };
        events.push(match kind {
            SanctionKind::Silence => ConversationEvent::MemberSilenced(data),
            SanctionKind::Ban => ConversationEvent::MemberBanned(data),
        });
        Ok(events)
    }

    /// Lifts a silence or a ban. The user does not become a member again.
    pub(super) fn lift_sanction(
        &self,
        lift: LiftSanction,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let LiftSanction {
            kind,
            user,
            by,
            by_moderator,
            now,
        } = lift;
        self.check_may_sanction(&user, &by, by_moderator)?;
        match self.access.sanction_in_force(kind, &user, now) {
            Some(_) => Ok(vec![lifted(kind, user, by)]),
            None => Ok(vec![]),
        }
    }

    /// Whether a user is silenced at this time, at least until another one.
    pub fn is_silenced_until(&self, user: &UserId, until: Timestamp, now: Timestamp) -> bool {
        let silence = self
            .access
            .sanction_in_force(SanctionKind::Silence, user, now);
        silence.is_some_and(|silence| silence.until.is_none_or(|end| end >= until))
    }

    /// Moderators may sanction everybody, the owner everybody else, and admins members and users
    /// who are not members.
    fn check_may_sanction(
        &self,
        user: &UserId,
        by: &UserId,
        by_moderator: bool,
    ) -> Result<(), Refusal> {
        if by_moderator && self.exists() {
            return Ok(());
        }
        let (_, caller) = self.require_member(by)?;
        if caller.role < Role::Admin {
            return Err(Refusal::forbidden(
                "Only the owner, admins and moderators can silence and ban users.",
            ));
        }
        match self.role_of(user) {
            Some(Role::Owner) => Err(Refusal::forbidden(
                "Only a moderator can silence or ban the owner.",
            )),
            Some(Role::Admin) if caller.role < Role::Owner => Err(Refusal::forbidden(
                "Only the owner and moderators can silence or ban an admin.",
            )),
            _ => Ok(()),
        }
    }

    /// Makes room by lifting those that have ended by themselves, or refuses if there are none.
    fn end_expired(
        &self,
        kind: SanctionKind,
        by: &UserId,
        now: Timestamp,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let known = self.access.sanctions(kind).iter();
        let expired = known.filter(|(_, sanction)| !sanction.is_in_force(now));
        let events: Vec<_> = expired
            .map(|(user, _)| lifted(kind, user.clone(), by.clone()))
            .collect();
        if events.is_empty() {
            let most = limits.sanctions;
            return Err(Refusal::rule_violation(
                "too_many_sanctions",
                format!("A conversation can have at most {most} of these; lift some first."),
            ));
        }
        Ok(events)
    }
}

fn lifted(kind: SanctionKind, user: UserId, by: UserId) -> ConversationEvent {
    let data = SanctionLifted { user, by };
    match kind {
        SanctionKind::Silence => ConversationEvent::MemberUnsilenced(data),
        SanctionKind::Ban => ConversationEvent::MemberUnbanned(data),
    }
}
