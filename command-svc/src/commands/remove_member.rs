//! `DELETE /v1/conversations/{id}/members/{user}`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, RemoveMember};
use domain::conversation::event::ConversationEvent;
use domain::ids::UserId;
use event_log::LockedAggregate;
use http_edge::Path;

use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// The handler that removes a member.
pub(crate) struct RemoveMemberHandler {
    meta: CommandMeta<Conversation>,
    user: UserId,
}

impl CommandHandler for RemoveMemberHandler {
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
        let command = ConversationCommand::RemoveMember(RemoveMember {
            user: self.user.clone(),
            by: self.meta.caller.clone(),
        });
        Ok(Decision::from_events(
            locked.state().decide(command, state.limits())?,
        ))
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
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        ("user" = String, Path, description = "The user to remove; the caller, to leave", example = "bob"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The user is not a member", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn remove_member(
    State(state): State<CommandState>,
    requester: Requester,
    Path((id, user)): Path<(String, String)>,
) -> Result<CommandResponse, CommandError> {
    let conversation = params::parse_conversation(&id)?;
    let path = [id.as_str(), &user];
    let meta = requester.into_meta(CommandKind::RemoveMember, conversation, &path, &())?;
    let user = params::parse_user(&user)?;
    execute(&state, &RemoveMemberHandler { meta, user }).await
}
