//! Records of what administrators, moderators and services view, or do without another event.

use serde::{Deserialize, Serialize};

use super::Deployment;
use super::command::RecordAccess;
use super::event::{AccessRecorded, DeploymentEvent};
use crate::ids::UserId;
use crate::time::Timestamp;

/// How long a view that is recorded stands for the same view again, in milliseconds.
pub const VIEW_INTERVAL_MS: i64 = 60_000;

/// The maximum number of views that are remembered. Each is forgotten after a minute.
const MAX_RECENT_VIEWS: usize = 10_000;

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
    actor: UserId,
    act: AccessAct,
    target: Option<String>,
    at: Timestamp,
}

impl Deployment {
    /// Records a view unless the same one was recorded within a minute, and any other act.
    pub(super) fn record_access(&self, record: RecordAccess) -> Vec<DeploymentEvent> {
        let RecordAccess {
            actor,
            act,
            target,
            detail,
            now,
        } = record;
        let is_known = act.is_view()
            && self.recent_views.iter().any(|view| {
                view.actor == actor
                    && view.act == act
                    && view.target == target
                    && is_recent(view.at, now)
            });
        if is_known {
            return Vec::new();
        }
        vec![DeploymentEvent::AccessRecorded(AccessRecorded {
            actor,
            act,
            target,
            detail,
            at: now,
        })]
    }

    pub(super) fn apply_access(&mut self, recorded: AccessRecorded) {
        let AccessRecorded {
            actor,
            act,
            target,
            at,
            detail: _,
        } = recorded;
        self.recent_views.retain(|view| is_recent(view.at, at));
        if !act.is_view() {
            return;
        }
        if self.recent_views.len() >= MAX_RECENT_VIEWS {
            self.recent_views.remove(0);
        }
        self.recent_views.push(RecentView {
            actor,
            act,
            target,
            at,
        });
    }
}

/// Whether a view at one time stands for the same at another. The clocks of two processes may
/// differ, so the other may be earlier.
fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    now.millis().abs_diff(at.millis()) < VIEW_INTERVAL_MS.unsigned_abs()
}
