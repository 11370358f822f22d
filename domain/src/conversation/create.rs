//! Rules for creating a conversation and for changing its title, history visibility and policy.

use super::access_event::ConversationPolicyChanged;
use super::command::{ChangeConversation, CreateConversation};
use super::event::{
    ConversationChanged, ConversationCreated, ConversationEvent, ConversationKind,
    HistoryVisibility, InitialMember, Role,
};
use super::policy::{ActingMember, MemberAction};
use super::{Conversation, deduplicate, members};
use crate::ids::UserId;
use crate::limits::Limits;
use crate::refusal::Refusal;

impl Conversation {
    pub(super) fn create(
        &self,
        create: CreateConversation,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let CreateConversation {
            kind,
            title,
            members,
            by,
            blocked,
            created_at,
        } = create;
        let mut others = deduplicate(members);
        others.retain(|user| *user != by);
        match kind {
            ConversationKind::Desk => return Err(begins_with_a_session()),
            ConversationKind::Direct => {
                let other = find_direct_peer(&by, &others)?;
                if title.is_some() {
                    return Err(Refusal::invalid(
                        "title",
                        "A direct conversation cannot have a title.",
                    ));
                }
                if self.exists() {
                    return self.find_existing_direct(&by, other);
                }
                if blocked {
                    return Err(Refusal::blocked());
                }
            }
            ConversationKind::Group => {
                if self.exists() {
                    return Err(Refusal::conflict(
                        "A conversation with this id already exists.",
                    ));
                }
                members::check_user_count("members", others.len(), limits)?;
                members::check_group_size("members", others.len() + 1, limits)?;
            }
        }
        let creator = match kind {
            ConversationKind::Direct | ConversationKind::Desk => Role::Member,
            ConversationKind::Group => Role::Owner,
        };
        let first = InitialMember {
            user: by.clone(),
            role: creator,
        };
        let rest = others.into_iter().map(|user| InitialMember {
            user,
            role: Role::Member,
        });
        Ok(vec![ConversationEvent::ConversationCreated(
            ConversationCreated {
                kind,
                title,
                history: HistoryVisibility::default(),
                members: std::iter::once(first).chain(rest).collect(),
                by,
                created_at,
                flags: Vec::new(),
            },
        )])
    }

    /// Two users have exactly one direct conversation. Creating it again finds the existing one,
    /// even while one user blocks the other.
    fn find_existing_direct(
        &self,
        by: &UserId,
        other: &UserId,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        if self.peer_of(by) == Some(other) {
            Ok(vec![])
        } else {
            Err(Refusal::not_found())
        }
    }

    pub(super) fn change(
        &self,
        change: ChangeConversation,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let (about, caller) = self.require_member(&change.by)?;
        if about.kind == ConversationKind::Desk {
            return Err(Refusal::forbidden(
                "A conversation with a desk cannot be changed; only groups can.",
            ));
        }
        if about.kind == ConversationKind::Direct {
            let (field, detail) = if change.title.is_some() {
                ("title", "A direct conversation cannot have a title.")
            } else if let Some(field) = change.policy.first_field() {
                (
                    field,
                    "A direct conversation has no policy; only groups do.",
                )
            } else {
                (
                    "history",
                    "The history visibility of a direct conversation cannot be changed.",
                )
            };
            return Err(Refusal::invalid(field, detail));
        }
        if caller.role < Role::Admin {
            return Err(Refusal::forbidden(
                "Only the owner and admins can change a conversation.",
            ));
        }
        let member = ActingMember {
            user: &change.by,
            role: caller.role,
        };
        self.access
            .check(MemberAction::Change, member, change.now)?;
        let mut events = Vec::new();
        let title = change.title.unwrap_or_else(|| about.title.clone());
        let history = change.history.unwrap_or(about.history);
        if title != about.title || history != about.history {
            let by = change.by.clone();
            events.push(ConversationEvent::ConversationChanged(
                ConversationChanged {
                    title,
                    history,
                    by,
                    flags: Vec::new(),
                },
            ));
        }
        let policy = change.policy.apply_to(&self.access.policy);
        if policy != self.access.policy {
            let by = change.by;
            events.push(ConversationEvent::ConversationPolicyChanged(
                ConversationPolicyChanged {
                    policy,
                    by,
                    flags: Vec::new(),
                },
            ));
        }
        Ok(events)
    }
}

fn begins_with_a_session() -> Refusal {
    Refusal::invalid(
        "kind",
        "A conversation with a desk begins with a session: POST /v1/desks/{desk}/sessions.",
    )
}

/// Returns the other user of a direct conversation that `caller` creates with these members.
pub fn find_direct_peer<'a>(caller: &UserId, members: &'a [UserId]) -> Result<&'a UserId, Refusal> {
    let mut others = members.iter().filter(|user| *user != caller);
    match others.next() {
        Some(peer) if others.all(|user| user == peer) => Ok(peer),
        _ => Err(Refusal::invalid(
            "members",
            "A direct conversation needs exactly one user other than yourself.",
        )),
    }
}
