//! A batch line as a command handler.

use domain::ids::ConversationId;
use domain::limits::Limits;
use domain::refusal::Refusal;
use event_log::{LogError, Receipt};
use http_edge::Problem;
use http_edge::extract::params::check_seq;
use http_edge::extract::{UnknownNames, from_json};
use moderation::Rulebook;

use super::line::{BatchLine, MessageLine, ReactionLine};
use crate::caller::AuthenticatedUser;
use crate::commands::ack::AckHandler;
use crate::commands::edit::EditHandler;
use crate::commands::hold::HoldHandler;
use crate::commands::message_action::{MessageAction, MessageHandler};
use crate::commands::react::{self, ReactionAction};
use crate::commands::read::ReadHandler;
use crate::commands::rejected::RejectedRequest;
use crate::commands::send::SendHandler;
use crate::error::CommandError;
use crate::execute::{self, Completion, Submission};
use crate::handler::{CommandHandler, CommandMeta, TargetAggregate};
use crate::idempotency::Idempotency;
use crate::metrics::CommandKind;
use crate::params;
use crate::response::CommandResponse;
use crate::state::CommandState;

/// The handler of any command that a batch can contain.
pub(super) enum BatchCommand {
    Send(SendHandler),
    /// A send that the hook holds.
    Hold(Box<HoldHandler>),
    Edit(EditHandler),
    Message(MessageHandler),
    Read(ReadHandler),
    Ack(AckHandler),
    Rejected(Box<RejectedRequest>),
}

/// Evaluates an expression with the handler inside a batch command.
macro_rules! with_handler {
    ($command:expr, $handler:ident => $body:expr) => {
        match $command {
            BatchCommand::Send($handler) => $body,
            BatchCommand::Hold(hold) => {
                let $handler = hold.as_ref();
                $body
            }
            BatchCommand::Edit($handler) => $body,
            BatchCommand::Message($handler) => $body,
            BatchCommand::Read($handler) => $body,
            BatchCommand::Ack($handler) => $body,
            BatchCommand::Rejected(rejected) => {
                let $handler = rejected.as_ref();
                $body
            }
        }
    };
}

impl BatchCommand {
    /// Parses a line of a batch. An invalid line yields the problem to respond with.
    pub(super) fn parse(
        user: &AuthenticatedUser,
        line: &[u8],
        (limits, rulebook): (&Limits, &Rulebook),
        unknown: &UnknownNames,
    ) -> Result<Self, Problem> {
        let parsed: BatchLine = from_json(line, unknown)?;
        unknown.check_fields(parsed.unknown_fields(line), &parsed.known_fields())?;
        Ok(Self::from_line(user, parsed, limits, rulebook)?)
    }

    fn from_line(
        user: &AuthenticatedUser,
        line: BatchLine,
        limits: &Limits,
        rulebook: &Rulebook,
    ) -> Result<Self, CommandError> {
        Ok(match line {
            BatchLine::Send(line) => {
                let conversation = params::parse_conversation(&line.conversation_id)?;
                let request = &line.request;
                if request.send_at.is_some() {
                    let detail =
                        "A batch cannot schedule messages. Schedule it by a request of its own.";
                    return Err(Refusal::invalid("send_at", detail).into());
                }
                let handler = SendHandler::parse(user.clone(), conversation, request, limits)?;
                Self::Send(handler.screened(&request.body, rulebook, limits))
            }
            BatchLine::Edit(line) => {
                let (conversation, seq) = parse_message_ref(&line.message)?;
                let meta = new_meta(CommandKind::Edit, conversation, user);
                Self::Edit(EditHandler::new(meta, seq, line.request.body, rulebook))
            }
            BatchLine::Recall(line) => {
                let (conversation, seq) = parse_message_ref(&line)?;
                let meta = new_meta(CommandKind::Recall, conversation, user);
                Self::Message(MessageHandler::new(meta, seq, MessageAction::Recall))
            }
            BatchLine::React(line) => Self::parse_reaction(user, &line, ReactionAction::Add)?,
            BatchLine::Unreact(line) => Self::parse_reaction(user, &line, ReactionAction::Remove)?,
            BatchLine::Read(line) => {
                let conversation = params::parse_conversation(&line.conversation_id)?;
                let meta = new_meta(CommandKind::Read, conversation, user);
                ReadHandler::parse(meta, &line.request).map_or_else(Self::Rejected, Self::Read)
            }
            BatchLine::Ack(request) => {
                let meta = new_meta(CommandKind::Ack, user.id.clone(), user);
                Self::Ack(AckHandler::parse(meta, &request)?)
            }
        })
    }

    /// Parses the command that adds or removes a reaction.
    fn parse_reaction(
        user: &AuthenticatedUser,
        line: &ReactionLine,
        change: ReactionAction,
    ) -> Result<Self, CommandError> {
        let (conversation, seq) = parse_message_ref(&line.message)?;
        let meta = new_meta(change.command_kind(), conversation, user);
        Ok(react::parse_handler(meta, seq, &line.key, change)
            .map_or_else(Self::Rejected, Self::Message))
    }

    /// The same command with the body of a send completed with what its file is.
    pub(super) async fn completed(self, state: &CommandState) -> Result<Self, Problem> {
        Ok(match self {
            Self::Send(send) => {
                let send = send.completed(state).await.map_err(CommandError::Log)?;
                Self::Send(send)
            }
            other => other,
        })
    }

    pub(super) fn command_kind(&self) -> CommandKind {
        with_handler!(self, handler => handler.meta().kind)
    }

    pub(super) fn idempotency(&self) -> Option<Idempotency> {
        with_handler!(self, handler => handler.meta().idempotency)
    }

    /// Whether the hook still has to check it.
    pub(super) fn is_unchecked(&self) -> bool {
        match self {
            Self::Send(handler) => handler.hook().is_some(),
            Self::Edit(handler) => handler.is_unchecked(),
            _ => false,
        }
    }

    /// The conversation within whose lines this command keeps its order.
    pub(super) fn conversation(&self) -> Option<&ConversationId> {
        match self {
            Self::Send(handler) => Some(&handler.meta().aggregate_id),
            Self::Hold(handler) => Some(handler.conversation()),
            Self::Edit(handler) => Some(&handler.meta().aggregate_id),
            Self::Message(handler) => Some(&handler.meta().aggregate_id),
            Self::Rejected(handler) => Some(&handler.meta().aggregate_id),
            Self::Read(handler) => Some(handler.conversation()),
            Self::Ack(_) => None,
        }
    }

    pub(super) async fn submit(&self, state: &CommandState) -> Result<Submission, LogError> {
        with_handler!(self, handler => execute::submit(state, handler).await)
    }

    pub(super) async fn complete(
        &self,
        state: &CommandState,
        submission: Submission,
    ) -> Result<Completion, CommandError> {
        with_handler!(self, handler => execute::complete(state, handler, submission).await)
    }

    pub(super) async fn replay(
        &self,
        state: &CommandState,
        receipt: Receipt,
    ) -> Result<CommandResponse, CommandError> {
        with_handler!(self, handler => execute::replay(state, handler, receipt).await)
    }
}

/// The meta data of a line. Only a send has an idempotency key, its `client_message_id`.
fn new_meta<T: TargetAggregate>(
    kind: CommandKind,
    aggregate_id: T::Id,
    caller: &AuthenticatedUser,
) -> CommandMeta<T> {
    CommandMeta {
        kind,
        aggregate_id,
        caller: caller.id.clone(),
        actor: caller.actor.clone(),
        idempotency: None,
    }
}

/// Parses the conversation id and the seq of a message.
fn parse_message_ref(line: &MessageLine) -> Result<(ConversationId, i64), CommandError> {
    let conversation = params::parse_conversation(&line.conversation_id)?;
    let seq = check_seq(line.seq).map_err(CommandError::BadRequest)?;
    Ok((conversation, seq))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> Result<BatchCommand, (u16, String)> {
        let user = AuthenticatedUser {
            id: domain::ids::UserId::parse("ann").expect("a valid user id"),
            actor: None,
        };
        let unknown = UnknownNames::refuse();
        let rules = (&Limits::default(), &Rulebook::default());
        let parsed = BatchCommand::parse(&user, line.as_bytes(), rules, &unknown);
        parsed.map_err(|problem| {
            let field = problem.errors().first().map(|error| error.field.clone());
            (problem.status().as_u16(), field.unwrap_or_default())
        })
    }

    #[test]
    fn a_field_that_the_operation_does_not_have_is_refused() {
        let send = r#""conversation_id":"c","client_message_id":"1","type":"text","body":{"text":"a","own":1}"#;
        assert!(command(&format!(r#"{{"op":"send",{send}}}"#)).is_ok());
        let refused = |line: &str| command(line).err();
        let expected = |field: &str| Some((422, field.to_owned()));
        assert_eq!(
            refused(&format!(r#"{{"op":"send",{send},"seq":1}}"#)),
            expected("seq")
        );
        assert_eq!(
            refused(r#"{"op":"react","conversation_id":"c","seq":1,"key":"a","kind":"b"}"#),
            expected("kind")
        );
    }

    #[test]
    fn every_op_is_parsed() {
        let lines = [
            (
                r#"{"op":"send","conversation_id":"c","client_message_id":"k","type":"text","body":{"text":"a"}}"#,
                CommandKind::Send,
            ),
            (
                r#"{"op":"edit","conversation_id":"c","seq":1,"body":{"text":"b"}}"#,
                CommandKind::Edit,
            ),
            (
                r#"{"op":"recall","conversation_id":"c","seq":1}"#,
                CommandKind::Recall,
            ),
            (
                r#"{"seq":1,"key":"x","conversation_id":"c","op":"react"}"#,
                CommandKind::React,
            ),
            (
                r#"{"op":"unreact","conversation_id":"c","seq":1,"key":"x"}"#,
                CommandKind::Unreact,
            ),
            (
                r#"{"op":"read","conversation_id":"c","up_to":1}"#,
                CommandKind::Read,
            ),
            (
                r#"{"op":"ack","device":"phone","cursor":1}"#,
                CommandKind::Ack,
            ),
        ];
        for (line, op) in lines {
            assert_eq!(
                command(line).ok().map(|command| command.command_kind()),
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
