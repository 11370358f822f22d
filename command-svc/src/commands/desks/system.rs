//! What the system does with sessions without a request: it routes and closes them, reminds agents
//! of them, and takes them from users who are no agents any more. Each is decided by the
//! conversation, so doing it twice changes nothing.

use domain::conversation::Conversation;
use domain::conversation::command::ConversationCommand;
use domain::conversation::event::ConversationEvent;
use domain::conversation::session_command::{ReleaseAgent, RemindAgents, SessionCommand};
use domain::desk::settings::DeskSettings;
use domain::ids::{ConversationId, DeskId, UserId};
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
    pub(crate) session: SessionId,
    pub(crate) ticket: AppendTicket,
    /// Whether the session is in the conversation, so that `next` says something.
    pub(crate) is_here: bool,
    /// When the next reminder of the session is due, as far as that is known.
    pub(crate) next: Option<Timestamp>,
}

/// Queues the event that reminds agents of the customer of this session, if they have no reply in
/// time. If not, the append confirms that no other process has written something that needs one.
pub(crate) async fn queue_reminder(
    state: &CommandState,
    session: SessionId,
    conversation: &ConversationId,
    desk: &DeskId,
) -> Result<QueuedReminder, LogError> {
    let desks = state.log().desks();
    let settings = desks.peek(desk.as_str(), |found| found.settings().cloned());
    let (settings, observation) = settings.await?;
    let conversations = state.log().conversations();
    let locked = conversations.lock(conversation.as_str()).await?;
    let unfinished = locked.state().unfinished_session();
    let unfinished = unfinished.filter(|found| found.id == session);
    let events = match (&unfinished, settings) {
        (Some(_), Some(DeskSettings { agents, .. })) => {
            let now = state.now();
            let command = SessionCommand::Remind(RemindAgents { agents, now });
            decide(state, locked.state(), command)?
        }
        // It has gone to another desk or ended, or this process does not know of it yet.
        _ => vec![],
    };
    let next = unfinished.as_ref().and_then(|found| found.reminder_at);
    let next = next.filter(|_| events.is_empty());
    let request = AppendRequest {
        observations: vec![observation],
        ..AppendRequest::from_events(events)
    };
    Ok(QueuedReminder {
        session,
        is_here: unfinished.is_some(),
        next,
        ticket: locked.append(request),
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
