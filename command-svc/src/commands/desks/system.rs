//! What the system does with sessions without a request: it routes and closes them, reminds agents
//! of them, and takes them from users who are no agents any more. Each is decided by the
//! conversation, so doing it twice changes nothing.

use domain::conversation::Conversation;
use domain::conversation::command::ConversationCommand;
use domain::conversation::event::ConversationEvent;
use domain::conversation::session_command::{ReleaseAgent, RemindAgents, SessionCommand};
use domain::ids::{ConversationId, UserId};
use domain::session_id::SessionId;
use domain::time::Timestamp;
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
    let conversations = state.log().conversations();
    let locked = conversations.lock(conversation.as_str()).await?;
    let command = SessionCommand::CloseIdle(state.now());
    let events = decide(state, locked.state(), command)?;
    Ok(locked.append(AppendRequest::from_events(events)))
}

/// An event that is being appended, or that none is needed.
pub(crate) struct QueuedReminder {
    pub(crate) ticket: AppendTicket,
    /// When the next reminder of the session is due, as far as that is known.
    pub(crate) next: Option<Timestamp>,
}

/// Queues the event that reminds agents of the customer of this conversation, if they have no reply
/// in time. If not, the append confirms that no other process has written something that needs one.
pub(crate) async fn queue_reminder(
    state: &CommandState,
    conversation: &ConversationId,
    agents: Vec<UserId>,
) -> Result<QueuedReminder, LogError> {
    let conversations = state.log().conversations();
    let locked = conversations.lock(conversation.as_str()).await?;
    let now = state.now();
    let command = SessionCommand::Remind(RemindAgents { agents, now });
    let events = decide(state, locked.state(), command)?;
    let next = locked.state().unfinished_session();
    let next = next.and_then(|session| session.reminder_at);
    Ok(QueuedReminder {
        next: next.filter(|_| events.is_empty()),
        ticket: locked.append(AppendRequest::from_events(events)),
    })
}

fn decide(
    state: &CommandState,
    conversation: &Conversation,
    command: SessionCommand,
) -> Result<Vec<ConversationEvent>, LogError> {
    let command = ConversationCommand::Session(command);
    let events = conversation.decide(command, state.limits());
    events.map_err(|refusal| LogError::Corrupt(refusal.to_string()))
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
        let events = decide(state, locked.state(), command.clone())?;
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
