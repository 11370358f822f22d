//! A line of a batch as an order.

use domain::ids::{ConversationId, UserId};
use domain::limits::Limits;
use event_log::{Failed, Receipt};
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

/// An order of any kind that a batch may have.
pub(super) enum Job {
    Send(SendOrder),
    Edit(EditOrder),
    Recall(RecallOrder),
    React(ReactOrder),
    Read(ReadOrder),
    Ack(AckOrder),
    Refused(RefusedOrder),
}

/// Does the same to whichever order a job holds.
macro_rules! with_order {
    ($job:expr, $order:ident => $do:expr) => {
        match $job {
            Job::Send($order) => $do,
            Job::Edit($order) => $do,
            Job::Recall($order) => $do,
            Job::React($order) => $do,
            Job::Read($order) => $do,
            Job::Ack($order) => $do,
            Job::Refused($order) => $do,
        }
    };
}

impl Job {
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
                    Err(refusal) => {
                        let op = Op::Read;
                        Self::Refused(RefusedOrder {
                            op,
                            conversation,
                            caller,
                            keyed: None,
                            refusal,
                        })
                    }
                }
            }
            BatchLine::Ack(request) => Self::Ack(AckOrder::parse(caller, None, &request)?),
        })
    }

    pub(super) fn op(&self) -> Op {
        with_order!(self, order => order.op())
    }

    pub(super) fn keyed(&self) -> Option<&Keyed> {
        with_order!(self, order => order.keyed())
    }

    /// The conversation whose lines keep their order with this one.
    pub(super) fn conversation(&self) -> Option<&ConversationId> {
        match self {
            Self::Send(order) => Some(order.conversation()),
            Self::Edit(order) => Some(&order.conversation),
            Self::Recall(order) => Some(&order.conversation),
            Self::React(order) => Some(&order.conversation),
            Self::Read(order) => Some(&order.conversation),
            Self::Refused(order) => Some(&order.conversation),
            Self::Ack(_) => None,
        }
    }

    pub(super) async fn place(&self, state: &CommandState) -> Result<Placed, Failed> {
        with_order!(self, order => execute::place(state, order).await)
    }

    pub(super) async fn land(&self, state: &CommandState, placed: Placed) -> Result<Landed, No> {
        with_order!(self, order => execute::land(state, order, placed).await)
    }

    pub(super) async fn replay(
        &self,
        state: &CommandState,
        receipt: Receipt,
    ) -> Result<Answered, No> {
        with_order!(self, order => execute::replay(state, order, receipt).await)
    }
}

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

fn reaction(by: UserId, line: &ReactionLine, what: What) -> Result<Job, No> {
    let (conversation, seq) = message(&line.message)?;
    Ok(match parts::reaction(&line.key) {
        Ok(key) => Job::React(ReactOrder {
            conversation,
            seq,
            key,
            by,
            keyed: None,
            what,
        }),
        Err(refusal) => {
            let op = what.op();
            Job::Refused(RefusedOrder {
                op,
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

    fn job(line: &str) -> Result<Job, (u16, String)> {
        let user = UserId::parse("ann").expect("a legal user id");
        Job::parse(&user, line.as_bytes(), &Limits::default()).map_err(|problem| {
            let field = problem.errors().first().map(|error| error.field.clone());
            (problem.status().as_u16(), field.unwrap_or_default())
        })
    }

    #[test]
    fn every_op_is_read() {
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
            assert_eq!(job(line).ok().map(|job| job.op()), Some(op), "{line}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_line_is_told() {
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
            let (found, named) = job(line).err().expect(line);
            assert_eq!((found, named.as_str()), (status, field), "{line}");
        }
    }
}
