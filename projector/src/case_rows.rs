//! The rows of a batch about cases.

use std::collections::BTreeMap;

use domain::case::event::CaseOpened;
use domain::case::target::CaseId;
use domain::ids::UserId;
use domain::texts::CaseNote;
use domain::time::Timestamp;

/// What the events of a batch change in a case. Each of them is in the batch or not, and the rest
/// of the row stays as it is: so the fold need not know the row.
#[derive(Debug, Default)]
pub(crate) struct CaseChange {
    /// The last opening by a report or evidence. A new case has one.
    pub opened: Option<CaseOpened>,
    /// The position and time of the last event that opened the case.
    pub opened_at: Option<(i64, Timestamp)>,
    pub is_open: Option<bool>,
    /// The author that the last evidence names.
    pub author: Option<UserId>,
    /// The number of reports in the batch.
    pub reports: i64,
}

/// An event of a case.
#[derive(Debug)]
pub(crate) struct CaseActRow {
    pub case: CaseId,
    pub position: i64,
    pub at: Timestamp,
    pub event_type: &'static str,
    pub by: Option<UserId>,
    pub note: Option<CaseNote>,
    /// Without the note.
    pub data: String,
}

/// What a batch writes about cases.
#[derive(Debug, Default)]
pub(crate) struct CaseRows {
    pub changes: BTreeMap<CaseId, CaseChange>,
    pub acts: Vec<CaseActRow>,
}
