//! The rows of a batch about service desks and their sessions.

use std::collections::BTreeMap;

use domain::desk::settings::DeskSettings;
use domain::ids::{DeskId, UserId};
use domain::session_id::SessionId;
use domain::time::Timestamp;

/// What the events of a batch change in a desk.
#[derive(Debug, Default)]
#[allow(
    clippy::option_option,
    reason = "a desk that was removed is not one that was not changed"
)]
pub(crate) struct DeskChange {
    /// The settings after the batch and the position of their event, if it has one; `None` inside
    /// if the desk was removed.
    pub settings: Option<Option<(DeskSettings, i64)>>,
    /// The position of the last event about the desk or one of its sessions.
    pub changed: i64,
}

/// A session that was opened.
#[derive(Debug)]
pub(crate) struct OpenedSession {
    pub customer: UserId,
    pub position: i64,
    pub at: Timestamp,
    pub reply_target_ms: i64,
}

/// Where a session is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionState {
    Waiting,
    Open,
    Closed,
}

impl SessionState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// What the events of a batch change in a session. Each of them is in the batch or not, and the
/// rest of the row stays as it is: so the fold need not know the row.
#[derive(Debug, Default)]
#[allow(clippy::option_option, reason = "no agent is not the agent of before")]
pub(crate) struct SessionChange {
    /// A new session has this.
    pub opened: Option<OpenedSession>,
    pub desk: Option<DeskId>,
    pub conversation: Option<i64>,
    pub agent: Option<Option<UserId>>,
    pub state: Option<SessionState>,
    /// The first acceptance in the batch.
    pub accepted_at: Option<Timestamp>,
    pub closed: Option<(Timestamp, UserId)>,
    pub rating: Option<u8>,
    /// As JSON.
    pub tags: Option<String>,
}

/// What became of a session.
#[derive(Debug)]
pub(crate) struct StepRow {
    pub session: SessionId,
    pub position: i64,
    pub cause: &'static str,
    pub desk: DeskId,
    pub conversation: Option<i64>,
    pub agent: Option<UserId>,
    pub at: Timestamp,
    pub after_seq: i64,
}

/// What somebody wrote about a session.
#[derive(Debug)]
pub(crate) struct SessionTextRow {
    pub session: SessionId,
    pub position: i64,
    pub conversation: i64,
    pub kind: &'static str,
    pub at: Timestamp,
    pub by: UserId,
    pub text: Option<String>,
}

/// What a batch writes about desks and sessions.
#[derive(Debug, Default)]
pub(crate) struct SessionRows {
    pub desks: BTreeMap<DeskId, DeskChange>,
    pub changes: BTreeMap<SessionId, SessionChange>,
    pub steps: Vec<StepRow>,
    pub texts: Vec<SessionTextRow>,
}

impl SessionRows {
    pub fn is_empty(&self) -> bool {
        self.desks.is_empty() && self.changes.is_empty() && self.texts.is_empty()
    }

    /// An event about a desk or one of its sessions.
    pub fn touch_desk(&mut self, desk: &DeskId, position: i64) -> &mut DeskChange {
        let change = self.desks.entry(desk.clone()).or_default();
        change.changed = position;
        change
    }

    pub fn change(&mut self, session: &SessionId) -> &mut SessionChange {
        self.changes.entry(session.clone()).or_default()
    }

    /// Removes the texts of a conversation, except those of the system.
    pub fn erase_conversation(&mut self, conversation: i64) {
        let system = UserId::system();
        let texts = self.texts.iter_mut();
        for row in texts.filter(|row| row.conversation == conversation && row.by != system) {
            row.text = None;
        }
    }

    /// Removes what a user wrote.
    pub fn erase_author(&mut self, author: &UserId) {
        for row in self.texts.iter_mut().filter(|row| row.by == *author) {
            row.text = None;
        }
    }
}
