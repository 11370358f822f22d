//! Sends the due messages of one user, and records what became of them.

use access::AccessView;
use domain::ids::UserId;
use domain::mailbox::ScheduledContent;
use domain::mailbox::command::{MailboxCommand, ScheduledOutcome};
use event_log::{AppendError, AppendRequest, LogError, Receipt, ReceiptKey};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;

use super::waiting::DueKey;
use crate::attempts::Attempts;
use crate::commands::checked_send::execute_send;
use crate::commands::due_message::NOT_DUE;
use crate::commands::held_response::is_held_response;
use crate::commands::send::SendHandler;
use crate::error::CommandError;
use crate::state::CommandState;

/// Messages of one user that are sent at the same time.
const MAX_CONCURRENT_MESSAGES: usize = 32;

/// The due messages of one user, in the order of their times.
#[derive(Default)]
pub(super) struct DueMessages {
    /// Those that were sent, which the mailbox does not know yet.
    pub(super) sent: Vec<(DueKey, Receipt)>,
    /// Those to send.
    pub(super) unsent: Vec<(DueKey, ScheduledContent)>,
}

/// The part of the response to a send that says where the message is.
#[derive(Deserialize)]
struct SentMessage {
    seq: i64,
}

/// The key of the receipt of this message.
pub(super) fn receipt_key(due: &DueKey) -> ReceiptKey {
    ReceiptKey::for_scheduled(&due.owner, due.number)
}

/// Sends the due messages of one user and records what became of them. Returns their number.
pub(super) async fn send_for_user(
    state: &CommandState,
    access: &AccessView,
    owner: &UserId,
    due: DueMessages,
) -> Result<usize, LogError> {
    let outcomes = send_due(state, access, owner, due).await?;
    let count = outcomes.len();
    complete(state, owner, outcomes).await?;
    Ok(count)
}

/// Sends the due messages of one user. Returns what became of them, except of those that were
/// changed or cancelled meanwhile.
async fn send_due(
    state: &CommandState,
    access: &AccessView,
    owner: &UserId,
    due: DueMessages,
) -> Result<Vec<ScheduledOutcome>, LogError> {
    let mut outcomes = Vec::with_capacity(due.sent.len() + due.unsent.len());
    for (due, receipt) in due.sent {
        let seq = parse_seq(&receipt.answer)?;
        outcomes.extend(seq.map(|seq| outcome(&due, Ok(seq))));
    }
    if let Err(refusal) = access.check_user(owner.as_str(), state.now()) {
        let refused = due.unsent.iter();
        outcomes.extend(refused.map(|(due, _)| outcome(due, Err(refusal.code().to_owned()))));
        return Ok(outcomes);
    }
    let sending = stream::iter(due.unsent)
        .map(|(due, content)| send_one(state, due, content))
        .buffer_unordered(MAX_CONCURRENT_MESSAGES);
    let results: Vec<Option<ScheduledOutcome>> = sending.try_collect().await?;
    outcomes.extend(results.into_iter().flatten());
    Ok(outcomes)
}

fn outcome(due: &DueKey, result: Result<i64, String>) -> ScheduledOutcome {
    ScheduledOutcome {
        number: due.number,
        send_at: due.send_at,
        result,
    }
}

async fn send_one(
    state: &CommandState,
    due: DueKey,
    content: ScheduledContent,
) -> Result<Option<ScheduledOutcome>, LogError> {
    // The owner has changed the time since the message was found to be due.
    if content.message.send_at != due.send_at {
        return Ok(None);
    }
    // Content is erased only after the message was sent or cancelled.
    let Some(handler) = SendHandler::for_scheduled(state, &due.owner, content)? else {
        return Ok(None);
    };
    let result = match execute_send(state, handler).await {
        Ok(response) => match parse_seq(&response.body.0)? {
            Some(seq) => Ok(seq),
            None => return Ok(None),
        },
        Err(CommandError::Rejected(refusal)) if refusal.code == NOT_DUE => return Ok(None),
        Err(CommandError::Rejected(refusal)) => Err(refusal.code.to_owned()),
        Err(CommandError::Log(error)) => return Err(error),
        Err(error) => {
            let message = format!("a scheduled message was not sent: {}", error.code());
            return Err(LogError::Unavailable(message));
        }
    };
    Ok(Some(outcome(&due, result)))
}

/// The seq of a message that was sent. `None` if the hook has held it: that has ended the scheduled
/// message.
fn parse_seq(answer: &[u8]) -> Result<Option<i64>, LogError> {
    if is_held_response(answer) {
        return Ok(None);
    }
    serde_json::from_slice::<SentMessage>(answer)
        .map(|sent| Some(sent.seq))
        .map_err(|error| LogError::Corrupt(format!("the receipt of a send: {error}")))
}

/// Records what became of messages, in one append.
async fn complete(
    state: &CommandState,
    owner: &UserId,
    outcomes: Vec<ScheduledOutcome>,
) -> Result<(), LogError> {
    if outcomes.is_empty() {
        return Ok(());
    }
    let mut attempts = Attempts::default();
    loop {
        if attempts.start_next().await.is_err() {
            // The next step tries again.
            return Ok(());
        }
        let locked = state.log().mailboxes().lock(owner.as_str()).await?;
        let command = MailboxCommand::CompleteScheduled(outcomes.clone());
        let events = match locked.state().decide(command, state.limits()) {
            Ok(events) => events,
            Err(refusal) => return Err(LogError::Corrupt(refusal.to_string())),
        };
        match locked
            .append(AppendRequest::from_events(events))
            .wait()
            .await
        {
            Ok(_) => return Ok(()),
            Err(AppendError::Conflict | AppendError::DuplicateKey(_)) => {}
            Err(AppendError::Log(error)) => return Err(error),
        }
    }
}
