//! Finds desks, and the conversation in which a session is.

use domain::conversation::MovedSession;
use domain::conversation::session_command::DeskLookup;
use domain::ids::{ConversationId, DeskId};
use domain::refusal::Refusal;
use domain::session_id::SessionId;
use event_log::{LogError, Observation};

use crate::error::CommandError;
use crate::state::CommandState;

/// Parses the id of a desk in a path. An invalid id gives the same `not_found` as an unknown one.
pub(super) fn parse_desk(text: &str) -> Result<DeskId, CommandError> {
    DeskId::parse(text).map_err(|_| CommandError::Rejected(Refusal::not_found()))
}

/// Parses the id of a session in a path; likewise.
pub(super) fn parse_session(text: &str) -> Result<SessionId, CommandError> {
    SessionId::parse(text).map_err(|_| CommandError::Rejected(Refusal::not_found()))
}

/// Where a session is, and how it came there.
pub(super) struct FoundPlace {
    /// The conversation in which it was opened, or in which it continues.
    pub(super) conversation: ConversationId,
    /// The conversation that it left last, and how often it was transferred.
    pub(super) from: Option<(ConversationId, u32)>,
}

/// Finds the conversation in which a session is. It may be on its way there.
pub(super) async fn find_place(
    state: &CommandState,
    session: &SessionId,
) -> Result<FoundPlace, LogError> {
    let mut place = FoundPlace {
        conversation: session.conversation().clone(),
        from: None,
    };
    let conversations = state.log().conversations();
    loop {
        let moved = conversations.peek(place.conversation.as_str(), |found| {
            found.moved_session(session).cloned()
        });
        let last_hop = place.from.as_ref().map_or(0, |(_, hop)| *hop);
        match moved.await?.0 {
            // An earlier departure from a desk to which it returns says nothing.
            Some(MovedSession { to, hop, .. }) if hop > last_hop => {
                place = FoundPlace {
                    from: Some((place.conversation, hop)),
                    conversation: to,
                };
            }
            _ => return Ok(place),
        }
    }
}

/// Loads a desk. Adds it to `observed`: a decision that relies on it holds while it is unchanged.
pub(super) async fn load_desk(
    state: &CommandState,
    conversation: ConversationId,
    desk: DeskId,
    observed: &mut Vec<Observation>,
) -> Result<DeskLookup, LogError> {
    let desks = state.log().desks();
    let settings = desks.peek(desk.as_str(), |found| found.settings().cloned());
    let (settings, observation) = settings.await?;
    observed.push(observation);
    Ok(DeskLookup {
        conversation,
        desk,
        settings,
    })
}

/// Loads the desk of a conversation with one.
pub(in crate::commands) async fn find_desk_of(
    state: &CommandState,
    conversation: &ConversationId,
    observed: &mut Vec<Observation>,
) -> Result<Option<DeskLookup>, LogError> {
    if !conversation.is_desk() {
        return Ok(None);
    }
    let conversations = state.log().conversations();
    // It never changes.
    let desk = conversations.peek(conversation.as_str(), |found| found.desk().cloned());
    match desk.await?.0 {
        Some(desk) => Ok(Some(
            load_desk(state, conversation.clone(), desk, observed).await?,
        )),
        None => Ok(None),
    }
}
