//! What the system does with sessions without a request: it routes and closes them, and takes them
//! from users who are no agents any more. Each is decided by the conversation, so doing it twice
//! changes nothing.

use domain::conversation::command::ConversationCommand;
use domain::conversation::session_command::{ReleaseAgent, SessionCommand};
use domain::ids::{ConversationId, UserId};
use domain::session_id::SessionId;
use event_log::{AppendError, AppendRequest, AppendTicket, LogError};

use super::session_handler::{SessionAct, SessionHandler};
use crate::attempts::Attempts;
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::CommandMeta;
use crate::metrics::CommandKind;
use crate::state::CommandState;

/// Gives a session that waits to an agent. Whatever refuses that has changed what waits.
pub(crate) async fn route_session(
    state: &CommandState,
    conversation: ConversationId,
    session: SessionId,
    agent: UserId,
) -> Result<(), LogError> {
    let handler = SessionHandler {
        meta: CommandMeta {
            kind: CommandKind::AcceptSession,
            aggregate_id: conversation,
            caller: UserId::system(),
            actor: None,
            idempotency: None,
        },
        session,
        act: Ok(SessionAct::Accept),
        routed_to: Some(agent),
        is_admin: false,
    };
    match execute(state, &handler).await {
        Err(CommandError::Log(error)) => Err(error),
        _ => Ok(()),
    }
}

/// Queues the event that closes the session of this conversation that has been idle for long
/// enough. The events of several calls are appended in their order.
pub(crate) async fn queue_idle_close(
    state: &CommandState,
    conversation: &ConversationId,
) -> Result<AppendTicket, LogError> {
    let locked = state
        .log()
        .conversations()
        .lock(conversation.as_str())
        .await?;
    let command = ConversationCommand::Session(SessionCommand::CloseIdle(state.now()));
    let events = locked.state().decide(command, state.limits());
    let events = events.map_err(|refusal| LogError::Corrupt(refusal.to_string()))?;
    Ok(locked.append(AppendRequest::from_events(events)))
}

/// Takes the conversation from a user who is no agent any more.
pub(crate) async fn release_agent(
    state: &CommandState,
    conversation: &ConversationId,
    agent: &UserId,
) -> Result<(), LogError> {
    let agent = agent.clone();
    let now = state.now();
    let command = SessionCommand::Release(ReleaseAgent { agent, now });
    append_decided(state, conversation, command).await
}

/// Closes the session of a desk that was removed.
pub(crate) async fn close_for_good(
    state: &CommandState,
    conversation: &ConversationId,
) -> Result<(), LogError> {
    let command = SessionCommand::CloseForGood(state.now());
    append_decided(state, conversation, command).await
}

async fn append_decided(
    state: &CommandState,
    conversation: &ConversationId,
    command: SessionCommand,
) -> Result<(), LogError> {
    let mut attempts = Attempts::default();
    let conversations = state.log().conversations();
    while attempts.start_next().await.is_ok() {
        let locked = conversations.lock(conversation.as_str()).await?;
        let command = ConversationCommand::Session(command.clone());
        let events = locked.state().decide(command, state.limits());
        let events = events.map_err(|refusal| LogError::Corrupt(refusal.to_string()))?;
        match locked
            .append(AppendRequest::from_events(events))
            .wait()
            .await
        {
            Ok(_) => return Ok(()),
            Err(AppendError::Log(error)) => return Err(error),
            Err(AppendError::Conflict | AppendError::DuplicateKey(_)) => {}
        }
    }
    // The next step tries again.
    Ok(())
}
