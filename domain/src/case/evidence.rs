//! Rules for what a case collects: reports of users, and what the system finds.

use super::Case;
use super::command::{AddEvidence, FileReport};
use super::event::{CaseEvent, CaseKind, EvidenceAdded, ReportFiled};

/// The maximum number of reports that a case stores. More of them say nothing new, and the state
/// knows every reporter.
pub const MAX_REPORTS: usize = 10_000;

/// How many positions of evidence the state remembers. What follows the log adds them in order, so
/// an older one is a repetition.
const MAX_REMEMBERED: usize = 1_000;

impl Case {
    /// A second report by the same user changes nothing, whether the case is open or not.
    pub(super) fn file_report(&self, file: FileReport) -> Vec<CaseEvent> {
        let FileReport {
            target,
            reporter,
            reason,
            note,
        } = file;
        if self.reporters.contains(&reporter) || self.reporters.len() >= MAX_REPORTS {
            return Vec::new();
        }
        let filed = CaseEvent::ReportFiled(ReportFiled {
            reporter,
            reason,
            note,
        });
        let opening = self.opening(CaseKind::Report, target);
        opening.into_iter().chain([filed]).collect()
    }

    /// Whether the case has evidence from the event at this position.
    pub fn has_evidence(&self, source_position: i64) -> bool {
        source_position <= self.known_up_to || self.evidence.contains(&source_position)
    }

    /// Evidence from an event that the case knows changes nothing.
    pub(super) fn add_evidence(&self, add: AddEvidence) -> Vec<CaseEvent> {
        let AddEvidence {
            kind,
            target,
            source_position,
            detail,
            user,
        } = add;
        if self.has_evidence(source_position) {
            return Vec::new();
        }
        let added = CaseEvent::EvidenceAdded(EvidenceAdded {
            source_position,
            detail,
            user,
        });
        let opening = self.opening(kind, target);
        opening.into_iter().chain([added]).collect()
    }

    pub(super) fn apply_evidence(&mut self, added: EvidenceAdded) {
        self.evidence.insert(added.source_position);
        if self.evidence.len() > MAX_REMEMBERED
            && let Some(oldest) = self.evidence.pop_first()
        {
            self.known_up_to = oldest;
        }
        if let Some(user) = added.user {
            self.author = Some(user);
        }
    }
}
