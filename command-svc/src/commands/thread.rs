//! `PUT` and `DELETE .../messages/{seq}/thread/follow`, and `POST .../messages/{seq}/thread/read`.

use axum::extract::State;
use domain::conversation::{Conversation, not_a_root};
use domain::ids::{ConversationId, UserId};
use domain::mailbox::Mailbox;
use domain::mailbox::command::{FollowThread, MailboxCommand, ReadThread};
use domain::mailbox::event::MailboxEvent;
use domain::membership::MembershipSnapshot;
use event_log::{LockedAggregate, LogError, Observation, Receipt};
use http_edge::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{membership, message_lookup};
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionPlaceholder, PositionResponse, ResponseBody};
use crate::state::CommandState;

/// How far the caller has read a thread.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ThreadReadRequest {
    /// Mark the replies up to this seq as read. A seq beyond the last message means the last
    /// message. This never moves the mark back.
    #[schema(minimum = 0)]
    up_to: i64,
}

/// The read mark of a thread after the command.
#[derive(Serialize, ToSchema)]
#[schema(as = ThreadReadUpTo)]
pub(crate) struct ThreadReadResponse {
    /// The last seq that counts as read after this command.
    #[schema(minimum = 0)]
    read_seq: i64,
    #[serde(skip_serializing_if = "PositionPlaceholder::is_placeholder")]
    #[schema(value_type = i64, required = true, minimum = 0)]
    position: PositionPlaceholder,
}

/// What to do with a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ThreadAction {
    Follow,
    Unfollow,
    Read { up_to: i64 },
}

/// The handler of a command about a thread.
pub(crate) struct ThreadHandler {
    meta: CommandMeta<Mailbox>,
    conversation: ConversationId,
    root: i64,
    action: ThreadAction,
}

/// The membership of a caller who can see the message, unless they have cleared it.
pub(crate) struct RootAccess {
    membership: MembershipSnapshot,
    /// The root of the thread that the message belongs to, if it is no root itself.
    other_root: Option<i64>,
}

impl CommandLookups<ThreadHandler> for RootAccess {
    async fn load(
        handler: &ThreadHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let ThreadHandler {
            meta: CommandMeta { caller, .. },
            conversation,
            root,
            ..
        } = handler;
        let (membership, can_see) =
            membership::observe_membership(state, conversation, caller, *root, observed).await?;
        if !can_see {
            return Err(domain::refusal::Refusal::not_found().into());
        }
        let other_root = find_root(state, conversation, caller, *root).await?;
        Ok(Self {
            membership,
            other_root,
        })
    }
}

/// The root of the thread that a message belongs to. This never changes, so that no observation is
/// needed.
async fn find_root(
    state: &CommandState,
    conversation: &ConversationId,
    caller: &UserId,
    seq: i64,
) -> Result<Option<i64>, LogError> {
    let conversations = state.log().conversations();
    let (recent, _) = conversations
        .peek(conversation.as_str(), |conversation: &Conversation| {
            conversation
                .recent_message(seq)
                .map(|message| message.thread)
        })
        .await?;
    if let Some(thread) = recent {
        return Ok(thread);
    }
    let locked = conversations.lock(conversation.as_str()).await?;
    let message = message_lookup::load_visible(&locked, caller, seq).await?;
    Ok(message.and_then(|message| message.thread))
}

impl CommandHandler for ThreadHandler {
    type Target = Mailbox;
    type Lookups = RootAccess;

    fn meta(&self) -> &CommandMeta<Mailbox> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Mailbox>,
        access: RootAccess,
    ) -> Result<Decision<MailboxEvent>, AttemptError> {
        let (conversation, root) = (self.conversation.clone(), self.root);
        let follow = |follow| {
            MailboxCommand::FollowThread(FollowThread {
                conversation: conversation.clone(),
                root,
                follow,
                membership: access.membership,
            })
        };
        let mailbox = locked.state();
        if mailbox.has_cleared(&self.conversation, root) {
            return Err(domain::refusal::Refusal::not_found().into());
        }
        if let Some(root) = access.other_root {
            return Err(not_a_root(root).into());
        }
        let up_to = match self.action {
            ThreadAction::Follow => {
                let events = mailbox.decide(follow(true), state.limits())?;
                return Ok(Decision::from_events(events));
            }
            ThreadAction::Unfollow => {
                let events = mailbox.decide(follow(false), state.limits())?;
                return Ok(Decision::from_events(events));
            }
            ThreadAction::Read { up_to } => up_to,
        };
        let read = MailboxCommand::ReadThread(ReadThread {
            conversation,
            root,
            up_to,
            membership: access.membership,
        });
        let events = mailbox.decide(read, state.limits())?;
        let read_seq = match events.last() {
            Some(MailboxEvent::ThreadRead(mark)) => mark.read_seq,
            _ => mailbox.thread_read_seq(&self.conversation, root),
        };
        let fields = ResponseBody::serialize(&ThreadReadResponse {
            read_seq,
            position: PositionPlaceholder,
        })?;
        Ok(Decision::with_body(events, fields))
    }

    async fn may_replay(&self, state: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        state.is_member(&self.conversation, &self.meta.caller).await
    }
}

async fn execute_thread_action(
    state: &CommandState,
    requester: Requester,
    (id, seq): (String, String),
    kind: CommandKind,
    request: &impl Serialize,
    action: ThreadAction,
) -> Result<CommandResponse, CommandError> {
    let conversation = params::parse_conversation(&id)?;
    let mailbox = requester.user.clone();
    let meta = requester.into_meta(kind, mailbox, &[&id, &seq], request)?;
    let root = params::parse_seq(&seq)?;
    let handler = ThreadHandler {
        meta,
        conversation,
        root,
        action,
    };
    execute(state, &handler).await
}

/// Follow a thread
///
/// `GET /v1/threads` lists the threads that a user follows. Who writes in a thread, started it or
/// is mentioned in it follows it without this call.
#[utoipa::path(
    put,
    path = "/v1/conversations/{id}/messages/{seq}/thread/follow",
    operation_id = "follow_thread",
    tag = "inbox",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        ("seq" = i64, Path, minimum = 1, description = "The root of the thread", example = 1),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The caller follows the thread", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn follow_thread(
    State(state): State<CommandState>,
    requester: Requester,
    Path(path): Path<(String, String)>,
) -> Result<CommandResponse, CommandError> {
    let kind = CommandKind::FollowThread;
    execute_thread_action(&state, requester, path, kind, &(), ThreadAction::Follow).await
}

/// Unfollow a thread
///
/// Writing in the thread again, or a new mention, makes the caller follow it again.
#[utoipa::path(
    delete,
    path = "/v1/conversations/{id}/messages/{seq}/thread/follow",
    operation_id = "unfollow_thread",
    tag = "inbox",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        ("seq" = i64, Path, minimum = 1, description = "The root of the thread", example = 1),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The caller does not follow the thread", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn unfollow_thread(
    State(state): State<CommandState>,
    requester: Requester,
    Path(path): Path<(String, String)>,
) -> Result<CommandResponse, CommandError> {
    let kind = CommandKind::UnfollowThread;
    execute_thread_action(&state, requester, path, kind, &(), ThreadAction::Unfollow).await
}

/// Mark a thread as read
///
/// `up_to` never moves the mark back. The read mark of the conversation is another one.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/messages/{seq}/thread/read",
    operation_id = "mark_thread_read",
    tag = "inbox",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        ("seq" = i64, Path, minimum = 1, description = "The root of the thread", example = 1),
        IdempotencyParams,
    ),
    request_body(content = ThreadReadRequest, example = json!({"up_to": 1})),
    responses(
        (status = 200, description = "The read mark after the command", body = ThreadReadResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn mark_thread_read(
    State(state): State<CommandState>,
    requester: Requester,
    Path(path): Path<(String, String)>,
    Json(request): Json<ThreadReadRequest>,
) -> Result<CommandResponse, CommandError> {
    let action = ThreadAction::Read {
        up_to: request.up_to,
    };
    let kind = CommandKind::ReadThread;
    execute_thread_action(&state, requester, path, kind, &request, action).await
}
