//! `PUT` and `DELETE /v1/blocks/{user}`.

use axum::extract::State;
use domain::ids::UserId;
use domain::mailbox::Mailbox;
use domain::mailbox::command::MailboxCommand;
use domain::mailbox::event::MailboxEvent;
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

/// The handler that blocks or unblocks a user.
pub(crate) struct BlockHandler {
    meta: CommandMeta<Mailbox>,
    user: UserId,
    action: BlockAction,
}

/// Block or unblock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BlockAction {
    Block,
    Unblock,
}

impl BlockAction {
    fn command_kind(self) -> CommandKind {
        match self {
            Self::Block => CommandKind::Block,
            Self::Unblock => CommandKind::Unblock,
        }
    }
}

impl CommandHandler for BlockHandler {
    type Target = Mailbox;
    type Lookups = ();

    fn meta(&self) -> &CommandMeta<Mailbox> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Mailbox>,
        (): (),
    ) -> Result<Decision<MailboxEvent>, AttemptError> {
        let user = self.user.clone();
        let command = match self.action {
            BlockAction::Block => MailboxCommand::Block(user),
            BlockAction::Unblock => MailboxCommand::Unblock(user),
        };
        Ok(Decision::from_events(
            locked.state().decide(command, state.limits())?,
        ))
    }
}

async fn execute_block(
    state: &CommandState,
    requester: Requester,
    user: &str,
    action: BlockAction,
) -> Result<CommandResponse, CommandError> {
    let mailbox = requester.user.clone();
    let meta = requester.into_meta(action.command_kind(), mailbox, &[user], &())?;
    let user = params::parse_user(user)?;
    execute(state, &BlockHandler { meta, user, action }).await
}

/// Block a user
///
/// Rejects direct messages from the blocked user, and direct conversations that the blocked user
/// starts with the caller.
#[utoipa::path(
    put,
    path = "/v1/blocks/{user}",
    operation_id = "block_user",
    tag = "users",
    params(
        ("user" = String, Path, description = "The user to block", example = "dave"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The user is blocked", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn block_user(
    State(state): State<CommandState>,
    requester: Requester,
    Path(user): Path<String>,
) -> Result<CommandResponse, CommandError> {
    execute_block(&state, requester, &user, BlockAction::Block).await
}

/// Unblock a user
///
/// Direct messages from this user are accepted again.
#[utoipa::path(
    delete,
    path = "/v1/blocks/{user}",
    operation_id = "unblock_user",
    tag = "users",
    params(
        ("user" = String, Path, description = "The user to unblock", example = "dave"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The user is not blocked", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn unblock_user(
    State(state): State<CommandState>,
    requester: Requester,
    Path(user): Path<String>,
) -> Result<CommandResponse, CommandError> {
    execute_block(&state, requester, &user, BlockAction::Unblock).await
}
