//! `PUT /v1/conversations/{id}/messages/{seq}`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, EditMessage};
use domain::conversation::event::ConversationEvent;
use domain::ids::{ConversationId, UserId};
use event_log::{LogError, LockedAggregate, Observation, Receipt};
use http_edge::{Json, Path};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{membership, old_message};
use crate::answer::{Answered, Positioned};
use crate::asker::Asker;
use crate::docs::Problems;
use crate::execute::execute;
use crate::keyed::Keyed;
use crate::meters::Op;
use crate::no::No;
use crate::order::{Decision, Order, Stop};
use crate::parts;
use crate::state::CommandState;

/// The new body of a message.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct EditRequest {
    /// The new body: a JSON object of at most 64 KiB. Text messages have their text in `text`.
    #[schema(value_type = Object)]
    pub(crate) body: Value,
}

/// The handler that edits a message.
pub(crate) struct EditOrder {
    pub(crate) conversation: ConversationId,
    pub(crate) seq: i64,
    /// The unvalidated body. Which body is valid depends on the type of the message, which only the
    /// conversation knows.
    pub(crate) body: Value,
    pub(crate) by: UserId,
    pub(crate) keyed: Option<Keyed>,
}

impl Order for EditOrder {
    type Home = Conversation;
    type Known = ();

    fn op(&self) -> Op {
        Op::Edit
    }

    fn id(&self) -> &str {
        self.conversation.as_str()
    }

    fn keyed(&self) -> Option<&Keyed> {
        self.keyed.as_ref()
    }

    async fn look_up(&self, _: &CommandState, _: &mut Vec<Observation>) -> Result<(), Stop> {
        Ok(())
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        (): (),
    ) -> Result<Decision<ConversationEvent>, Stop> {
        let edit = EditMessage {
            seq: self.seq,
            body: self.body.clone(),
            by: self.by.clone(),
            now: state.now(),
            message: old_message::look_up(locked, &self.by, self.seq).await?,
        };
        let command = ConversationCommand::Edit(edit);
        Ok(Decision::plain(
            locked.state().decide(command, state.limits())?,
        ))
    }

    async fn may_replay(&self, state: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        membership::is_member(state, &self.conversation, &self.by).await
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
        ("id" = String, Path, description = "The conversation"),
        ("seq" = i64, Path, minimum = 1, description = "The message"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 printable ASCII characters"),
    ),
    request_body = EditRequest,
    responses(
        (status = 200, description = "The message has this body", body = Positioned,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        Problems,
    ),
)]
pub(crate) async fn edit_message(
    State(state): State<CommandState>,
    Asker { user: by, key }: Asker,
    Path((id, seq)): Path<(String, String)>,
    Json(request): Json<EditRequest>,
) -> Result<Answered, No> {
    let conversation = parts::conversation(&id)?;
    let idempotency = Keyed::command(&by, key.as_ref(), Op::Edit, &[&id, &seq], &request)?;
    let seq = parts::seq(&seq)?;
    execute(
        &state,
        &EditOrder {
            conversation,
            seq,
            body: request.body,
            by,
            keyed: idempotency,
        },
    )
    .await
}
