//! A send that the hook holds: the message waits in the mailbox of its sender until a moderator
//! decides.

use domain::ids::ConversationId;
use domain::mailbox::Mailbox;
use domain::mailbox::command::MailboxCommand;
use domain::mailbox::event::MailboxEvent;
use domain::mailbox::held_command::HoldMessage;
use event_log::{LockedAggregate, LogError, Observation, Receipt};
use http::StatusCode;

use super::held_response::HeldResponse;
use super::membership;
use super::send::SendHandler;
use super::used_file;
use super::waiting_message::WaitingMessage;
use crate::execute;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
use crate::response::ResponseBody;
use crate::state::CommandState;

/// The handler that holds a message instead of sending it.
pub(crate) struct HoldHandler {
    meta: CommandMeta<Mailbox>,
    /// The send, which the rules accept.
    send: SendHandler,
    reason: Option<String>,
}

impl HoldHandler {
    /// `send` is checked. Its key becomes that of this command: of the two, one is executed.
    pub(super) fn new(send: SendHandler, reason: Option<String>) -> Self {
        let meta = send.meta();
        let meta = CommandMeta {
            kind: meta.kind,
            aggregate_id: meta.caller.clone(),
            caller: meta.caller.clone(),
            actor: meta.actor.clone(),
            idempotency: meta.idempotency,
        };
        Self { meta, send, reason }
    }

    pub(crate) fn conversation(&self) -> &ConversationId {
        &self.send.meta().aggregate_id
    }

    /// What the hook says.
    pub(crate) fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

/// That the rules accept the send: what could not be sent is refused, and not held.
pub(crate) struct AcceptedSend;

impl CommandLookups<HoldHandler> for AcceptedSend {
    async fn load(
        handler: &HoldHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let (conversation, sender) = (handler.conversation(), &handler.meta.caller);
        membership::observe_membership(state, conversation, sender, 0, observed).await?;
        if let Ok((_, draft)) = handler.send.content() {
            let content = (draft.kind, &draft.body);
            if let Some(refusal) = used_file::find_refusal(state, sender, content, observed).await?
            {
                return Err(refusal.into());
            }
        }
        // The rules apply again when the message is released, so this relies on nothing else.
        execute::preview(state, &handler.send).await?;
        Ok(Self)
    }
}

impl CommandHandler for HoldHandler {
    type Target = Mailbox;
    type Lookups = AcceptedSend;

    fn meta(&self) -> &CommandMeta<Mailbox> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Mailbox>,
        AcceptedSend: AcceptedSend,
    ) -> Result<Decision<MailboxEvent>, AttemptError> {
        let mailbox = locked.state();
        let waiting = self.send.waiting();
        if let Some(waiting) = waiting {
            waiting.check(mailbox)?;
        }
        let (key, draft) = self.send.content()?;
        let hold = HoldMessage {
            sender: self.meta.caller.clone(),
            conversation: self.conversation().clone(),
            kind: draft.kind,
            body: draft.body.clone(),
            reply_to: draft.reply_to,
            thread: draft.thread,
            mentions: draft.mentions.clone(),
            client_message_id: key.clone(),
            reason: self.reason.clone(),
            scheduled: match waiting {
                Some(WaitingMessage::Due(due)) => Some(due.number),
                _ => None,
            },
        };
        let events = mailbox.decide(MailboxCommand::HoldMessage(hold), state.limits())?;
        let held_id = events.last().and_then(MailboxEvent::held_id);
        let missing = || LogError::Corrupt("a hold produced no message_held event".into());
        let body = ResponseBody::serialize(&HeldResponse::new(held_id.ok_or_else(missing)?))?;
        Ok(Decision {
            events,
            status: StatusCode::ACCEPTED,
            body,
        })
    }

    async fn may_replay(&self, state: &CommandState, receipt: &Receipt) -> Result<bool, LogError> {
        self.send.may_replay(state, receipt).await
    }
}
