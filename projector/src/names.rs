//! The names of domain values in the tables. Events use the same names.

use domain::conversation::event::{ConversationKind, HistoryVisibility, Role};

use crate::error::ProjectError;

pub(crate) fn of_kind(kind: ConversationKind) -> &'static str {
    match kind {
        ConversationKind::Direct => "direct",
        ConversationKind::Group => "group",
    }
}

pub(crate) fn of_history(history: HistoryVisibility) -> &'static str {
    match history {
        HistoryVisibility::All => "all",
        HistoryVisibility::SinceJoin => "since_join",
    }
}

pub(crate) fn of_role(role: Role) -> &'static str {
    match role {
        Role::Member => "member",
        Role::Admin => "admin",
        Role::Owner => "owner",
    }
}

pub(crate) fn kind(name: &str) -> Result<ConversationKind, ProjectError> {
    [ConversationKind::Direct, ConversationKind::Group]
        .into_iter()
        .find(|kind| of_kind(*kind) == name)
        .ok_or_else(|| unknown("kind", name))
}

pub(crate) fn history(name: &str) -> Result<HistoryVisibility, ProjectError> {
    [HistoryVisibility::All, HistoryVisibility::SinceJoin]
        .into_iter()
        .find(|history| of_history(*history) == name)
        .ok_or_else(|| unknown("history", name))
}

pub(crate) fn role(name: &str) -> Result<Role, ProjectError> {
    [Role::Member, Role::Admin, Role::Owner]
        .into_iter()
        .find(|role| of_role(*role) == name)
        .ok_or_else(|| unknown("role", name))
}

fn unknown(column: &str, name: &str) -> ProjectError {
    ProjectError::Damaged(format!("{column} is {name:?}"))
}
