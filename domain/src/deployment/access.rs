//! Records of what administrators, moderators and services view, or do without another event.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::time::Timestamp;

/// How long a view that is recorded stands for the same view again, in milliseconds.
pub const VIEW_INTERVAL_MS: i64 = 60_000;

/// What was done. The names are stored forever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessAct {
    /// Reading the whole log.
    EventsRead,
    /// A query with `as_user`.
    ReadAsUser,
    /// A query of a service on behalf of users.
    ReadForUser,
    /// A query of users by an administrator.
    UsersRead,
    /// A query of conversations by an administrator.
    ConversationsRead,
    /// A query of what became of a message.
    MessageTraced,
    /// A query of cases by a moderator.
    CasesRead,
    /// A token was issued.
    TokenIssued,
    /// An invite for an account was issued.
    InviteIssued,
    /// A webhook was added.
    WebhookAdded,
    /// A webhook was changed.
    WebhookChanged,
    /// A webhook was replayed.
    WebhookReplayed,
    /// A webhook was removed.
    WebhookRemoved,
    /// The data of a user were exported.
    UserExported,
}

impl AccessAct {
    /// The acts that change nothing, in the order of their names above.
    const VIEWS: [Self; 7] = [
        Self::EventsRead,
        Self::ReadAsUser,
        Self::ReadForUser,
        Self::UsersRead,
        Self::ConversationsRead,
        Self::MessageTraced,
        Self::CasesRead,
    ];

    /// Whether it changes nothing, and is recorded once a minute.
    pub fn is_view(self) -> bool {
        Self::VIEWS.contains(&self)
    }
}

/// A view that was recorded less than a minute before the newest one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct RecentView {
    pub actor: UserId,
    pub act: AccessAct,
    pub target: Option<String>,
    pub at: Timestamp,
}
