//! `POST /v1/conversations/{id}/clear`.

use axum::extract::State;
use domain::ids::ConversationId;
use domain::mailbox::Mailbox;
use domain::mailbox::command::{ClearConversation, MailboxCommand};
use domain::mailbox::event::MailboxEvent;
use domain::membership::MembershipSnapshot;
use event_log::{LockedAggregate, LogError, Observation, Receipt};
use http_edge::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::membership;
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// How much of the conversation to clear.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ClearRequest {
    /// The last seq to remove. A seq beyond the last message means the last message.
    #[schema(minimum = 1)]
    up_to: i64,
}

/// The handler that clears the beginning of a conversation from the caller's view.
pub(crate) struct ClearHandler {
    meta: CommandMeta<Mailbox>,
    conversation: ConversationId,
    up_to: i64,
}

/// The membership of the caller.
pub(crate) struct ClearingMember(MembershipSnapshot);

impl CommandLookups<ClearHandler> for ClearingMember {
    async fn load(
        handler: &ClearHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let caller = &handler.meta.caller;
        membership::observe_membership(state, &handler.conversation, caller, 0, observed)
            .await
            .map(|(membership, _)| Self(membership))
    }
}

impl CommandHandler for ClearHandler {
    type Target = Mailbox;
    type Lookups = ClearingMember;

    fn meta(&self) -> &CommandMeta<Mailbox> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Mailbox>,
        ClearingMember(membership): ClearingMember,
    ) -> Result<Decision<MailboxEvent>, AttemptError> {
        let command = MailboxCommand::Clear(ClearConversation {
            conversation: self.conversation.clone(),
            up_to: self.up_to,
            membership,
        });
        Ok(Decision::from_events(
            locked.state().decide(command, state.limits())?,
        ))
    }

    async fn may_replay(&self, state: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        state.is_member(&self.conversation, &self.meta.caller).await
    }
}

/// Clear a conversation for the caller
///
/// Removes all messages up to `up_to` from the caller's own view, everywhere: history, sync,
/// search, unread counts, the inbox, pins and receipts. Other members see no difference. This
/// never goes back, and rejoining does not bring the messages back.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/clear",
    operation_id = "clear_conversation",
    tag = "inbox",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        IdempotencyParams,
    ),
    request_body(content = ClearRequest, example = json!({"up_to": 1})),
    responses(
        (status = 200, description = "Cleared, or already so", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn clear_conversation(
    State(state): State<CommandState>,
    requester: Requester,
    Path(id): Path<String>,
    Json(request): Json<ClearRequest>,
) -> Result<CommandResponse, CommandError> {
    let conversation = params::parse_conversation(&id)?;
    let mailbox = requester.user.clone();
    let meta = requester.into_meta(CommandKind::Clear, mailbox, &[&id], &request)?;
    let up_to = request.up_to;
    execute(
        &state,
        &ClearHandler {
            meta,
            conversation,
            up_to,
        },
    )
    .await
}
