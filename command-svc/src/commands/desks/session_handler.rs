//! The handler of every command to a session that exists.

use domain::conversation::Conversation;
use domain::conversation::command::ConversationCommand;
use domain::conversation::event::ConversationEvent;
use domain::conversation::session_command::{
    AcceptSession, CloseSession, DeskLookup, NoteSession, RateSession, SessionCaller,
    SessionCommand, TagSession, TransferSession, TransferTarget,
};
use domain::desk::texts::{CloseReason, RatingText, SessionNote, SessionTag};
use domain::ids::{ConversationId, DeskId, UserId};
use domain::refusal::Refusal;
use domain::session_id::SessionId;
use domain::time::Timestamp;
use event_log::{LockedAggregate, LogError, Observation, Receipt};
use http_edge::Caller;
use serde::Serialize;

use super::find::{find_place, load_desk, parse_session};
use crate::caller::Requester;
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::response::CommandResponse;
use crate::state::CommandState;

/// What is done with the session.
#[derive(Debug, Clone)]
pub(super) enum SessionAct {
    Accept,
    GiveToAgent(UserId, Option<SessionNote>),
    GiveToDesk(DeskId, Option<SessionNote>),
    Close(Option<CloseReason>),
    Note(SessionNote),
    Tag(Vec<SessionTag>),
    Rate(u8, Option<RatingText>),
}

/// The handler of these commands.
pub(super) struct SessionHandler {
    pub meta: CommandMeta<Conversation>,
    pub session: SessionId,
    pub act: Result<SessionAct, Refusal>,
    /// The agent who gets it, if the system gives it to one.
    pub routed_to: Option<UserId>,
    pub is_admin: bool,
}

/// What the desks know.
pub(super) struct SessionLookups {
    desk: DeskLookup,
    /// Another desk, to which the session goes, and whether the customer has one there.
    target: Option<(DeskLookup, bool)>,
}

impl CommandLookups<SessionHandler> for SessionLookups {
    async fn load(
        handler: &SessionHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let id = &handler.meta.aggregate_id;
        let conversations = state.log().conversations();
        // Neither of them ever changes.
        let known = conversations.peek(id.as_str(), |conversation| {
            conversation
                .desk()
                .cloned()
                .zip(conversation.customer().cloned())
        });
        let (known, observation) = known.await?;
        let Some((desk, customer)) = known else {
            observed.push(observation);
            return Err(Refusal::not_found().into());
        };
        let desk = load_desk(state, id.clone(), desk, observed).await?;
        let target = match &handler.act {
            Ok(SessionAct::GiveToDesk(target, _)) => {
                let there = ConversationId::desk(target, &customer);
                let lookup = load_desk(state, there.clone(), target.clone(), observed).await?;
                let is_busy = conversations.peek(there.as_str(), |conversation| {
                    conversation.unfinished_session().is_some()
                });
                let (is_busy, observation) = is_busy.await?;
                if there != *id {
                    observed.push(observation);
                }
                Some((lookup, is_busy))
            }
            _ => None,
        };
        Ok(Self { desk, target })
    }
}

impl SessionHandler {
    fn to_command(
        &self,
        lookups: SessionLookups,
        now: Timestamp,
    ) -> Result<SessionCommand, Refusal> {
        let is_desk_agent = |user: &UserId| {
            let settings = lookups.desk.settings.as_ref();
            settings.is_some_and(|settings| settings.has_agent(user))
        };
        let caller = SessionCaller {
            user: self.meta.caller.clone(),
            is_agent: is_desk_agent(self.routed_to.as_ref().unwrap_or(&self.meta.caller)),
            is_admin: self.is_admin,
        };
        let session = self.session.clone();
        let transfer = |target, note, caller| {
            SessionCommand::Transfer(TransferSession {
                session: session.clone(),
                target,
                note,
                caller,
                now,
            })
        };
        Ok(match self.act.clone()? {
            SessionAct::Accept => SessionCommand::Accept(AcceptSession {
                session,
                agent: self.routed_to.as_ref().unwrap_or(&caller.user).clone(),
                caller,
                now,
            }),
            SessionAct::GiveToAgent(agent, note) => {
                let is_agent = is_desk_agent(&agent);
                transfer(TransferTarget::Agent { agent, is_agent }, note, caller)
            }
            SessionAct::GiveToDesk(_, note) => {
                let (desk, is_busy) = lookups.target.ok_or_else(Refusal::not_found)?;
                transfer(TransferTarget::Desk { desk, is_busy }, note, caller)
            }
            SessionAct::Close(reason) => SessionCommand::Close(CloseSession {
                session,
                reason,
                caller,
                now,
            }),
            SessionAct::Note(text) => SessionCommand::Note(NoteSession {
                session,
                text,
                caller,
                now,
            }),
            SessionAct::Tag(tags) => SessionCommand::Tag(TagSession {
                session,
                tags,
                caller,
            }),
            SessionAct::Rate(score, text) => SessionCommand::Rate(RateSession {
                session,
                score,
                text,
                caller,
                now,
            }),
        })
    }

    /// Whether the caller may know of the session, so that an invalid request can be refused for
    /// what it is.
    fn may_know(&self, conversation: &Conversation, desk: &DeskLookup) -> bool {
        let settings = desk.settings.as_ref();
        let caller = &self.meta.caller;
        self.is_admin
            || conversation.customer() == Some(caller)
            || settings.is_some_and(|settings| settings.has_agent(caller))
    }
}

impl CommandHandler for SessionHandler {
    type Target = Conversation;
    type Lookups = SessionLookups;

    fn meta(&self) -> &CommandMeta<Conversation> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        lookups: SessionLookups,
    ) -> Result<Decision<ConversationEvent>, AttemptError> {
        if self.act.is_err() && !self.may_know(locked.state(), &lookups.desk) {
            return Err(Refusal::not_found().into());
        }
        let command = ConversationCommand::Session(self.to_command(lookups, state.now())?);
        let events = locked.state().decide(command, state.limits())?;
        Ok(Decision::from_events(events))
    }

    /// The responses hold nothing of the session.
    async fn may_replay(&self, _: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        Ok(true)
    }
}

/// Executes a request about the session of the path.
pub(super) async fn execute_session(
    state: &CommandState,
    requester: Requester,
    caller: &Caller,
    kind: CommandKind,
    session: &str,
    request: &impl Serialize,
    act: Result<SessionAct, Refusal>,
) -> Result<(CommandResponse, SessionId), CommandError> {
    let id = parse_session(session)?;
    let conversation = find_place(state, &id).await?.conversation;
    let is_admin = caller.is_admin();
    let user = requester.user.clone();
    let mut meta = requester.into_meta(kind, conversation, &[session], request)?;
    if is_admin {
        meta.actor = Some(user);
    }
    let handler = SessionHandler {
        meta,
        session: id.clone(),
        act,
        routed_to: None,
        is_admin,
    };
    Ok((execute(state, &handler).await?, id))
}
