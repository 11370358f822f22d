//! Executes sends that the hook checks, as its verdict says: sent, refused, or held.

use domain::case::command::AddEvidence;
use domain::case::event::CaseKind;
use domain::case::target::CaseTarget;
use domain::refusal::Refusal;
use tokio::time::Instant;

use super::cases::add_evidence;
use super::held_response::parse_held_id;
use super::hold::HoldHandler;
use super::send::SendHandler;
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::CommandHandler as _;
use crate::message_check::{CheckedMessage, Verdict};
use crate::pending_check;
use crate::response::CommandResponse;
use crate::state::CommandState;

/// A send after its check.
#[expect(
    clippy::large_enum_variant,
    reason = "it is moved once, and most of them are sends"
)]
pub(crate) enum CheckedSend {
    /// To be executed. If it is still to be checked, it will be refused or replayed.
    Send(SendHandler),
    /// To be held.
    Hold(Box<HoldHandler>),
}

/// Executes a send, after its check if there is a hook.
pub(crate) async fn execute_send(
    state: &CommandState,
    send: SendHandler,
) -> Result<CommandResponse, CommandError> {
    if send.hook().is_none() {
        return execute(state, &send).await;
    }
    // The future of a check is large, and most sends need none.
    Box::pin(execute_checked(state, send)).await
}

async fn execute_checked(
    state: &CommandState,
    send: SendHandler,
) -> Result<CommandResponse, CommandError> {
    let key = send.meta().idempotency.map(|known| known.key);
    let _turn = pending_check::lead(state, key).await;
    match check(state, send, pending_check::deadline()).await? {
        CheckedSend::Send(send) => execute(state, &send).await,
        CheckedSend::Hold(hold) => execute_hold(state, &hold).await,
    }
}

/// Holds a message, and opens its case.
async fn execute_hold(
    state: &CommandState,
    hold: &HoldHandler,
) -> Result<CommandResponse, CommandError> {
    let response = execute(state, hold).await?;
    open_case(state, hold, &response).await;
    Ok(response)
}

/// Opens the case about a message that was held. If this fails, the follower of the log does it.
pub(crate) async fn open_case(
    state: &CommandState,
    hold: &HoldHandler,
    response: &CommandResponse,
) {
    let Some(held_id) = parse_held_id(&response.body.0).filter(|_| !response.replayed) else {
        return;
    };
    let evidence = AddEvidence {
        kind: CaseKind::Held,
        target: CaseTarget::Held {
            user: hold.meta().caller.clone(),
            held_id,
            conversation: hold.conversation().clone(),
        },
        source_position: response.position,
        detail: hold.reason().unwrap_or_default().to_owned(),
        user: None,
    };
    if let Err(problem) = add_evidence(state, evidence).await {
        let code = problem.code();
        tracing::warn!(code, "the case about a held message was not opened at once");
    }
}

/// Asks the hook about a send, unless it was executed earlier or the rules refuse it.
pub(crate) async fn check(
    state: &CommandState,
    mut send: SendHandler,
    deadline: Instant,
) -> Result<CheckedSend, CommandError> {
    let Some(active) = send.hook().cloned() else {
        return Ok(CheckedSend::Send(send));
    };
    if !pending_check::is_due(state, &send).await? {
        return Ok(CheckedSend::Send(send));
    }
    let verdict = {
        let meta = send.meta();
        let (_, draft) = send.content()?;
        let message = CheckedMessage {
            conversation_id: &meta.aggregate_id,
            sender: &meta.caller,
            kind: draft.kind,
            body: &draft.body,
            mentions: &draft.mentions,
            reply_to: draft.reply_to,
            thread: draft.thread,
            seq: None,
        };
        pending_check::ask(state, &active.hook, &message, deadline).await?
    };
    send.end_check();
    Ok(match verdict {
        Verdict::Allow => CheckedSend::Send(send),
        Verdict::Refuse(reason) => {
            send.refuse(Refusal::message_refused(reason));
            CheckedSend::Send(send)
        }
        Verdict::Hold(reason) => CheckedSend::Hold(Box::new(HoldHandler::new(send, reason))),
    })
}
