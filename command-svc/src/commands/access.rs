//! The handler of the commands about access: joining, links, silences and bans. They differ in what
//! they ask the conversation to decide, and in their responses.

use domain::conversation::Conversation;
use domain::conversation::access_command::AccessCommand;
use domain::conversation::command::ConversationCommand;
use domain::conversation::event::ConversationEvent;
use domain::refusal::Refusal;
use domain::time::Timestamp;
use event_log::{LockedAggregate, LogError, Receipt};

use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandMeta, Decision};
use crate::response::CommandResponse;
use crate::state::CommandState;

/// The handler of a command about access.
pub(super) struct AccessHandler<B, R> {
    pub meta: CommandMeta<Conversation>,
    /// Builds the command for the current time.
    pub build: B,
    /// Builds the response from the conversation before the events, and the events.
    pub respond: R,
    /// Why the parser rejected the request. Only a caller whose command would succeed otherwise
    /// gets this refusal: to others, the conversation may not exist.
    pub rejection: Option<Refusal>,
    /// Whether the caller need not be a member to get the first response again, which then says
    /// nothing that the caller did not send.
    pub is_open: bool,
}

impl<B, R> CommandHandler for AccessHandler<B, R>
where
    B: Fn(Timestamp) -> AccessCommand + Send + Sync,
    R: Respond,
{
    type Target = Conversation;
    type Lookups = ();

    fn meta(&self) -> &CommandMeta<Conversation> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        (): (),
    ) -> Result<Decision<ConversationEvent>, AttemptError> {
        let conversation = locked.state();
        let command = ConversationCommand::Access((self.build)(state.now()));
        let events = conversation.decide(command, state.limits())?;
        match &self.rejection {
            Some(refusal) => Err(refusal.clone().into()),
            None => Ok((self.respond)(&self.meta, conversation, events)?),
        }
    }

    async fn may_replay(&self, state: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        let meta = &self.meta;
        Ok(self.is_open || state.is_member(&meta.aggregate_id, &meta.caller).await?)
    }
}

/// What builds the response of a command about access.
pub(super) trait Respond:
    Fn(
        &CommandMeta<Conversation>,
        &Conversation,
        Vec<ConversationEvent>,
    ) -> Result<Decision<ConversationEvent>, LogError>
    + Send
    + Sync
{
}

impl<R> Respond for R where
    R: Fn(
            &CommandMeta<Conversation>,
            &Conversation,
            Vec<ConversationEvent>,
        ) -> Result<Decision<ConversationEvent>, LogError>
        + Send
        + Sync
{
}

/// A response that contains only the position.
#[allow(clippy::unnecessary_wraps, reason = "the signature of every response")]
pub(super) fn respond_position(
    _: &CommandMeta<Conversation>,
    _: &Conversation,
    events: Vec<ConversationEvent>,
) -> Result<Decision<ConversationEvent>, LogError> {
    Ok(Decision::from_events(events))
}

/// Executes a command about access whose parser may have rejected a part of the request.
pub(super) async fn execute_access<B, P, R>(
    state: &CommandState,
    meta: CommandMeta<Conversation>,
    is_open: bool,
    parsed: Result<P, Refusal>,
    respond: R,
    build: B,
) -> Result<CommandResponse, CommandError>
where
    B: Fn(Option<&P>, Timestamp) -> AccessCommand + Send + Sync,
    P: Send + Sync,
    R: Respond,
{
    let (parsed, rejection) = match parsed {
        Ok(parsed) => (Some(parsed), None),
        Err(refusal) => (None, Some(refusal)),
    };
    let handler = AccessHandler {
        meta,
        build: |now| build(parsed.as_ref(), now),
        respond,
        rejection,
        is_open,
    };
    execute(state, &handler).await
}
