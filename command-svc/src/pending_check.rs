//! Checks a command by the hook before it is executed. While the hook is asked, nothing is locked,
//! and no append waits.
//!
//! A command is checked only if it is new and the rules accept it. A handler that is still to be
//! checked is refused (`message_check::check_due`) where it would be executed, so nothing gets past
//! the check because the rules have changed in between.

use std::future::Future;
use std::time::Duration;

use domain::deployment::MessageHook;
use event_log::{LogError, ReceiptKey};
use tokio::time::{Instant, timeout, timeout_at};

use crate::attempts::Attempts;
use crate::error::CommandError;
use crate::execute::{COMMAND_TIMEOUT, preview};
use crate::handler::{AttemptError, CommandHandler};
use crate::message_check::{
    CheckedMessage, MessageCheckError, Verdict, is_check_due, question_about,
};
use crate::metrics::CheckOutcome;
use crate::single_flight::{FlightLeader, FlightRole};
use crate::state::CommandState;

/// How long all checks of one request may take. It ends before the request times out. What has no
/// answer by then has a late answer.
const CHECKS_TIMEOUT: Duration = Duration::from_secs(20);

/// When the checks of a request that begins now must end.
pub(crate) fn deadline() -> Instant {
    Instant::now() + CHECKS_TIMEOUT
}

/// Waits until no other request with this key is being checked in this process. What it has caused
/// is then in the log.
pub(crate) async fn lead(
    state: &CommandState,
    key: Option<ReceiptKey>,
) -> Option<FlightLeader<'_>> {
    let key = key?;
    loop {
        match state.checks_in_flight().join(key) {
            FlightRole::Leader(leader) => return Some(leader),
            FlightRole::Follower(ended) => {
                let _ = ended.await;
            }
            FlightRole::Unshared => return None,
        }
    }
}

/// Whether a command is to be checked now: it is new, and only the check is missing.
pub(crate) async fn is_due<H: CommandHandler>(
    state: &CommandState,
    handler: &H,
) -> Result<bool, CommandError> {
    in_time(async {
        if is_known(state, handler).await? {
            return Ok(false);
        }
        let mut attempts = Attempts::default();
        loop {
            attempts.start_next().await?;
            match preview(state, handler).await {
                Ok(()) => return Ok(false),
                Err(AttemptError::Rejected(refusal)) => return Ok(is_check_due(&refusal)),
                Err(AttemptError::Log(error)) => return Err(error.into()),
                Err(AttemptError::Retry) => {}
            }
        }
    })
    .await
}

/// Whether the command was executed earlier, under the same key.
pub(crate) async fn is_known<H: CommandHandler>(
    state: &CommandState,
    handler: &H,
) -> Result<bool, LogError> {
    let Some(idempotency) = handler.meta().idempotency else {
        return Ok(false);
    };
    Ok(state.log().find_receipt(idempotency.key).await?.is_some())
}

/// Gives up if Postgres does not answer.
pub(crate) async fn in_time<T>(
    lookup: impl Future<Output = Result<T, CommandError>>,
) -> Result<T, CommandError> {
    let away = || LogError::Unavailable("Postgres does not answer".into());
    timeout(COMMAND_TIMEOUT, lookup)
        .await
        .unwrap_or_else(|_| Err(away().into()))
}

/// Asks the hook about a message.
pub(crate) async fn ask(
    state: &CommandState,
    hook: &MessageHook,
    message: &CheckedMessage<'_>,
    deadline: Instant,
) -> Result<Verdict, LogError> {
    let question = question_about(message)?;
    let answer = match state.message_check() {
        Some(check) => timeout_at(deadline, check.ask(hook, question))
            .await
            .unwrap_or_else(|_| Err(MessageCheckError("no answer in time".to_owned()))),
        None => Err(MessageCheckError("this process cannot ask".to_owned())),
    };
    match answer.and_then(|answer| Verdict::parse(&answer)) {
        Ok(verdict) => {
            state.metrics().count_check(verdict.outcome());
            Ok(verdict)
        }
        Err(error) => {
            state.metrics().count_check(CheckOutcome::Unanswered);
            // Not for every message: the metric shows an outage.
            tracing::debug!(%error, "the service that checks messages did not answer");
            Ok(Verdict::without_answer(hook.on_failure))
        }
    }
}
