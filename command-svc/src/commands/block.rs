//! `PUT` and `DELETE /v1/blocks/{user}`.

use axum::extract::State;
use domain::ids::UserId;
use domain::mailbox::Mailbox;
use domain::mailbox::command::MailboxCommand;
use domain::mailbox::event::MailboxEvent;
use event_log::{LogError, LockedAggregate, Observation, Receipt};
use http_edge::Path;

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

/// The handler that blocks or unblocks a user.
pub(crate) struct BlockOrder {
    user: UserId,
    what: What,
    caller: UserId,
    keyed: Option<Keyed>,
}

/// Block or unblock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Set,
    Lift,
}

impl What {
    fn op(self) -> Op {
        match self {
            Self::Set => Op::Block,
            Self::Lift => Op::Unblock,
        }
    }
}

impl Order for BlockOrder {
    type Home = Mailbox;
    type Known = ();

    fn op(&self) -> Op {
        self.what.op()
    }

    fn id(&self) -> &str {
        self.caller.as_str()
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
        locked: &LockedAggregate<Mailbox>,
        (): (),
    ) -> Result<Decision<MailboxEvent>, Stop> {
        let user = self.user.clone();
        let command = match self.what {
            What::Set => MailboxCommand::Block(user),
            What::Lift => MailboxCommand::Unblock(user),
        };
        Ok(Decision::plain(
            locked.state().decide(command, state.limits())?,
        ))
    }

    async fn may_replay(&self, _: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        Ok(true)
    }
}

async fn carry_out(
    state: &CommandState,
    Asker { user: caller, key }: Asker,
    user: &str,
    action: What,
) -> Result<Answered, No> {
    let idempotency = Keyed::command(&caller, key.as_ref(), action.op(), &[user], &())?;
    let user = parts::user(user)?;
    execute(
        state,
        &BlockOrder {
            user,
            what: action,
            caller,
            keyed: idempotency,
        },
    )
    .await
}

/// Block a user
///
/// Rejects direct messages from the blocked user, and direct conversations that the blocked user
/// starts with the caller.
#[utoipa::path(
    put,
    path = "/v1/blocks/{user}",
    operation_id = "block_user",
    tag = "inbox",
    params(
        ("user" = String, Path, description = "The user to block"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 printable ASCII characters"),
    ),
    responses(
        (status = 200, description = "The user is blocked", body = Positioned,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        Problems,
    ),
)]
pub(crate) async fn block_user(
    State(state): State<CommandState>,
    requester: Asker,
    Path(user): Path<String>,
) -> Result<Answered, No> {
    carry_out(&state, requester, &user, What::Set).await
}

/// Unblock a user
///
/// Direct messages from this user are accepted again.
#[utoipa::path(
    delete,
    path = "/v1/blocks/{user}",
    operation_id = "unblock_user",
    tag = "inbox",
    params(
        ("user" = String, Path, description = "The user to unblock"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 printable ASCII characters"),
    ),
    responses(
        (status = 200, description = "The user is not blocked", body = Positioned,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        Problems,
    ),
)]
pub(crate) async fn unblock_user(
    State(state): State<CommandState>,
    requester: Asker,
    Path(user): Path<String>,
) -> Result<Answered, No> {
    carry_out(&state, requester, &user, What::Lift).await
}
