//! `PUT` and `DELETE /v1/invitations/{conversation}`, and `DELETE
//! /v1/conversations/{id}/invitations/{user}`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, InvitationCommand};
use domain::conversation::event::ConversationEvent;
use domain::conversation::invitation_command::{AcceptInvitation, WithdrawInvitation};
use domain::ids::{ConversationId, UserId};
use event_log::{LockedAggregate, LogError, Observation, Receipt};
use http_edge::Path;

use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// The handler of the commands to an invitation.
pub(crate) struct InvitationHandler {
    meta: CommandMeta<Conversation>,
    action: InvitationAction,
}

/// Accept or decline, as the user who was invited; withdraw.
enum InvitationAction {
    Accept,
    Decline,
    Withdraw(UserId),
}

/// The user who invited the caller, and whether the caller blocks them.
pub(crate) struct Inviter {
    user: Option<UserId>,
    is_blocked: bool,
}

impl CommandLookups<InvitationHandler> for Inviter {
    async fn load(
        handler: &InvitationHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let caller = &handler.meta.caller;
        let conversations = state.log().conversations();
        let (user, _) = conversations
            .peek(handler.meta.aggregate_id.as_str(), |conversation| {
                conversation.inviter_of(caller).cloned()
            })
            .await?;
        let Some(inviter) = user else {
            return Ok(Self {
                user: None,
                is_blocked: false,
            });
        };
        let mailboxes = state.log().mailboxes();
        let (is_blocked, observation) = mailboxes
            .peek(caller.as_str(), |mailbox| mailbox.has_blocked(&inviter))
            .await?;
        observed.push(observation);
        Ok(Self {
            user: Some(inviter),
            is_blocked,
        })
    }
}

impl CommandHandler for InvitationHandler {
    type Target = Conversation;
    type Lookups = Inviter;

    fn meta(&self) -> &CommandMeta<Conversation> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        inviter: Inviter,
    ) -> Result<Decision<ConversationEvent>, AttemptError> {
        let conversation = locked.state();
        let caller = &self.meta.caller;
        if conversation.inviter_of(caller) != inviter.user.as_ref() {
            return Err(AttemptError::Retry);
        }
        let command = match &self.action {
            InvitationAction::Accept => InvitationCommand::Accept(AcceptInvitation {
                user: caller.clone(),
                blocks_inviter: inviter.is_blocked,
                now: state.now(),
            }),
            InvitationAction::Decline => InvitationCommand::Decline(caller.clone()),
            InvitationAction::Withdraw(user) => InvitationCommand::Withdraw(WithdrawInvitation {
                user: user.clone(),
                by: caller.clone(),
            }),
        };
        let command = ConversationCommand::Invitation(command);
        let events = conversation.decide(command, state.limits())?;
        Ok(Decision::from_events(events))
    }

    /// The response to the user who was invited says nothing but the position.
    async fn may_replay(&self, state: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        match self.action {
            InvitationAction::Accept | InvitationAction::Decline => Ok(true),
            InvitationAction::Withdraw(_) => {
                state
                    .is_member(&self.meta.aggregate_id, &self.meta.caller)
                    .await
            }
        }
    }
}

/// Answers an invitation of the caller.
async fn execute_answer(
    state: &CommandState,
    requester: Requester,
    id: &str,
    kind: CommandKind,
    action: InvitationAction,
) -> Result<CommandResponse, CommandError> {
    let conversation: ConversationId = params::parse_conversation(id)?;
    let meta = requester.into_meta(kind, conversation, &[id], &())?;
    execute(state, &InvitationHandler { meta, action }).await
}

/// Join by an invitation
///
/// Without an invitation, the conversation does not exist for the caller.
#[utoipa::path(
    put,
    path = "/v1/invitations/{conversation}",
    operation_id = "accept_invitation",
    tag = "conversations",
    params(
        ("conversation" = String, Path, description = "The group", example = "lunch"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The caller is a member", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn accept_invitation(
    State(state): State<CommandState>,
    requester: Requester,
    Path(id): Path<String>,
) -> Result<CommandResponse, CommandError> {
    let action = InvitationAction::Accept;
    execute_answer(
        &state,
        requester,
        &id,
        CommandKind::AcceptInvitation,
        action,
    )
    .await
}

/// Decline an invitation
///
/// The answer is the same if there is no invitation.
#[utoipa::path(
    delete,
    path = "/v1/invitations/{conversation}",
    operation_id = "decline_invitation",
    tag = "conversations",
    params(
        ("conversation" = String, Path, description = "The group", example = "lunch"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "There is no invitation", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn decline_invitation(
    State(state): State<CommandState>,
    requester: Requester,
    Path(id): Path<String>,
) -> Result<CommandResponse, CommandError> {
    let action = InvitationAction::Decline;
    execute_answer(
        &state,
        requester,
        &id,
        CommandKind::DeclineInvitation,
        action,
    )
    .await
}

/// Withdraw an invitation
///
/// Requires the role owner or admin.
#[utoipa::path(
    delete,
    path = "/v1/conversations/{id}/invitations/{user}",
    operation_id = "withdraw_invitation",
    tag = "conversations",
    params(
        ("id" = String, Path, description = "The group", example = "lunch"),
        ("user" = String, Path, description = "The user who was invited", example = "dave"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The user is not invited", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn withdraw_invitation(
    State(state): State<CommandState>,
    requester: Requester,
    Path((id, user)): Path<(String, String)>,
) -> Result<CommandResponse, CommandError> {
    let conversation = params::parse_conversation(&id)?;
    let kind = CommandKind::WithdrawInvitation;
    let meta = requester.into_meta(kind, conversation, &[&id, &user], &())?;
    let action = InvitationAction::Withdraw(params::parse_user(&user)?);
    execute(&state, &InvitationHandler { meta, action }).await
}
