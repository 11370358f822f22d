//! The handler of a command to a case that needs nothing from other aggregates.

use domain::case::Case;
use domain::case::command::CaseCommand;
use domain::case::event::CaseEvent;
use event_log::LockedAggregate;

use crate::handler::{AttemptError, CommandHandler, CommandMeta, Decision};
use crate::state::CommandState;

/// The handler of evidence and of decisions. The routes check who may send them.
pub(super) struct CaseHandler {
    pub meta: CommandMeta<Case>,
    pub command: CaseCommand,
}

impl CommandHandler for CaseHandler {
    type Target = Case;
    type Lookups = ();

    fn meta(&self) -> &CommandMeta<Case> {
        &self.meta
    }

    async fn decide(
        &self,
        _: &CommandState,
        locked: &LockedAggregate<Case>,
        (): (),
    ) -> Result<Decision<CaseEvent>, AttemptError> {
        Ok(Decision::from_events(
            locked.state().decide(self.command.clone())?,
        ))
    }
}
