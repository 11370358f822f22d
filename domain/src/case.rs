//! The case aggregate: what moderators decide about something that users have reported, or that the
//! system has found. There is one case for each target, with an id that follows from the target, so
//! that two reporters at once meet in one aggregate. Who may send which command is checked before.

pub mod command;
pub mod event;
pub mod target;

mod evidence;
mod resolution;

use std::collections::BTreeSet;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::EventUpcaster;
use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::refusal::Refusal;
use command::CaseCommand;
use event::{CaseEvent, CaseKind, CaseOpened, CaseResolved};
use target::CaseTarget;

/// The state of one case.
///
/// It is stored in snapshots; the serialized field names must not change, and a new field needs a
/// default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// What the case is about; `None` until it is opened first.
    target: Option<CaseTarget>,
    is_open: bool,
    /// The users who have reported the target.
    reporters: BTreeSet<UserId>,
    /// The positions of the events that were found, as far as the state remembers them.
    evidence: BTreeSet<i64>,
    /// Evidence from events up to this position counts as known.
    known_up_to: i64,
    /// Whose doing the newest evidence is.
    author: Option<UserId>,
    /// What closed the case last.
    resolution: Option<CaseResolved>,
}

impl Case {
    /// Decides which events a command causes. Returns no events if the state already matches the
    /// command, and a [`Refusal`] if a rule rejects it.
    pub fn decide(&self, command: CaseCommand) -> Result<Vec<CaseEvent>, Refusal> {
        match command {
            CaseCommand::File(file) => Ok(self.file_report(file)),
            CaseCommand::AddEvidence(add) => Ok(self.add_evidence(add)),
            CaseCommand::Resolve(resolve) => self.resolve(resolve),
            CaseCommand::Reopen(by) => self.reopen(by),
        }
    }

    /// What the case is about; `None` if it does not exist.
    pub fn target(&self) -> Option<&CaseTarget> {
        self.target.as_ref()
    }

    /// Whether a moderator should decide.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// What closed the case, without its note; `None` while it is open.
    pub fn resolution(&self) -> Option<&CaseResolved> {
        self.resolution.as_ref().filter(|_| !self.is_open)
    }

    /// Whose doing the newest evidence is, if there is any.
    pub fn author(&self) -> Option<&UserId> {
        self.author.as_ref()
    }

    /// The number of reporters and of remembered events: a measure of the state's size.
    pub fn entry_count(&self) -> usize {
        self.reporters.len() + self.evidence.len()
    }

    /// The event that opens the case, unless it is open.
    fn opening(&self, kind: CaseKind, target: CaseTarget) -> Option<CaseEvent> {
        let opened = CaseOpened { kind, target };
        (!self.is_open).then_some(CaseEvent::CaseOpened(opened))
    }
}

impl Aggregate for Case {
    const TYPE: &'static str = "case";
    type Command = CaseCommand;
    type Event = CaseEvent;
    type Error = Refusal;
    type Services = ();

    async fn handle(
        &mut self,
        command: CaseCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Refusal> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: CaseEvent) {
        match event {
            CaseEvent::CaseOpened(opened) => {
                self.target = Some(opened.target);
                self.is_open = true;
            }
            CaseEvent::ReportFiled(filed) => {
                self.reporters.insert(filed.reporter);
            }
            CaseEvent::EvidenceAdded(added) => self.apply_evidence(added),
            CaseEvent::CaseResolved(resolved) => {
                self.is_open = false;
                // What people write can be erased from events, not from snapshots.
                let note = None;
                self.resolution = Some(CaseResolved { note, ..resolved });
            }
            CaseEvent::CaseReopened(_) => self.is_open = true,
        }
    }
}

/// The upcasters for cqrs-es stores that read the `events` view.
pub fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    crate::event::upcast::upcasters::<CaseEvent>()
}
