//! `POST /v1/conversations/{id}/read`.

use axum::extract::State;
use domain::ids::{ConversationId, UserId};
use domain::mailbox::Mailbox;
use domain::mailbox::command::{MailboxCommand, MarkUnread, MarkRead, MembershipSnapshot};
use domain::mailbox::event::MailboxEvent;
use domain::refusal::Refusal;
use event_log::{LogError, LockedAggregate, Observation, Receipt};
use http_edge::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::membership;
use super::refused::RefusedOrder;
use crate::answer::{Answered, Fields, Later};
use crate::asker::Asker;
use crate::docs::Problems;
use crate::execute::execute;
use crate::keyed::Keyed;
use crate::meters::Op;
use crate::no::No;
use crate::order::{Decision, Order, Stop};
use crate::parts;
use crate::state::CommandState;

/// A move of the read mark: exactly one of the two fields.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ReadRequest {
    /// Mark everything up to this seq as read. A seq beyond the last message means the last
    /// message. This never moves the mark back.
    #[schema(minimum = 0)]
    pub(crate) up_to: Option<i64>,
    /// Mark everything from this seq onwards as unread.
    #[schema(minimum = 1)]
    pub(crate) unread_from: Option<i64>,
}

/// The read mark after the command.
#[derive(Serialize, ToSchema)]
#[schema(as = ReadUpTo)]
pub(crate) struct ReadUpTo {
    /// The seq of the last read message after this command.
    #[schema(minimum = 0)]
    read_seq: i64,
    #[serde(skip_serializing_if = "Later::is_later")]
    #[schema(value_type = i64, required = true, minimum = 0)]
    position: Later,
}

/// The requested move of the read mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    UpTo(i64),
    UnreadFrom(i64),
}

impl ReadRequest {
    pub(crate) fn parse(&self) -> Result<Mark, Refusal> {
        match (self.up_to, self.unread_from) {
            (Some(seq), None) => Ok(Mark::UpTo(seq)),
            (None, Some(seq)) => Ok(Mark::UnreadFrom(seq)),
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
pub(crate) struct ReadOrder {
    pub(crate) conversation: ConversationId,
    pub(crate) mark: Mark,
    pub(crate) caller: UserId,
    pub(crate) keyed: Option<Keyed>,
}

impl Order for ReadOrder {
    type Home = Mailbox;
    /// The membership of the caller, and whether the caller can see the message at `unread_from`.
    type Known = (MembershipSnapshot, bool);

    fn op(&self) -> Op {
        Op::Read
    }

    fn id(&self) -> &str {
        self.caller.as_str()
    }

    fn keyed(&self) -> Option<&Keyed> {
        self.keyed.as_ref()
    }

    async fn look_up(
        &self,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<(MembershipSnapshot, bool), Stop> {
        let (Mark::UpTo(seq) | Mark::UnreadFrom(seq)) = self.mark;
        membership::standing(state, &self.conversation, &self.caller, seq, observed).await
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Mailbox>,
        (standing, visible): (MembershipSnapshot, bool),
    ) -> Result<Decision<MailboxEvent>, Stop> {
        let conversation = self.conversation.clone();
        let command = match self.mark {
            Mark::UpTo(up_to) => MailboxCommand::MarkRead(MarkRead {
                conversation,
                up_to,
                membership: standing,
            }),
            Mark::UnreadFrom(from) => MailboxCommand::MarkUnread(MarkUnread {
                conversation,
                from,
                membership: standing,
                visible,
            }),
        };
        let mailbox = locked.state();
        let events = mailbox.decide(command, state.limits())?;
        let read_seq = match events.last() {
            Some(
                MailboxEvent::ConversationRead(mark) | MailboxEvent::ConversationMarkedUnread(mark),
            ) => mark.read_seq,
            _ => mailbox.read_mark(&self.conversation, standing),
        };
        let fields = Fields::of(&ReadUpTo {
            read_seq,
            position: Later,
        })?;
        Ok(Decision::with(events, fields))
    }

    async fn may_replay(&self, state: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        membership::is_member(state, &self.conversation, &self.caller).await
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
        ("id" = String, Path, description = "The conversation"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 printable ASCII characters"),
    ),
    request_body = ReadRequest,
    responses(
        (status = 200, description = "The read mark after the command", body = ReadUpTo,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        Problems,
    ),
)]
pub(crate) async fn mark_read(
    State(state): State<CommandState>,
    Asker { user: caller, key }: Asker,
    Path(id): Path<String>,
    Json(request): Json<ReadRequest>,
) -> Result<Answered, No> {
    let conversation = parts::conversation(&id)?;
    let idempotency = Keyed::command(&caller, key.as_ref(), Op::Read, &[&id], &request)?;
    match request.parse() {
        Ok(mark) => {
            execute(
                &state,
                &ReadOrder {
                    conversation,
                    mark,
                    caller,
                    keyed: idempotency,
                },
            )
            .await
        }
        Err(refusal) => {
            execute(
                &state,
                &RefusedOrder {
                    op: Op::Read,
                    conversation,
                    caller,
                    keyed: idempotency,
                    refusal,
                },
            )
            .await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(request: &str) -> Result<Mark, Option<&'static str>> {
        let request: ReadRequest = serde_json::from_str(request).expect("a request");
        request.parse().map_err(|refusal| refusal.field)
    }

    #[test]
    fn exactly_one_field_is_required() {
        assert_eq!(mark(r#"{"up_to":3}"#), Ok(Mark::UpTo(3)));
        assert_eq!(
            mark(r#"{"unread_from":3,"up_to":null}"#),
            Ok(Mark::UnreadFrom(3))
        );
        assert_eq!(
            mark(r#"{"unread_from":3,"up_to":3}"#),
            Err(Some("unread_from"))
        );
        assert_eq!(mark("{}"), Err(Some("up_to")));
    }
}
