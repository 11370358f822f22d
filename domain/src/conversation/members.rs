//! Rules for adding and removing members and for changing roles.

use super::command::{AddMembers, RemoveMember};
use super::event::{
    ConversationEvent, ConversationKind, MemberAdded, MemberRemoved, MemberRoleChanged, Role,
};
use super::state::Membership;
use super::{Conversation, deduplicate};
use crate::ids::UserId;
use crate::limits::Limits;
use crate::refusal::Refusal;

impl Conversation {
    pub(super) fn add_members(
        &self,
        add: AddMembers,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let AddMembers {
            users,
            role,
            by,
            now,
        } = add;
        let caller =
            self.require_group_member(&by, "users", "Users cannot join a direct conversation.")?;
        if caller.role < Role::Admin {
            return Err(Refusal::forbidden(
                "Only the owner and admins can add members and assign roles.",
            ));
        }
        if role == Some(Role::Owner) {
            return Err(Refusal::invalid(
                "role",
                "The role must be member or admin.",
            ));
        }
        let users = deduplicate(users);
        check_user_count("users", users.len(), limits)?;
        let mut events = Vec::with_capacity(users.len());
        let mut newcomers = 0;
        for user in users {
            if let Some(member) = self.members.get(&user) {
                if let Some(role) = role.filter(|role| *role != member.role) {
                    check_role_change(caller.role, member.role)?;
                    let changed = MemberRoleChanged {
                        user,
                        role,
                        by: by.clone(),
                    };
                    events.push(ConversationEvent::MemberRoleChanged(changed));
                }
            } else {
                self.access.check_not_banned(&user, now)?;
                newcomers += 1;
                let added = MemberAdded {
                    user,
                    role: role.unwrap_or_default(),
                    by: by.clone(),
                    joined_at: None,
                    link: None,
                };
                events.push(ConversationEvent::MemberAdded(added));
            }
        }
        if newcomers > 0 {
            check_group_size("users", self.members.len() + newcomers, limits)?;
        }
        Ok(events)
    }

    pub(super) fn remove_member(
        &self,
        remove: RemoveMember,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let RemoveMember { user, by } = remove;
        let caller =
            self.require_group_member(&by, "user", "Users cannot leave a direct conversation.")?;
        if user == by {
            return Ok(self.removal(&user, &by, caller.role));
        }
        if caller.role < Role::Admin {
            return Err(Refusal::forbidden(
                "Only the owner and admins can remove other members.",
            ));
        }
        match self.role_of(&user) {
            None => Ok(vec![]),
            Some(Role::Owner) => Err(Refusal::forbidden("The owner cannot be removed.")),
            Some(Role::Member | Role::Admin) => {
                Ok(vec![ConversationEvent::MemberRemoved(MemberRemoved {
                    user,
                    by,
                })])
            }
        }
    }

    /// The events of the end of a membership, including the succession if it is that of the owner.
    pub(super) fn removal(&self, user: &UserId, by: &UserId, role: Role) -> Vec<ConversationEvent> {
        let successor = if role == Role::Owner {
            self.find_successor(user)
        } else {
            None
        };
        let succession = successor.map(|successor| MemberRoleChanged {
            user: successor.clone(),
            role: Role::Owner,
            by: by.clone(),
        });
        let left = MemberRemoved {
            user: user.clone(),
            by: by.clone(),
        };
        std::iter::once(ConversationEvent::MemberRemoved(left))
            .chain(succession.map(ConversationEvent::MemberRoleChanged))
            .collect()
    }

    /// Finds the successor of the owner: the admin, or else the member, whose current membership
    /// period began first.
    fn find_successor(&self, owner: &UserId) -> Option<&UserId> {
        self.members
            .iter()
            .filter(|(user, _)| *user != owner)
            .min_by_key(|(_, member)| (member.role != Role::Admin, member.stay))
            .map(|(user, _)| user)
    }

    /// Returns the caller's membership of a group. Refuses a direct conversation with `detail`,
    /// because its members are fixed.
    fn require_group_member(
        &self,
        by: &UserId,
        field: &'static str,
        detail: &str,
    ) -> Result<&Membership, Refusal> {
        let (about, caller) = self.require_member(by)?;
        match about.kind {
            ConversationKind::Group => Ok(caller),
            ConversationKind::Direct => Err(Refusal::invalid(field, detail)),
            ConversationKind::Desk => Err(Refusal::forbidden(
                "Members of a conversation with a desk come and go with its sessions.",
            )),
        }
    }
}

/// Checks that a caller, who is at least an admin, may change the role of a member with the role
/// `present`.
fn check_role_change(caller: Role, present: Role) -> Result<(), Refusal> {
    match present {
        Role::Owner => Err(Refusal::invalid(
            "role",
            "The owner's role changes only when the owner leaves.",
        )),
        Role::Admin if caller != Role::Owner => {
            Err(Refusal::forbidden("Only the owner can demote an admin."))
        }
        Role::Admin | Role::Member => Ok(()),
    }
}

/// Checks the number of users that one command names.
pub(super) fn check_user_count(
    field: &'static str,
    named: usize,
    limits: &Limits,
) -> Result<(), Refusal> {
    let most = limits.users_per_command;
    if named > most {
        return Err(Refusal::invalid(
            field,
            format!("The command names {named} users; at most {most} are allowed."),
        ));
    }
    Ok(())
}

/// Checks the number of members that a group would have.
pub(super) fn check_group_size(
    field: &'static str,
    members: usize,
    limits: &Limits,
) -> Result<(), Refusal> {
    let most = limits.group_members;
    if members > most {
        return Err(Refusal::invalid(
            field,
            format!("The group would have {members} members; at most {most} are allowed."),
        ));
    }
    Ok(())
}
