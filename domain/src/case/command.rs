//! The commands of the case aggregate.

use super::event::{CaseAction, CaseKind, ReportReason};
use super::target::CaseTarget;
use crate::ids::UserId;
use crate::texts::CaseNote;
use crate::time::Timestamp;

/// A command to a case.
#[derive(Debug, Clone)]
pub enum CaseCommand {
    /// Report the target.
    File(FileReport),
    /// Add what the system has found.
    AddEvidence(AddEvidence),
    /// Close the case. What is done about the target has been done.
    Resolve(ResolveCase),
    /// Open the case again. What was done about the target has been undone. Names the moderator.
    Reopen(UserId),
}

/// The data of [`CaseCommand::File`].
#[derive(Debug, Clone)]
pub struct FileReport {
    /// What the case is about.
    pub target: CaseTarget,
    /// The user who reports it.
    pub reporter: UserId,
    /// What is wrong with it.
    pub reason: ReportReason,
    /// What the user writes.
    pub note: Option<CaseNote>,
}

/// The data of [`CaseCommand::AddEvidence`].
#[derive(Debug, Clone)]
pub struct AddEvidence {
    /// Why the case is opened, if it is not open.
    pub kind: CaseKind,
    /// What the case is about.
    pub target: CaseTarget,
    /// The position of the event in which it was found. Only one piece of evidence in a case has
    /// this position.
    pub source_position: i64,
    /// What was found: which lists or rules.
    pub detail: String,
    /// Whose doing it is, if the target does not say so: who wrote a flagged title.
    pub user: Option<UserId>,
}

/// The data of [`CaseCommand::Resolve`].
#[derive(Debug, Clone)]
pub struct ResolveCase {
    /// What is done.
    pub action: CaseAction,
    /// Who is silenced or banned.
    pub user: Option<UserId>,
    /// When a silence or ban ends by itself.
    pub until: Option<Timestamp>,
    /// What the moderator writes.
    pub note: Option<CaseNote>,
    /// The moderator.
    pub by: UserId,
    /// The current time.
    pub now: Timestamp,
}
