//! `POST /v1/conversations/{id}/messages` with `send_at`, and `PATCH` and `DELETE
//! /v1/scheduled/{id}`: messages that are sent later. [`crate::scheduled`] sends them.

use std::borrow::Cow;

use axum::extract::State;
use domain::body::MessageBody;
use domain::ids::{ClientKey, ConversationId};
use domain::limits::Limits;
use domain::mailbox::Mailbox;
use domain::mailbox::command::{
    CancelScheduledMessages, ChangeScheduledMessage, MailboxCommand, ScheduleMessage,
};
use domain::mailbox::event::MailboxEvent;
use domain::refusal::Refusal;
use domain::time::Timestamp;
use event_log::{LockedAggregate, LogError, Observation, Receipt, ReceiptKey};
use http::StatusCode;
use http_edge::{Json, Path};
use moderation::Rulebook;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::membership;
use super::message_draft::{MessageDraft, SendRequest};
use super::used_file::{self, NamedFile};
use crate::caller::{AuthenticatedUser, Requester};
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
use crate::idempotency::Idempotency;
use crate::metrics::CommandKind;
use crate::response::{CommandResponse, PositionPlaceholder, PositionResponse, ResponseBody};
use crate::screening;
use crate::state::CommandState;

/// A scheduled message after the command.
#[derive(Serialize, ToSchema)]
#[schema(as = Scheduled)]
pub(crate) struct ScheduleResponse {
    /// Its id, for the caller alone.
    scheduled_id: String,
    /// When it is due.
    #[schema(value_type = String, format = DateTime)]
    send_at: Timestamp,
    /// Present and true if a word list or the rules for links have masked parts of the text.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    masked: bool,
    #[serde(skip_serializing_if = "PositionPlaceholder::is_placeholder")]
    #[schema(value_type = i64, required = true, minimum = 1)]
    position: PositionPlaceholder,
}

/// A change of a scheduled message: at least one of the two fields.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ScheduledChangeRequest {
    /// When to send it, up to a year ahead.
    #[schema(format = DateTime)]
    send_at: Option<String>,
    /// The new body.
    #[schema(value_type = Option<http_edge::schema::message_body::MessageBodySchema>)]
    body: Option<Value>,
}

/// The id of a scheduled message in the API.
fn format_id(number: i64) -> String {
    format!("s{number}")
}

fn parse_id(text: &str) -> Result<i64, Refusal> {
    let number = text
        .strip_prefix('s')
        .and_then(|number| number.parse().ok());
    number
        .filter(|number| *number > 0 && format_id(*number) == text)
        .ok_or_else(Refusal::not_found)
}

fn parse_send_at(text: &str) -> Result<Timestamp, Refusal> {
    let expected = || Refusal::invalid("send_at", format!("Expected {}.", Timestamp::FORMAT));
    Timestamp::parse(text).ok_or_else(expected)
}

fn describe(number: i64, send_at: Timestamp, masked: bool) -> Result<ResponseBody, LogError> {
    ResponseBody::serialize(&ScheduleResponse {
        scheduled_id: format_id(number),
        send_at,
        masked,
        position: PositionPlaceholder,
    })
}

/// The handler that schedules a message.
pub(crate) struct ScheduleHandler {
    meta: CommandMeta<Mailbox>,
    conversation: ConversationId,
    client_message_id: ClientKey,
    /// The message and its time, or the refusal of an invalid one. Only members see it.
    draft: Result<(MessageDraft, Timestamp), Refusal>,
}

impl ScheduleHandler {
    /// Parses a send with `send_at`. The key is that of the send: repeating it schedules nothing.
    pub(crate) fn parse(
        sender: AuthenticatedUser,
        conversation: ConversationId,
        request: &SendRequest,
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        let key = ClientKey::parse(&request.client_message_id)
            .map_err(|invalid| Refusal::invalid("client_message_id", invalid.0))?;
        let send_at = parse_send_at(request.send_at.as_deref().unwrap_or_default());
        let draft = MessageDraft::parse(request, limits);
        let draft = draft.and_then(|draft| Ok((draft, send_at?)));
        let body = match &draft {
            Ok((draft, _)) => Cow::Borrowed(draft.body.as_json()),
            Err(_) => Cow::Owned(MessageBody::canonical_json(&request.body)),
        };
        let idempotency = Idempotency {
            key: ReceiptKey::for_send(&sender.id, &key),
            fingerprint: request.fingerprint(&conversation, &body),
        };
        Ok(Self {
            meta: CommandMeta {
                kind: CommandKind::Schedule,
                aggregate_id: sender.id.clone(),
                caller: sender.id,
                actor: sender.actor,
                idempotency: Some(idempotency),
            },
            conversation,
            client_message_id: key,
            draft,
        })
    }

    /// The same command with the body completed with what its file is. The fingerprint stays that
    /// of the request.
    pub(crate) async fn completed(mut self, state: &CommandState) -> Result<Self, LogError> {
        self.draft = match self.draft {
            Ok((draft, send_at)) => {
                let draft = draft.completed(state, &self.meta.caller).await?;
                draft.map(|draft| (draft, send_at))
            }
            refused => refused,
        };
        Ok(self)
    }

    /// The same command with its text screened. The fingerprint stays that of the request.
    pub(crate) fn screened(mut self, body: &Value, rulebook: &Rulebook, limits: &Limits) -> Self {
        self.draft = self.draft.and_then(|(draft, send_at)| {
            let draft = draft.screened(body, rulebook, limits)?;
            Ok((draft, send_at))
        });
        self
    }
}

/// That the sender is a member of the conversation, and why the message cannot use its file, if so.
pub(crate) struct SenderMembership {
    file: Option<Refusal>,
}

impl CommandLookups<ScheduleHandler> for SenderMembership {
    async fn load(
        handler: &ScheduleHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let (conversation, caller) = (&handler.conversation, &handler.meta.caller);
        membership::observe_membership(state, conversation, caller, 0, observed).await?;
        let file = match &handler.draft {
            Ok((draft, _)) => {
                let content = (draft.kind, &draft.body);
                used_file::find_refusal(state, caller, content, observed).await?
            }
            Err(_) => None,
        };
        Ok(Self { file })
    }
}

impl CommandHandler for ScheduleHandler {
    type Target = Mailbox;
    type Lookups = SenderMembership;

    fn meta(&self) -> &CommandMeta<Mailbox> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Mailbox>,
        lookups: SenderMembership,
    ) -> Result<Decision<MailboxEvent>, AttemptError> {
        let (draft, send_at) = self.draft.as_ref().map_err(Refusal::clone)?;
        if let Some(refusal) = lookups.file {
            return Err(refusal.into());
        }
        let schedule = ScheduleMessage {
            conversation: self.conversation.clone(),
            kind: draft.kind,
            body: draft.body.clone(),
            reply_to: draft.reply_to,
            mentions: draft.mentions.clone(),
            thread: draft.thread,
            client_message_id: self.client_message_id.clone(),
            send_at: *send_at,
            now: state.now(),
        };
        let mailbox = locked.state();
        let events = mailbox.decide(MailboxCommand::Schedule(schedule), state.limits())?;
        let number = events.last().and_then(MailboxEvent::scheduled_number);
        Ok(Decision {
            body: describe(number.unwrap_or_default(), *send_at, draft.masked)?,
            events,
            status: StatusCode::ACCEPTED,
        })
    }

    async fn may_replay(&self, state: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        state.is_member(&self.conversation, &self.meta.caller).await
    }
}

/// The handler that changes or cancels a scheduled message.
pub(crate) struct ScheduledHandler {
    meta: CommandMeta<Mailbox>,
    action: Result<ScheduledAction, Refusal>,
}

/// What to do with a scheduled message.
enum ScheduledAction {
    Change {
        number: i64,
        send_at: Option<Timestamp>,
        body: Option<Value>,
    },
    Cancel {
        number: i64,
    },
}

impl ScheduledAction {
    fn number(&self) -> i64 {
        match self {
            Self::Change { number, .. } | Self::Cancel { number } => *number,
        }
    }
}

/// Whether the message has been sent, of which its mailbox learns a moment later, and its new body
/// with the file that this names.
pub(crate) struct SendReceipt {
    exists: bool,
    body: Option<Value>,
    file: NamedFile,
}

impl CommandLookups<ScheduledHandler> for SendReceipt {
    /// The append fails if anything is sent to the conversation after this lookup. So what was
    /// changed or cancelled is not sent, even if the clocks of two processes disagree about whether
    /// it is due.
    async fn load(
        handler: &ScheduledHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let owner = &handler.meta.aggregate_id;
        let body = match &handler.action {
            Ok(ScheduledAction::Change {
                number,
                body: Some(body),
                ..
            }) => Some(used_file::keep_scheduled(state, owner, *number, body).await?),
            _ => None,
        };
        let mut lookups = Self {
            exists: false,
            file: NamedFile::observe(state, owner, body.as_ref(), observed).await?,
            body,
        };
        let Ok(number) = handler.action.as_ref().map(ScheduledAction::number) else {
            return Ok(lookups);
        };
        let log = state.log();
        let (conversation, _) = log
            .mailboxes()
            .peek(owner.as_str(), |mailbox| {
                let message = mailbox.scheduled(number);
                message.map(|message| message.conversation.clone())
            })
            .await?;
        let Some(conversation) = conversation else {
            return Ok(lookups);
        };
        let conversations = log.conversations();
        let ((), observation) = conversations.peek(conversation.as_str(), |_| ()).await?;
        observed.push(observation);
        let receipt = log.find_receipt(ReceiptKey::for_scheduled(owner, number));
        lookups.exists = receipt.await?.is_some();
        Ok(lookups)
    }
}

impl CommandHandler for ScheduledHandler {
    type Target = Mailbox;
    type Lookups = SendReceipt;

    fn meta(&self) -> &CommandMeta<Mailbox> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Mailbox>,
        receipt: SendReceipt,
    ) -> Result<Decision<MailboxEvent>, AttemptError> {
        let mailbox = locked.state();
        if receipt.exists {
            return Err(Refusal::conflict("The message is due and is being sent.").into());
        }
        match self.action.as_ref().map_err(Refusal::clone)? {
            ScheduledAction::Change {
                number, send_at, ..
            } => {
                let known = mailbox.scheduled(*number).ok_or_else(Refusal::not_found)?;
                let body = match receipt.body {
                    Some(body) => receipt.file.complete(known.kind, &body)?.or(Some(body)),
                    None => None,
                };
                let masked = match &body {
                    Some(body) => {
                        screening::screen_body(&state.rulebook(), known.kind, body)?.value
                    }
                    None => None,
                };
                let is_masked = masked.is_some();
                let change = ChangeScheduledMessage {
                    number: *number,
                    send_at: *send_at,
                    body: masked.or(body),
                    now: state.now(),
                };
                let command = MailboxCommand::ChangeScheduled(change);
                let body = describe(*number, send_at.unwrap_or(known.send_at), is_masked)?;
                let events = mailbox.decide(command, state.limits())?;
                Ok(Decision::with_body(events, body))
            }
            ScheduledAction::Cancel { number } => {
                if mailbox.scheduled(*number).is_none() {
                    check_cancelled(locked, *number).await?;
                }
                let cancel = CancelScheduledMessages {
                    numbers: vec![*number],
                    by: self.meta.caller.clone(),
                    now: Some(state.now()),
                };
                let command = MailboxCommand::CancelScheduled(cancel);
                let events = mailbox.decide(command, state.limits())?;
                Ok(Decision::from_events(events))
            }
        }
    }
}

/// Checks that a scheduled message that no longer waits was cancelled. What was sent cannot be
/// cancelled.
async fn check_cancelled(
    locked: &LockedAggregate<Mailbox>,
    number: i64,
) -> Result<(), AttemptError> {
    if !locked.state().has_scheduled(number) {
        return Err(Refusal::not_found().into());
    }
    let events = locked.load_waiting_events(number).await?;
    match events.last() {
        // The number is that of a held message.
        Some(event) if event.held_id().is_some() => Err(Refusal::not_found().into()),
        Some(MailboxEvent::ScheduledMessageSent(_)) => {
            Err(Refusal::conflict("The message has been sent. Recall it instead.").into())
        }
        _ => Ok(()),
    }
}

/// Change a scheduled message
///
/// A message that failed waits again, and needs a new `send_at` if that has passed. A new body that
/// names no file keeps that of the message.
#[utoipa::path(
    patch,
    path = "/v1/scheduled/{id}",
    operation_id = "change_scheduled",
    tag = "messages",
    params(
        ("id" = String, Path, description = "The scheduled message", example = "s1"),
        IdempotencyParams,
    ),
    request_body(content = ScheduledChangeRequest, example = json!({"body": {"text": "noodles!"}})),
    responses(
        (status = 200, description = "The message after the command", body = ScheduleResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn change_scheduled(
    State(state): State<CommandState>,
    requester: Requester,
    Path(id): Path<String>,
    Json(request): Json<ScheduledChangeRequest>,
) -> Result<CommandResponse, CommandError> {
    let mailbox = requester.user.clone();
    let meta = requester.into_meta(CommandKind::ChangeScheduled, mailbox, &[&id], &request)?;
    let action = parse_id(&id).and_then(|number| {
        Ok(ScheduledAction::Change {
            number,
            send_at: request.send_at.as_deref().map(parse_send_at).transpose()?,
            body: request.body,
        })
    });
    execute(&state, &ScheduledHandler { meta, action }).await
}

/// Cancel a scheduled message
///
/// Its text is erased from the log.
#[utoipa::path(
    delete,
    path = "/v1/scheduled/{id}",
    operation_id = "cancel_scheduled",
    tag = "messages",
    params(
        ("id" = String, Path, description = "The scheduled message", example = "s1"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The message will not be sent", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn cancel_scheduled(
    State(state): State<CommandState>,
    requester: Requester,
    Path(id): Path<String>,
) -> Result<CommandResponse, CommandError> {
    let mailbox = requester.user.clone();
    let meta = requester.into_meta(CommandKind::CancelScheduled, mailbox, &[&id], &())?;
    let action = parse_id(&id).map(|number| ScheduledAction::Cancel { number });
    execute(&state, &ScheduledHandler { meta, action }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_form() {
        assert_eq!(parse_id("s7").ok(), Some(7));
        for bad in [
            "",
            "s",
            "7",
            "s0",
            "s-1",
            "s07",
            "s+7",
            "S7",
            "s9223372036854775808",
        ] {
            assert_eq!(
                parse_id(bad).map_err(|refusal| refusal.code),
                Err("not_found"),
                "{bad}"
            );
        }
    }
}
