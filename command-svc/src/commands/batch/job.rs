//! A batch line as a command handler.

use domain::ids::{ConversationId, UserId};
use domain::limits::Limits;
use event_log::{LogError, Receipt};
use http_edge::Problem;
use http_edge::extract::from_json;

use super::line::{BatchLine, MessageLine, ReactionLine};
use crate::answer::Answered;
use crate::commands::ack::AckOrder;
use crate::commands::edit::EditOrder;
use crate::commands::react::{ReactOrder, What};
use crate::commands::read::ReadOrder;
use crate::commands::recall::RecallOrder;
use crate::commands::refused::RefusedOrder;
use crate::commands::send::SendOrder;
use crate::execute::{self, Landed, Placed};
use crate::keyed::Keyed;
use crate::meters::Op;
use crate::no::No;
use crate::order::Order;
use crate::parts;
use crate::state::CommandState;

/// The handler of any command that a batch can contain.
pub(super) enum Job {
    Send(SendOrder),
    Edit(EditOrder),
    Recall(RecallOrder),
    React(ReactOrder),
    Read(ReadOrder),
    Ack(AckOrder),
    Refused(RefusedOrder),
}

/// Evaluates an expression with the handler inside a batch command.
macro_rules! with_order {
    ($command:expr, $handler:ident => $body:expr) => {
        match $command {
            Job::Send($handler) => $body,
            Job::Edit($handler) => $body,
            Job::Recall($handler) => $body,
            Job::React($handler) => $body,
            Job::Read($handler) => $body,
            Job::Ack($handler) => $body,
            Job::Refused($handler) => $body,
        }
    };
}

impl Job {
    /// Parses a line of a batch. An invalid line yields the problem to respond with.
    pub(super) fn parse(user: &UserId, line: &[u8], limits: &Limits) -> Result<Self, Problem> {
        let line: BatchLine = from_json(line)?;
        Ok(Self::of(user, line, limits)?)
    }

    fn of(user: &UserId, line: BatchLine, limits: &Limits) -> Result<Self, No> {
        let caller = user.clone();
        Ok(match line {
            BatchLine::Send(line) => {
                let conversation = parts::conversation(&line.conversation_id)?;
                Self::Send(SendOrder::parse(
                    caller,
                    conversation,
                    &line.request,
                    limits,
                )?)
            }
            BatchLine::Edit(line) => {
                let (conversation, seq) = message(&line.message)?;
                let body = line.request.body;
                Self::Edit(EditOrder {
                    conversation,
                    seq,
                    body,
                    by: caller,
                    keyed: None,
                })
            }
            BatchLine::Recall(line) => {
                let (conversation, seq) = message(&line)?;
                Self::Recall(RecallOrder {
                    conversation,
                    seq,
                    by: caller,
                    keyed: None,
                })
            }
            BatchLine::React(line) => reaction(caller, &line, What::Give)?,
            BatchLine::Unreact(line) => reaction(caller, &line, What::TakeBack)?,
            BatchLine::Read(line) => {
                let conversation = parts::conversation(&line.conversation_id)?;
                match line.request.parse() {
                    Ok(mark) => Self::Read(ReadOrder {
                        conversation,
                        mark,
                        caller,
                        keyed: None,
                    }),
                    Err(refusal) => Self::Refused(RefusedOrder {
                        op: Op::Read,
                        conversation,
                        caller,
                        keyed: None,
                        refusal,
                    }),
                }
            }
            BatchLine::Ack(request) => Self::Ack(AckOrder::parse(caller, None, &request)?),
        })
    }

    pub(super) fn op(&self) -> Op {
        with_order!(self, handler => handler.op())
    }

    pub(super) fn keyed(&self) -> Option<&Keyed> {
        with_order!(self, handler => handler.keyed())
    }

    /// The conversation within whose lines this command keeps its order.
    pub(super) fn conversation(&self) -> Option<&ConversationId> {
        match self {
            Self::Send(handler) => Some(handler.conversation()),
            Self::Edit(handler) => Some(&handler.conversation),
            Self::Recall(handler) => Some(&handler.conversation),
            Self::React(handler) => Some(&handler.conversation),
            Self::Read(handler) => Some(&handler.conversation),
            Self::Refused(handler) => Some(&handler.conversation),
            Self::Ack(_) => None,
        }
    }

    pub(super) async fn place(&self, state: &CommandState) -> Result<Placed, LogError> {
        with_order!(self, handler => execute::place(state, handler).await)
    }

    pub(super) async fn land(
        &self,
        state: &CommandState,
        submission: Placed,
    ) -> Result<Landed, No> {
        with_order!(self, handler => execute::land(state, handler, submission).await)
    }

    pub(super) async fn replay(
        &self,
        state: &CommandState,
        receipt: Receipt,
    ) -> Result<Answered, No> {
        with_order!(self, handler => execute::replay(state, handler, receipt).await)
    }
}

/// Parses the conversation id and the seq of a message.
fn message(line: &MessageLine) -> Result<(ConversationId, i64), No> {
    let conversation = parts::conversation(&line.conversation_id)?;
    if line.seq < 1 {
        return Err(No::Malformed(
            "seq",
            "expected a whole number from 1 to 9223372036854775807",
        ));
    }
    Ok((conversation, line.seq))
}

/// Parses the command that adds or removes a reaction.
fn reaction(by: UserId, line: &ReactionLine, action: What) -> Result<Job, No> {
    let (conversation, seq) = message(&line.message)?;
    Ok(match parts::reaction(&line.key) {
        Ok(key) => Job::React(ReactOrder {
            conversation,
            seq,
            key,
            by,
            keyed: None,
            what: action,
        }),
        Err(refusal) => {
            let command_kind = action.op();
            Job::Refused(RefusedOrder {
                op: command_kind,
                conversation,
                caller: by,
                keyed: None,
                refusal,
            })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> Result<Job, (u16, String)> {
        let user = UserId::parse("ann").expect("a valid user id");
        Job::parse(&user, line.as_bytes(), &Limits::default()).map_err(|problem| {
            let field = problem.errors().first().map(|error| error.field.clone());
            (problem.status().as_u16(), field.unwrap_or_default())
        })
    }

    #[test]
    fn every_op_is_parsed() {
        let lines = [
            (
                r#"{"op":"send","conversation_id":"c","client_message_id":"k","type":"text","body":{"text":"a"}}"#,
                Op::Send,
            ),
            (
                r#"{"op":"edit","conversation_id":"c","seq":1,"body":{"text":"b"}}"#,
                Op::Edit,
            ),
            (
                r#"{"op":"recall","conversation_id":"c","seq":1}"#,
                Op::Recall,
            ),
            (
                r#"{"seq":1,"key":"x","conversation_id":"c","op":"react"}"#,
                Op::React,
            ),
            (
                r#"{"op":"unreact","conversation_id":"c","seq":1,"key":"x"}"#,
                Op::Unreact,
            ),
            (r#"{"op":"read","conversation_id":"c","up_to":1}"#, Op::Read),
            (r#"{"op":"ack","device":"phone","cursor":1}"#, Op::Ack),
        ];
        for (line, op) in lines {
            assert_eq!(
                command(line).ok().map(|command| command.op()),
                Some(op),
                "{line}"
            );
        }
    }

    #[test]
    fn invalid_lines_are_rejected_with_their_field() {
        let lines = [
            ("{", 400, ""),
            ("[]", 422, ""),
            (r#"{"conversation_id":"c"}"#, 422, "op"),
            (r#"{"op":"create"}"#, 422, "op"),
            (r#"{"op":"recall","conversation_id":"c"}"#, 422, "seq"),
            (r#"{"op":"recall","seq":1}"#, 422, "conversation_id"),
            (
                r#"{"op":"recall","conversation_id":"c","seq":0}"#,
                400,
                "seq",
            ),
            (
                r#"{"op":"recall","conversation_id":"c d","seq":1}"#,
                404,
                "",
            ),
            (r#"{"op":"ack","device":"","cursor":1}"#, 422, "device"),
            (
                r#"{"op":"send","conversation_id":"c","client_message_id":"","type":"text","body":{}}"#,
                422,
                "client_message_id",
            ),
        ];
        for (line, status, field) in lines {
            let (found, named) = command(line).err().expect(line);
            assert_eq!((found, named.as_str()), (status, field), "{line}");
        }
    }
}
