//! The events of the case aggregate. They are stored forever: read [`crate::event`] before you
//! change them.

use serde::{Deserialize, Serialize};

use super::target::CaseTarget;
use crate::ids::UserId;
use crate::texts::CaseNote;
use crate::time::Timestamp;

/// An event of a case. The case is the aggregate id in the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseEvent {
    /// The case was opened, for the first time or after it had been closed.
    CaseOpened(CaseOpened),
    /// A user reported the target.
    ReportFiled(ReportFiled),
    /// The system found something.
    EvidenceAdded(EvidenceAdded),
    /// A moderator decided, which closed the case. What was done is an event before this one.
    CaseResolved(CaseResolved),
    /// A moderator opened the case again. What was undone is an event before this one.
    CaseReopened(CaseReopened),
}

impl CaseEvent {
    /// The user who caused the event, if it was not the system.
    pub fn by(&self) -> Option<&UserId> {
        match self {
            Self::ReportFiled(filed) => Some(&filed.reporter),
            Self::CaseResolved(resolved) => Some(&resolved.by),
            Self::CaseReopened(reopened) => Some(&reopened.by),
            Self::CaseOpened(_) | Self::EvidenceAdded(_) => None,
        }
    }

    /// Takes out what the user wrote.
    pub fn take_note(&mut self) -> Option<CaseNote> {
        match self {
            Self::ReportFiled(filed) => filed.note.take(),
            Self::CaseResolved(resolved) => resolved.note.take(),
            Self::CaseOpened(_) | Self::EvidenceAdded(_) | Self::CaseReopened(_) => None,
        }
    }
}

/// Why a case was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseKind {
    /// A user reported the target.
    Report,
    /// A word list or the rules for links flagged a text.
    Flag,
    /// A message is held.
    Held,
    /// A user flooded conversations.
    Flood,
}

impl CaseKind {
    /// The name in the log and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Flag => "flag",
            Self::Held => "held",
            Self::Flood => "flood",
        }
    }
}

/// The data of [`CaseEvent::CaseOpened`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseOpened {
    /// Why it was opened.
    pub kind: CaseKind,
    /// What the case is about: always the same for a case.
    pub target: CaseTarget,
}

/// Why a user reports something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportReason {
    /// Unwanted advertising.
    Spam,
    /// Insults, threats or harassment.
    Abuse,
    /// Something illegal.
    Illegal,
    /// Something else.
    Other,
}

/// The data of [`CaseEvent::ReportFiled`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportFiled {
    /// The user who reported it.
    pub reporter: UserId,
    /// What is wrong with it.
    pub reason: ReportReason,
    /// What the user wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<CaseNote>,
}

/// The data of [`CaseEvent::EvidenceAdded`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceAdded {
    /// The position of the event in which it was found.
    pub source_position: i64,
    /// What was found: which lists or rules.
    pub detail: String,
    /// Whose doing it is, if the target does not say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
}

/// What a moderator does about a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseAction {
    /// Nothing.
    #[serde(rename = "none")]
    Nothing,
    /// Recall the message.
    Recall,
    /// Silence the user.
    Silence,
    /// Ban the user.
    Ban,
    /// Send a held message.
    Release,
    /// Refuse a held message.
    Refuse,
}

/// The data of [`CaseEvent::CaseResolved`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseResolved {
    /// What was done.
    pub action: CaseAction,
    /// Who was silenced or banned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// When a silence or ban ends by itself; absent if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What the moderator wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<CaseNote>,
    /// The moderator.
    pub by: UserId,
}

/// The data of [`CaseEvent::CaseReopened`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseReopened {
    /// The moderator.
    pub by: UserId,
}
