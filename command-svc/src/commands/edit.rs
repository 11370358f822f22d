//! `PUT /v1/conversations/{id}/messages/{seq}`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, EditMessage};
use domain::conversation::event::ConversationEvent;
use event_log::LockedAggregate;
use http_edge::schema::message_body::MessageBodySchema;
use http_edge::{Json, Path};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::message_lookup::{self, ClearedMessage, MessageCommand};
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionPlaceholder, ResponseBody};
use crate::screening::{self, Screened};
use crate::state::CommandState;

/// The new body of a message.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct EditRequest {
    /// The new body: a JSON object of at most 64 KiB. Text messages have their text in `text`.
    /// Numbers are kept exactly, or refused, as in a send.
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
    pub(crate) meta: CommandMeta<Conversation>,
    pub(crate) seq: i64,
    /// The unvalidated body. Which body is valid depends on the type of the message, which only the
    /// conversation knows.
    pub(crate) body: Value,
}

impl MessageCommand for EditHandler {
    fn seq(&self) -> i64 {
        self.seq
    }
}

impl CommandHandler for EditHandler {
    type Target = Conversation;
    type Lookups = ClearedMessage;

    fn meta(&self) -> &CommandMeta<Conversation> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        cleared: ClearedMessage,
    ) -> Result<Decision<ConversationEvent>, AttemptError> {
        let caller = &self.meta.caller;
        let message = message_lookup::load_unless_recent(locked, caller, self.seq, cleared).await?;
        let conversation = locked.state();
        let screened = match conversation.visible_message_type(caller, self.seq, message.as_ref()) {
            Some(kind) => screening::screen_body(&state.rulebook(), kind, &self.body)?,
            None => Screened::unchanged(None),
        };
        let response = EditResponse {
            masked: screened.masked,
            position: PositionPlaceholder,
        };
        let edit = EditMessage {
            seq: self.seq,
            body: screened.value.unwrap_or_else(|| self.body.clone()),
            by: caller.clone(),
            now: state.now(),
            message,
        };
        let events = conversation.decide(ConversationCommand::Edit(edit), state.limits())?;
        let flagged = |event: ConversationEvent| event.flagged(&screened.flags);
        let events = events.into_iter().map(flagged).collect();
        Ok(Decision::with_body(
            events,
            ResponseBody::serialize(&response)?,
        ))
    }
}

/// Edit a message
///
/// Requires the author of the message; a recalled message cannot be edited. An equal body changes
/// nothing.
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
    let body = request.body;
    execute(&state, &EditHandler { meta, seq, body }).await
}
