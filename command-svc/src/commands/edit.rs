//! `PUT /v1/conversations/{id}/messages/{seq}`.

use std::sync::Arc;

use axum::extract::State;
use domain::body::{MessageBody, MessageType};
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, EditMessage};
use domain::conversation::event::ConversationEvent;
use domain::deployment::MessageHook;
use domain::refusal::Refusal;
use event_log::{LockedAggregate, Observation};
use http_edge::schema::message_body::MessageBodySchema;
use http_edge::{Json, Path};
use moderation::{ActiveHook, Rulebook};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::message_lookup::{self, ClearedMessage, MessageCommand};
use super::used_file::KeptFile;
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
use crate::message_check::{CheckedMessage, Verdict, check_due};
use crate::metrics::CommandKind;
use crate::params;
use crate::pending_check;
use crate::response::{CommandResponse, PositionPlaceholder, ResponseBody};
use crate::screening::{self, ScreenedValue};
use crate::state::CommandState;

/// The new body of a message.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct EditRequest {
    /// The new body: a JSON object of at most 64 KiB. Text messages have their text in `text`, and
    /// messages with a file their caption. Numbers are kept exactly, or refused, as in a send.
    #[schema(value_type = MessageBodySchema)]
    pub(crate) body: Value,
}

/// What became of an edit, or of a change of a title, a topic or a name.
#[derive(Serialize, ToSchema)]
#[schema(as = Edited)]
pub(crate) struct EditResponse {
    /// Present and true if a word list or the rules for links have masked parts of the text.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub(crate) masked: bool,
    /// The log position of the last event, or the head of the log if nothing changed.
    #[serde(skip_serializing_if = "PositionPlaceholder::is_placeholder")]
    #[schema(value_type = i64, required = true, minimum = 0)]
    pub(crate) position: PositionPlaceholder,
}

/// The handler that edits a message.
pub(crate) struct EditHandler {
    meta: CommandMeta<Conversation>,
    seq: i64,
    /// The unvalidated body. Which body is valid depends on the type of the message, which only the
    /// conversation knows.
    body: Value,
    check: EditCheck,
}

/// Whether the hook has checked an edit.
enum EditCheck {
    /// There is none, or it allows the edit.
    Passed,
    /// It still has to check the edit: then the command is not executed.
    Due(Arc<ActiveHook>),
    /// It refuses the edit.
    Failed(Refusal),
}

/// An edit that the rules accept.
struct AcceptedEdit {
    /// The type of the message, if the caller can see it.
    kind: Option<MessageType>,
    is_masked: bool,
    events: Vec<ConversationEvent>,
}

impl EditHandler {
    pub(crate) fn new(
        meta: CommandMeta<Conversation>,
        seq: i64,
        body: Value,
        rulebook: &Rulebook,
    ) -> Self {
        let hook = rulebook.rules().hook.clone();
        let check = hook.map_or(EditCheck::Passed, EditCheck::Due);
        Self {
            meta,
            seq,
            body,
            check,
        }
    }

    /// Whether the hook still has to check it.
    pub(crate) fn is_unchecked(&self) -> bool {
        matches!(self.check, EditCheck::Due(_))
    }

    /// Asks the hook, unless the edit was executed earlier, changes nothing, or the rules refuse
    /// it. An edit cannot be held, because the message is there already.
    pub(crate) async fn check(
        &mut self,
        state: &CommandState,
        deadline: Instant,
    ) -> Result<(), CommandError> {
        let EditCheck::Due(active) = &self.check else {
            return Ok(());
        };
        let found = pending_check::in_time(async {
            if pending_check::is_known(state, self).await? {
                return Ok(None);
            }
            self.find_checked(state, &active.hook).await
        });
        let Some((kind, body)) = found.await? else {
            return Ok(());
        };
        let message = CheckedMessage {
            conversation_id: &self.meta.aggregate_id,
            sender: &self.meta.caller,
            kind,
            body: &body,
            mentions: &[],
            reply_to: None,
            thread: None,
            seq: Some(self.seq),
        };
        let verdict = pending_check::ask(state, &active.hook, &message, deadline).await?;
        self.check = match verdict {
            Verdict::Allow => EditCheck::Passed,
            Verdict::Refuse(reason) => EditCheck::Failed(Refusal::message_refused(reason)),
            Verdict::Hold(_) => EditCheck::Failed(Refusal::message_refused(Some(
                "A moderator would have to look at this edit first, but edits cannot wait; send a \
                 new message instead."
                    .to_owned(),
            ))),
        };
        Ok(())
    }

    /// What the hook is to check. `None` if there is nothing.
    async fn find_checked(
        &self,
        state: &CommandState,
        hook: &MessageHook,
    ) -> Result<Option<(MessageType, MessageBody)>, CommandError> {
        let lookups = EditLookups::load(self, state, &mut Vec::new()).await;
        let accepted = match lookups {
            Ok(lookups) => {
                let conversations = state.log().conversations();
                let locked = conversations.lock(self.meta.aggregate_id.as_str()).await?;
                self.accept(state, &locked, lookups).await
            }
            Err(stop) => Err(stop),
        };
        match accepted {
            Ok(accepted) => Ok(accepted.checked_body(hook)),
            Err(AttemptError::Rejected(_)) => Ok(None),
            Err(AttemptError::Retry) => Err(CommandError::Contention),
            Err(AttemptError::Log(error)) => Err(error.into()),
        }
    }

    async fn accept(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        EditLookups { cleared, file }: EditLookups,
    ) -> Result<AcceptedEdit, AttemptError> {
        let caller = &self.meta.caller;
        let message = message_lookup::load_unless_recent(locked, caller, self.seq, cleared).await?;
        let conversation = locked.state();
        let kind = conversation.visible_message_type(caller, self.seq, message.as_ref());
        let completed = match kind {
            Some(_) => file.complete(conversation, self.seq, message.as_ref(), &self.body)?,
            None => None,
        };
        let body = completed.unwrap_or_else(|| self.body.clone());
        let screened = match kind {
            Some(kind) => screening::screen_body(&state.rulebook(), kind, &body)?,
            None => ScreenedValue::unchanged(None),
        };
        let edit = EditMessage {
            seq: self.seq,
            body: screened.value.unwrap_or(body),
            by: caller.clone(),
            now: state.now(),
            message,
        };
        let events = conversation.decide(ConversationCommand::Edit(edit), state.limits())?;
        let flagged = |event: ConversationEvent| event.flagged(&screened.flags);
        Ok(AcceptedEdit {
            kind,
            is_masked: screened.masked,
            events: events.into_iter().map(flagged).collect(),
        })
    }
}

impl AcceptedEdit {
    /// The type and the new body, if the hook checks messages of this type and the body changes.
    fn checked_body(&self, hook: &MessageHook) -> Option<(MessageType, MessageBody)> {
        let kind = self.kind.filter(|kind| hook.checks(*kind))?;
        self.events.iter().find_map(|event| match event {
            ConversationEvent::MessageEdited(edited) => Some((kind, edited.body.clone())),
            _ => None,
        })
    }
}

/// Whether the caller has cleared the message, and the file that it keeps.
pub(crate) struct EditLookups {
    cleared: ClearedMessage,
    file: KeptFile,
}

impl CommandLookups<EditHandler> for EditLookups {
    async fn load(
        handler: &EditHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let conversation = handler.meta.aggregate_id.as_str();
        Ok(Self {
            cleared: ClearedMessage::load(handler, state, observed).await?,
            file: KeptFile::load(state, conversation, handler.seq).await?,
        })
    }
}

impl MessageCommand for EditHandler {
    fn seq(&self) -> i64 {
        self.seq
    }
}

impl CommandHandler for EditHandler {
    type Target = Conversation;
    type Lookups = EditLookups;

    fn meta(&self) -> &CommandMeta<Conversation> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        lookups: EditLookups,
    ) -> Result<Decision<ConversationEvent>, AttemptError> {
        let accepted = self.accept(state, locked, lookups).await?;
        match &self.check {
            EditCheck::Due(active) if accepted.checked_body(&active.hook).is_some() => {
                return Err(check_due().into());
            }
            EditCheck::Failed(refusal) => return Err(refusal.clone().into()),
            EditCheck::Due(_) | EditCheck::Passed => {}
        }
        let response = EditResponse {
            masked: accepted.is_masked,
            position: PositionPlaceholder,
        };
        Ok(Decision::with_body(
            accepted.events,
            ResponseBody::serialize(&response)?,
        ))
    }
}

/// Edit a message
///
/// Requires the author of the message; a recalled message cannot be edited. An equal body changes
/// nothing. A message keeps its file: the body need not name it, and cannot name another one. If
/// the hook would hold the edit, it is refused.
#[utoipa::path(
    put,
    path = "/v1/conversations/{id}/messages/{seq}",
    operation_id = "edit_message",
    tag = "messages",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        ("seq" = i64, Path, minimum = 1, description = "The message", example = 1),
        IdempotencyParams,
    ),
    request_body(content = EditRequest, example = json!({"body": {"text": "noodles at noon?"}})),
    responses(
        (status = 200, description = "The message has this body", body = EditResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn edit_message(
    State(state): State<CommandState>,
    requester: Requester,
    Path((id, seq)): Path<(String, String)>,
    Json(request): Json<EditRequest>,
) -> Result<CommandResponse, CommandError> {
    let conversation = params::parse_conversation(&id)?;
    let meta = requester.into_meta(CommandKind::Edit, conversation, &[&id, &seq], &request)?;
    let seq = params::parse_seq(&seq)?;
    let mut edit = EditHandler::new(meta, seq, request.body, &state.rulebook());
    if edit.is_unchecked() {
        let key = edit.meta.idempotency.map(|known| known.key);
        let _turn = pending_check::lead(&state, key).await;
        edit.check(&state, pending_check::deadline()).await?;
        return execute(&state, &edit).await;
    }
    execute(&state, &edit).await
}
