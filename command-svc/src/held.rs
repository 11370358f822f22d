//! Decides on held messages for a moderator: sends them as new, or refuses them.
//!
//! A message is sent or refused once, whatever happens. Both store a receipt under one key that
//! derives from the held message, so the log accepts the first and no second. After a send, the
//! mailbox records it; if the process ends in between, the next decision does.

use domain::deployment::{DEPLOYMENT_ID, HoldScope};
use domain::held_id::HeldId;
use domain::ids::{ConversationId, UserId};
use domain::mailbox::command::MailboxCommand;
use domain::mailbox::event::MailboxEvent;
use domain::mailbox::held_command::CompleteHeldMessage;
use domain::mailbox::held_event::MessageHeld;
use domain::refusal::{Refusal, RefusalKind};
use event_log::{
    AppendError, AppendRequest, LogError, NewReceipt, Observation, Receipt, ReceiptKey,
};
use serde::{Deserialize, Serialize};

use crate::attempts::Attempts;
use crate::commands::send::SendHandler;
use crate::commands::waiting_message::NOT_HELD;
use crate::error::CommandError;
use crate::execute::execute;
use crate::state::CommandState;

/// The code with which a moderator refuses a message.
const REFUSED: &str = "content_refused";

/// The code of a message that was erased before anybody decided.
const ERASED: &str = "erased";

/// A held message, and who decides on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeldMessage<'a> {
    pub(crate) sender: &'a UserId,
    pub(crate) id: HeldId,
    pub(crate) by: &'a UserId,
}

/// What was decided, as the receipt says.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct StoredDecision {
    /// The seq of the message that was sent; `None` if it was refused.
    #[serde(default)]
    seq: Option<i64>,
    /// Whether a rule refused it when it was to be sent.
    #[serde(default)]
    by_rule: bool,
}

/// Who refuses a message, and how.
#[derive(Debug, Clone, Copy)]
struct HeldRefusal {
    /// The code, which the sender gets.
    code: &'static str,
    /// Whether a rule refused it when it was to be sent.
    by_rule: bool,
    /// Whether legal holds prevent it, because it erases the content.
    respects_legal_holds: bool,
}

/// What became of an append to the mailbox.
enum AppendOutcome {
    At(i64),
    /// The message does not wait, or no longer.
    NotHeld,
    Conflict,
}

impl StoredDecision {
    fn parse(answer: &[u8]) -> Result<Self, LogError> {
        serde_json::from_slice(answer)
            .map_err(|error| LogError::Corrupt(format!("the receipt of a held message: {error}")))
    }
}

impl HeldMessage<'_> {
    /// Sends the message as new. All rules but the hook apply; the message is refused with the code
    /// of the rule that it breaks, except that slow mode lets it wait. Returns the log position.
    pub(crate) async fn release(self, state: &CommandState) -> Result<i64, CommandError> {
        let mut attempts = Attempts::default();
        loop {
            attempts.start_next().await?;
            if let Some(decision) = self.find_decision(state).await? {
                return self.finish_release(state, &decision).await;
            }
            if let Some(code) = state.find_bar(self.sender) {
                return self.refuse_by_rule(state, code).await;
            }
            let Some(content) = self.load(state).await? else {
                // Somebody has decided since the look above, or the message was never held.
                let decision = self.find_decision(state).await?;
                let decision = decision.ok_or_else(Refusal::not_found)?;
                return self.finish_release(state, &decision).await;
            };
            let handler = SendHandler::for_held(state, self.sender, content, self.by)?;
            let handler = handler.ok_or_else(Refusal::not_found)?;
            match execute(state, &handler).await {
                Ok(response) => {
                    let decision = StoredDecision::parse(&response.body.0)?;
                    return self.finish_release(state, &decision).await;
                }
                Err(CommandError::Rejected(refusal)) if refusal.code == NOT_HELD => {}
                Err(CommandError::Rejected(refusal)) => {
                    if matches!(refusal.kind, RefusalKind::TooSoon(_)) {
                        return Err(refusal.into());
                    }
                    return self.refuse_by_rule(state, refusal.code).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Refuses the message, which erases its content. Returns the log position.
    pub(crate) async fn refuse(self, state: &CommandState) -> Result<i64, CommandError> {
        let refusal = HeldRefusal {
            code: REFUSED,
            by_rule: false,
            respects_legal_holds: true,
        };
        self.end(state, refusal).await
    }

    /// Erases the message. The caller has checked the legal holds.
    pub(crate) async fn erase(self, state: &CommandState) -> Result<i64, CommandError> {
        let refusal = HeldRefusal {
            code: ERASED,
            by_rule: false,
            respects_legal_holds: false,
        };
        self.end(state, refusal).await
    }

    async fn refuse_by_rule(
        self,
        state: &CommandState,
        code: &'static str,
    ) -> Result<i64, CommandError> {
        let refusal = HeldRefusal {
            code,
            by_rule: true,
            respects_legal_holds: true,
        };
        self.end(state, refusal).await
    }

    /// Finishes a release that was decided, also by an earlier call.
    async fn finish_release(
        self,
        state: &CommandState,
        decision: &StoredDecision,
    ) -> Result<i64, CommandError> {
        match decision.seq {
            Some(seq) => self.record(state, seq).await,
            None if decision.by_rule => Ok(state.log().head().await?),
            None => Err(Refusal::conflict("The message has been refused.").into()),
        }
    }

    async fn end(self, state: &CommandState, refusal: HeldRefusal) -> Result<i64, CommandError> {
        let decision = StoredDecision {
            seq: None,
            by_rule: refusal.by_rule,
        };
        let answer =
            serde_json::to_vec(&decision).map_err(|error| LogError::Corrupt(error.to_string()))?;
        let mut attempts = Attempts::default();
        loop {
            attempts.start_next().await?;
            match self.find_decision(state).await? {
                Some(StoredDecision { seq: Some(seq), .. }) => {
                    self.record(state, seq).await?;
                    let detail = "The message has been sent; recall it instead.";
                    return Err(Refusal::conflict(detail).into());
                }
                Some(StoredDecision { seq: None, .. }) => return Ok(state.log().head().await?),
                None => {}
            }
            let mut observations = Vec::new();
            if refusal.respects_legal_holds {
                observations.extend(self.check_legal_holds(state).await?);
            }
            let receipt = NewReceipt {
                key: ReceiptKey::for_held(self.sender, self.id),
                fingerprint: 0,
                event_index: None,
                answer: answer.clone(),
            };
            let result = Err(refusal.code.to_owned());
            let appended = self.append(state, result, vec![receipt], observations);
            match appended.await? {
                AppendOutcome::At(position) => return Ok(position),
                AppendOutcome::NotHeld if self.find_decision(state).await?.is_none() => {
                    return Err(Refusal::not_found().into());
                }
                AppendOutcome::NotHeld | AppendOutcome::Conflict => {}
            }
        }
    }

    /// Refuses if a legal hold covers what the sender has written to the conversation.
    async fn check_legal_holds(
        self,
        state: &CommandState,
    ) -> Result<Option<Observation>, CommandError> {
        let Some(conversation) = self.conversation(state).await? else {
            return Ok(None);
        };
        let covers = |hold: &HoldScope| {
            hold.covers_conversation(&conversation)
                || hold.covered_sender(&conversation) == Some(self.sender)
        };
        let deployments = state.log().deployments();
        let found = deployments.peek(DEPLOYMENT_ID, |deployment| deployment.holds().any(covers));
        let (is_covered, observation) = found.await?;
        if is_covered {
            return Err(Refusal::held().into());
        }
        Ok(Some(observation))
    }

    /// Records that the message was sent.
    async fn record(self, state: &CommandState, seq: i64) -> Result<i64, CommandError> {
        let mut attempts = Attempts::default();
        loop {
            attempts.start_next().await?;
            let appended = self.append(state, Ok(seq), Vec::new(), Vec::new());
            match appended.await? {
                AppendOutcome::At(position) => return Ok(position),
                AppendOutcome::NotHeld => return Ok(state.log().head().await?),
                AppendOutcome::Conflict => {}
            }
        }
    }

    /// Appends what became of the message to the mailbox.
    async fn append(
        self,
        state: &CommandState,
        result: Result<i64, String>,
        receipts: Vec<NewReceipt>,
        observations: Vec<Observation>,
    ) -> Result<AppendOutcome, CommandError> {
        let mailboxes = state.log().mailboxes();
        let locked = mailboxes.lock(self.sender.as_str()).await?;
        if locked.state().held(self.id).is_none() {
            return Ok(AppendOutcome::NotHeld);
        }
        let complete = MailboxCommand::CompleteHeld(CompleteHeldMessage {
            held_id: self.id,
            result,
            by: self.by.clone(),
        });
        let request = AppendRequest {
            events: locked.state().decide(complete, state.limits())?,
            receipts,
            observations,
            actor: Some(self.by.clone()),
        };
        match locked.append(request).wait().await {
            Ok(appended) => Ok(AppendOutcome::At(appended.last)),
            Err(AppendError::Conflict | AppendError::DuplicateKey(_)) => {
                Ok(AppendOutcome::Conflict)
            }
            Err(AppendError::Log(error)) => Err(error.into()),
        }
    }

    /// The conversation, if the message still waits.
    async fn conversation(
        self,
        state: &CommandState,
    ) -> Result<Option<ConversationId>, CommandError> {
        let mailboxes = state.log().mailboxes();
        let found = mailboxes.peek(self.sender.as_str(), |mailbox| {
            mailbox.held(self.id).cloned()
        });
        Ok(found.await?.0)
    }

    async fn find_decision(self, state: &CommandState) -> Result<Option<StoredDecision>, LogError> {
        let key = ReceiptKey::for_held(self.sender, self.id);
        let receipt = state.log().find_receipt(key).await?;
        receipt
            .map(|Receipt { answer, .. }| StoredDecision::parse(&answer))
            .transpose()
    }

    /// Loads the message; `None` if it does not wait, or no longer.
    async fn load(self, state: &CommandState) -> Result<Option<MessageHeld>, CommandError> {
        let mailboxes = state.log().mailboxes();
        let locked = mailboxes.lock(self.sender.as_str()).await?;
        if locked.state().held(self.id).is_none() {
            return Ok(None);
        }
        let events = locked.load_waiting_events(self.id.number()).await?;
        let content = events.into_iter().find_map(|event| match event {
            MailboxEvent::MessageHeld(held) => Some(held),
            _ => None,
        });
        // This aggregate has become invalid in the meantime.
        content.map(Some).ok_or(CommandError::Contention)
    }
}

/// Erases the held messages of a user: all, or those to one conversation. Returns the log positions
/// of the first and the last event.
pub(crate) async fn erase_all(
    state: &CommandState,
    sender: &UserId,
    conversation: Option<&ConversationId>,
    by: &UserId,
) -> Result<Option<(i64, i64)>, CommandError> {
    let mailboxes = state.log().mailboxes();
    let found = mailboxes.peek(sender.as_str(), |mailbox| {
        let held = mailbox.all_held();
        held.filter(|(_, id)| conversation.is_none_or(|only| only == *id))
            .map(|(id, _)| id)
            .collect::<Vec<_>>()
    });
    let (ids, _) = found.await?;
    let mut range = None;
    for id in ids {
        match (HeldMessage { sender, id, by }).erase(state).await {
            Ok(position) => {
                let (first, _) = range.unwrap_or((position, position));
                range = Some((first, position));
            }
            // It was sent in the meantime, and is erased as a message.
            Err(CommandError::Rejected(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(range)
}
