//! Applies the events of cases. They have no entries: nobody's feed contains them, and nobody but
//! those who decide may learn of them.

use domain::case::event::CaseEvent;
use domain::case::target::CaseId;
use domain::event::EventFamily as _;

use super::outcome::FoldError;
use super::state::Fold;
use crate::case_rows::CaseActRow;
use crate::decode::EventPosition;

impl Fold<'_> {
    pub(super) fn apply_case(
        &mut self,
        at: EventPosition,
        id: &CaseId,
        event: &CaseEvent,
    ) -> Result<(), FoldError> {
        let mut act = event.clone();
        let note = act.take_note();
        let data = String::from(Box::<str>::from(act.encode()?));
        let change = self.rows.cases.changes.entry(id.clone()).or_default();
        match event {
            CaseEvent::CaseOpened(opened) => {
                change.opened = Some(opened.clone());
                change.opened_at = Some((at.position, at.time));
                change.is_open = Some(true);
            }
            CaseEvent::ReportFiled(_) => change.reports += 1,
            CaseEvent::EvidenceAdded(added) => {
                if let Some(user) = &added.user {
                    change.author = Some(user.clone());
                }
            }
            CaseEvent::CaseResolved(_) => change.is_open = Some(false),
            CaseEvent::CaseReopened(_) => {
                change.opened_at = Some((at.position, at.time));
                change.is_open = Some(true);
            }
        }
        self.rows.cases.acts.push(CaseActRow {
            case: id.clone(),
            position: at.position,
            at: at.time,
            event_type: event.name(),
            by: event.by().cloned(),
            note,
            data,
        });
        Ok(())
    }
}
