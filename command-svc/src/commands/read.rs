//! `POST /v1/conversations/{id}/read`.

use axum::extract::State;
use domain::conversation::Conversation;
use domain::ids::ConversationId;
use domain::mailbox::Mailbox;
use domain::mailbox::command::{MailboxCommand, MarkRead, MarkUnread};
use domain::mailbox::event::MailboxEvent;
use domain::membership::MembershipSnapshot;
use domain::refusal::Refusal;
use event_log::{LockedAggregate, LogError, Observation, Receipt};
use http_edge::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::membership;
use super::rejected::{RejectedRequest, execute_parsed};
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionPlaceholder, ResponseBody};
use crate::state::CommandState;

/// A move of the read mark: exactly one of the two fields.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ReadRequest {
    /// Mark everything up to this seq as read. A seq beyond the last message means the last
    /// message. This never moves the mark back.
    #[schema(minimum = 0)]
    up_to: Option<i64>,
    /// Mark everything from this seq onwards as unread.
    #[schema(minimum = 1)]
    unread_from: Option<i64>,
}

/// The read mark after the command.
#[derive(Serialize, ToSchema)]
#[schema(as = ReadUpTo)]
pub(crate) struct ReadResponse {
    /// The seq of the last read message after this command.
    #[schema(minimum = 0)]
    read_seq: i64,
    #[serde(skip_serializing_if = "PositionPlaceholder::is_placeholder")]
    #[schema(value_type = i64, required = true, minimum = 0)]
    position: PositionPlaceholder,
}

/// The requested move of the read mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadMarkUpdate {
    UpTo(i64),
    UnreadFrom(i64),
}

impl ReadRequest {
    fn parse(&self) -> Result<ReadMarkUpdate, Refusal> {
        match (self.up_to, self.unread_from) {
            (Some(seq), None) => Ok(ReadMarkUpdate::UpTo(seq)),
            (None, Some(seq)) => Ok(ReadMarkUpdate::UnreadFrom(seq)),
            (None, None) => Err(Refusal::invalid(
                "up_to",
                "either up_to or unread_from is required",
            )),
            (Some(_), Some(_)) => Err(Refusal::invalid(
                "unread_from",
                "up_to and unread_from are mutually exclusive",
            )),
        }
    }
}

/// The handler that moves the read mark.
pub(crate) struct ReadHandler {
    meta: CommandMeta<Mailbox>,
    conversation: ConversationId,
    update: ReadMarkUpdate,
}

impl ReadHandler {
    pub(crate) fn parse(
        meta: CommandMeta<Conversation>,
        request: &ReadRequest,
    ) -> Result<Self, Box<RejectedRequest>> {
        let (meta, update) = RejectedRequest::check(meta, request.parse())?;
        let (conversation, meta) = meta.into_mailbox();
        Ok(Self {
            meta,
            conversation,
            update,
        })
    }

    pub(crate) fn conversation(&self) -> &ConversationId {
        &self.conversation
    }
}

/// The membership of the caller, and whether the caller can see the message at the seq.
pub(crate) struct CallerView {
    membership: MembershipSnapshot,
    can_see: bool,
}

impl CommandLookups<ReadHandler> for CallerView {
    async fn load(
        handler: &ReadHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let (ReadMarkUpdate::UpTo(seq) | ReadMarkUpdate::UnreadFrom(seq)) = handler.update;
        let caller = &handler.meta.caller;
        let (membership, can_see) =
            membership::observe_membership(state, &handler.conversation, caller, seq, observed)
                .await?;
        Ok(Self {
            membership,
            can_see,
        })
    }
}

impl CommandHandler for ReadHandler {
    type Target = Mailbox;
    type Lookups = CallerView;

    fn meta(&self) -> &CommandMeta<Mailbox> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Mailbox>,
        caller: CallerView,
    ) -> Result<Decision<MailboxEvent>, AttemptError> {
        let conversation = self.conversation.clone();
        let command = match self.update {
            ReadMarkUpdate::UpTo(up_to) => MailboxCommand::MarkRead(MarkRead {
                conversation,
                up_to,
                membership: caller.membership,
            }),
            ReadMarkUpdate::UnreadFrom(from) => MailboxCommand::MarkUnread(MarkUnread {
                conversation,
                from,
                membership: caller.membership,
                visible: caller.can_see,
            }),
        };
        let mailbox = locked.state();
        let events = mailbox.decide(command, state.limits())?;
        let read_seq = match events.last() {
            Some(
                MailboxEvent::ConversationRead(mark) | MailboxEvent::ConversationMarkedUnread(mark),
            ) => mark.read_seq,
            _ => mailbox.read_mark(&self.conversation, caller.membership),
        };
        let fields = ResponseBody::serialize(&ReadResponse {
            read_seq,
            position: PositionPlaceholder,
        })?;
        Ok(Decision::with_body(events, fields))
    }

    async fn may_replay(&self, state: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        state.is_member(&self.conversation, &self.meta.caller).await
    }
}

/// Mark messages as read or unread
///
/// `up_to` never moves the read mark back; a seq beyond the last message means the last message.
/// `unread_from` sets the mark to just before that message.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/read",
    operation_id = "mark_read",
    tag = "inbox",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        IdempotencyParams,
    ),
    request_body(content = ReadRequest, example = json!({"up_to": 1})),
    responses(
        (status = 200, description = "The read mark after the command", body = ReadResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn mark_read(
    State(state): State<CommandState>,
    requester: Requester,
    Path(id): Path<String>,
    Json(request): Json<ReadRequest>,
) -> Result<CommandResponse, CommandError> {
    let conversation = params::parse_conversation(&id)?;
    let meta = requester.into_meta(CommandKind::Read, conversation, &[&id], &request)?;
    execute_parsed(&state, ReadHandler::parse(meta, &request)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(request: &str) -> Result<ReadMarkUpdate, Option<&'static str>> {
        let request: ReadRequest = serde_json::from_str(request).expect("a request");
        request.parse().map_err(|refusal| refusal.field)
    }

    #[test]
    fn exactly_one_field_is_required() {
        assert_eq!(mark(r#"{"up_to":3}"#), Ok(ReadMarkUpdate::UpTo(3)));
        assert_eq!(
            mark(r#"{"unread_from":3,"up_to":null}"#),
            Ok(ReadMarkUpdate::UnreadFrom(3))
        );
        assert_eq!(
            mark(r#"{"unread_from":3,"up_to":3}"#),
            Err(Some("unread_from"))
        );
        assert_eq!(mark("{}"), Err(Some("up_to")));
    }
}
