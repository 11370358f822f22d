//! Rules for creating a conversation and for changing its title and history visibility.

use super::command::{Change, Create};
use super::event::{
    ConversationChanged, ConversationCreated, ConversationEvent, ConversationKind, FirstMember,
    History, Role,
};
use super::{Conversation, distinct, members};
use crate::ids::UserId;
use crate::limits::Limits;
use crate::refusal::Refusal;

impl Conversation {
    pub(super) fn create(
        &self,
        create: Create,
        limits: &Limits,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let Create {
            kind,
            title,
            members,
            by,
            blocked,
        } = create;
        let mut others = distinct(members);
        others.retain(|user| *user != by);
        match kind {
            ConversationKind::Direct => {
                let [other] = others.as_slice() else {
                    return Err(Refusal::invalid(
                        "members",
                        "A direct conversation needs exactly one user other than yourself.",
                    ));
                };
                if title.is_some() {
                    return Err(Refusal::invalid(
                        "title",
                        "A direct conversation cannot have a title.",
                    ));
                }
                if self.exists() {
                    return self.created_again(&by, other);
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
                members::check_named("members", others.len(), limits)?;
                members::check_group_size("members", others.len() + 1, limits)?;
            }
        }
        let creator = match kind {
            ConversationKind::Direct => Role::Member,
            ConversationKind::Group => Role::Owner,
        };
        let first = FirstMember {
            user: by.clone(),
            role: creator,
        };
        let rest = others.into_iter().map(|user| FirstMember {
            user,
            role: Role::Member,
        });
        Ok(vec![ConversationEvent::ConversationCreated(
            ConversationCreated {
                kind,
                title,
                history: History::default(),
                members: std::iter::once(first).chain(rest).collect(),
                by,
            },
        )])
    }

    /// Two users have exactly one direct conversation. Creating it again finds the existing one,
    /// even while one user blocks the other.
    fn created_again(
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

    pub(super) fn change(&self, change: Change) -> Result<Vec<ConversationEvent>, Refusal> {
        let (about, caller) = self.entered_by(&change.by)?;
        if about.kind == ConversationKind::Direct {
            let (field, detail) = if change.title.is_some() {
                ("title", "A direct conversation cannot have a title.")
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
        let title = change.title.unwrap_or_else(|| about.title.clone());
        let history = change.history.unwrap_or(about.history);
        if title == about.title && history == about.history {
            return Ok(vec![]);
        }
        let changed = ConversationChanged {
            title,
            history,
            by: change.by,
        };
        Ok(vec![ConversationEvent::ConversationChanged(changed)])
    }
}
