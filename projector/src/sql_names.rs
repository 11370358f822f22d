//! The names of domain values in the tables. Events use the same names.

use domain::conversation::event::{ConversationKind, HistoryVisibility, Role};

use crate::error::ProjectionError;

pub(crate) fn kind_name(kind: ConversationKind) -> &'static str {
    match kind {
        ConversationKind::Direct => "direct",
        ConversationKind::Group => "group",
        ConversationKind::Desk => "desk",
    }
}

pub(crate) fn history_name(history: HistoryVisibility) -> &'static str {
    match history {
        HistoryVisibility::All => "all",
        HistoryVisibility::SinceJoin => "since_join",
    }
}

pub(crate) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Member => "member",
        Role::Admin => "admin",
        Role::Owner => "owner",
    }
}

pub(crate) fn parse_kind(name: &str) -> Result<ConversationKind, ProjectionError> {
    use ConversationKind::{Desk, Direct, Group};
    [Direct, Group, Desk]
        .into_iter()
        .find(|kind| kind_name(*kind) == name)
        .ok_or_else(|| unknown_value("kind", name))
}

pub(crate) fn parse_history(name: &str) -> Result<HistoryVisibility, ProjectionError> {
    [HistoryVisibility::All, HistoryVisibility::SinceJoin]
        .into_iter()
        .find(|history| history_name(*history) == name)
        .ok_or_else(|| unknown_value("history", name))
}

pub(crate) fn parse_role(name: &str) -> Result<Role, ProjectionError> {
    [Role::Member, Role::Admin, Role::Owner]
        .into_iter()
        .find(|role| role_name(*role) == name)
        .ok_or_else(|| unknown_value("role", name))
}

fn unknown_value(column: &str, name: &str) -> ProjectionError {
    ProjectionError::Corrupted(format!("{column} is {name:?}"))
}
