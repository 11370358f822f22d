//! `DELETE /v1/conversations/{id}/members/{user}`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, RemoveMember};
use domain::conversation::event::ConversationEvent;
use domain::ids::ConversationId;
use event_log::{LockedAggregate, LogError, Observation, Receipt};
use http_edge::Path;

use super::membership;
use crate::caller::Requester;
use crate::docs::CommandProblems;
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, Decision};
use crate::idempotency::Idempotency;
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// The handler that removes a member.
pub(crate) struct RemoveMemberHandler {
    conversation: ConversationId,
    remove: RemoveMember,
    idempotency: Option<Idempotency>,
}

impl CommandHandler for RemoveMemberHandler {
    type Target = Conversation;
    type Lookups = ();

    fn command_kind(&self) -> CommandKind {
        CommandKind::RemoveMember
    }

    fn aggregate_id(&self) -> &str {
        self.conversation.as_str()
    }

    fn idempotency(&self) -> Option<&Idempotency> {
        self.idempotency.as_ref()
    }

    async fn load_lookups(
        &self,
        _: &CommandState,
        _: &mut Vec<Observation>,
    ) -> Result<(), AttemptError> {
        Ok(())
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        (): (),
    ) -> Result<Decision<ConversationEvent>, AttemptError> {
        let command = ConversationCommand::RemoveMember(self.remove.clone());
        Ok(Decision::from_events(
            locked.state().decide(command, state.limits())?,
        ))
    }

    async fn may_replay(&self, state: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        membership::is_member(state, &self.conversation, &self.remove.by).await
    }
}

/// Remove a member from a group, or leave it
///
/// Any member can leave. The owner and admins can remove other members, but admins cannot remove
/// the owner. If the owner leaves, the longest-serving admin becomes owner, or else the
/// longest-serving member.
#[utoipa::path(
    delete,
    path = "/v1/conversations/{id}/members/{user}",
    operation_id = "remove_member",
    tag = "conversations",
    params(
        ("id" = String, Path, description = "The conversation"),
        ("user" = String, Path, description = "The user to remove; the caller, to leave"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 printable ASCII characters"),
    ),
    responses(
        (status = 200, description = "The user is not a member", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn remove_member(
    State(state): State<CommandState>,
    Requester { user: by, key }: Requester,
    Path((id, user)): Path<(String, String)>,
) -> Result<CommandResponse, CommandError> {
    let conversation = params::parse_conversation(&id)?;
    let idempotency = Idempotency::for_command(
        &by,
        key.as_ref(),
        CommandKind::RemoveMember,
        &[&id, &user],
        &(),
    )?;
    let remove = RemoveMember {
        user: params::parse_user(&user)?,
        by,
    };
    execute(
        &state,
        &RemoveMemberHandler {
            conversation,
            remove,
            idempotency,
        },
    )
    .await
}
