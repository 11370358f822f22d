//! Continues a session at the desk to which it was transferred. The transfer is in the log by then;
//! if a process ends in between, what follows the log does it.

use domain::conversation::command::ConversationCommand;
use domain::conversation::event::ConversationEvent;
use domain::conversation::session_command::{ContinueSession, DeskLookup, SessionCommand};
use domain::conversation::{Conversation, MovedSession};
use domain::ids::{ConversationId, UserId};
use event_log::{LockedAggregate, Observation};

use super::find::load_desk;
use crate::desk_board::SessionArrival;
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::state::CommandState;

struct ArrivalHandler {
    meta: CommandMeta<Conversation>,
    arrival: SessionArrival,
}

/// Where the session comes from, and where it goes.
struct ArrivalLookups {
    left: Option<MovedSession>,
    desk: DeskLookup,
}

impl CommandLookups<ArrivalHandler> for ArrivalLookups {
    async fn load(
        handler: &ArrivalHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let conversation = handler.meta.aggregate_id.clone();
        let SessionArrival {
            session,
            from,
            desk,
            ..
        } = &handler.arrival;
        let conversations = state.log().conversations();
        let left = conversations.peek(from.as_str(), |found| found.moved_session(session).cloned());
        let (left, observation) = left.await?;
        observed.push(observation);
        Ok(Self {
            left,
            desk: load_desk(state, conversation, desk.clone(), observed).await?,
        })
    }
}

impl CommandHandler for ArrivalHandler {
    type Target = Conversation;
    type Lookups = ArrivalLookups;

    fn meta(&self) -> &CommandMeta<Conversation> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        ArrivalLookups { left, desk }: ArrivalLookups,
    ) -> Result<Decision<ConversationEvent>, AttemptError> {
        let SessionArrival {
            session,
            customer,
            from,
            hop,
            desk: _,
        } = self.arrival.clone();
        let command = SessionCommand::Continue(ContinueSession {
            session,
            customer,
            from,
            hop,
            left,
            desk,
            now: state.now(),
        });
        let command = ConversationCommand::Session(command);
        let events = locked.state().decide(command, state.limits())?;
        Ok(Decision::from_events(events))
    }
}

/// Continues a session at its new desk, unless that has been done. Returns the log position.
pub(crate) async fn continue_session(
    state: &CommandState,
    arrival: SessionArrival,
) -> Result<i64, CommandError> {
    let meta = CommandMeta {
        kind: CommandKind::ContinueSession,
        aggregate_id: ConversationId::desk(&arrival.desk, &arrival.customer),
        caller: UserId::system(),
        actor: None,
        idempotency: None,
    };
    let response = execute(state, &ArrivalHandler { meta, arrival }).await?;
    Ok(response.position)
}
