//! The execution of command handlers.
//!
//! An attempt has two halves. [`submit`] loads what the decision needs from other aggregates, locks
//! the target aggregate, decides, and queues the append. [`complete`] waits for the append. If an
//! aggregate changed in between, the command is attempted again, a bounded number of times.
//! [`execute`] does all of this; a batch submits many commands before it completes the first.

use std::borrow::Borrow as _;
use std::time::{Duration, Instant};

use domain::refusal::{Refusal, RefusalKind};
use event_log::{
    AppendError, AppendRequest, AppendTicket, AppendedRange, LogError, NewReceipt, Receipt,
};
use futures::future::BoxFuture;
use http::StatusCode;
use tokio::time::timeout;
use traces::{Span, SpanKind};

use crate::attempts::Attempts;
use crate::error::CommandError;
use crate::handler::{AttemptError, CommandHandler, CommandLookups as _, TargetAggregate as _};
use crate::idempotency::Idempotency;
use crate::message_check::is_check_due;
use crate::response::{CommandResponse, ResponseBody};
use crate::single_flight::{FlightLeader, FlightRole};
use crate::state::CommandState;

/// The result of the first half of an attempt.
pub(crate) enum Submission {
    /// Accepted: the response is valid once the append is durable.
    Decided {
        ticket: AppendTicket,
        status: StatusCode,
        body: ResponseBody,
    },
    /// Rejected: the refusal is valid once everything it was based on is durable.
    Rejected {
        ticket: AppendTicket,
        refusal: Refusal,
    },
    /// Nothing was queued: a lookup was out of date, so attempt it again.
    Retry,
}

/// The result of a whole attempt.
pub(crate) enum Completion {
    /// The command was executed, now or earlier.
    Response(CommandResponse),
    /// An aggregate changed: attempt it again.
    Retry,
}

/// How long a command may take. Postgres may have vanished without closing its connections; the
/// client then learns that the outcome is unknown, and sends the command again.
pub(crate) const COMMAND_TIMEOUT: Duration = Duration::from_millis(2_800);

/// Executes a command, once, however often it is sent under the same key.
pub(crate) async fn execute<H: CommandHandler>(
    state: &CommandState,
    handler: &H,
) -> Result<CommandResponse, CommandError> {
    let started = Instant::now();
    let execution = async {
        state.check_switch(handler.meta().kind)?;
        match &handler.meta().idempotency {
            Some(idempotency) => execute_single_flight(state, handler, idempotency.key).await,
            None => execute_with_retries(state, handler).await,
        }
    };
    let result = match timeout(COMMAND_TIMEOUT, execution).await {
        Ok(result) => result,
        Err(_) => Err(LogError::Unavailable("Postgres does not answer".into()).into()),
    };
    state
        .metrics()
        .record_result(handler.meta().kind, &result, started.elapsed());
    result
}

/// Lets only one of several concurrent requests with the same key attempt the command. A follower
/// stops waiting only when its leader has ended, so there is always progress.
async fn execute_single_flight<H: CommandHandler>(
    state: &CommandState,
    handler: &H,
    key: event_log::ReceiptKey,
) -> Result<CommandResponse, CommandError> {
    loop {
        match state.single_flight().join(key) {
            FlightRole::Unshared => return execute_with_retries(state, handler).await,
            FlightRole::Leader(leader) => {
                let result = execute_with_retries(state, handler).await;
                resolve_followers(leader, handler.meta().idempotency, &result);
                return result;
            }
            FlightRole::Follower(result) => match result.await {
                Ok(Ok(receipt)) => return replay(state, handler, Receipt::clone(&receipt)).await,
                Ok(Err(error)) => return Err(error.into()),
                // The leader was rejected or disconnected: this request must try itself.
                Err(_) => {}
            },
        }
    }
}

/// Passes the result on to the followers with the same key.
pub(crate) fn resolve_followers(
    leader: FlightLeader<'_>,
    idempotency: Option<Idempotency>,
    result: &Result<CommandResponse, CommandError>,
) {
    match result {
        Ok(response) => leader.complete(|| {
            Ok(Receipt {
                fingerprint: idempotency.map_or(0, |idempotency| idempotency.fingerprint),
                position: response.position,
                answer: response.body.0.clone(),
            })
        }),
        Err(CommandError::Log(error)) => leader.complete(|| Err(error.clone())),
        Err(_) => drop(leader),
    }
}

/// Attempts a command until it succeeds, fails, or runs out of attempts.
async fn execute_with_retries<H: CommandHandler>(
    state: &CommandState,
    handler: &H,
) -> Result<CommandResponse, CommandError> {
    if let Some(idempotency) = handler.meta().idempotency
        && let Some(receipt) = state.log().find_repeated(idempotency.key).await?
    {
        return replay(state, handler, receipt).await;
    }
    let mut attempts = Attempts::default();
    loop {
        attempts.start_next().await?;
        let submission = submit(state, handler).await?;
        if let Completion::Response(response) = complete(state, handler, submission).await? {
            return Ok(response);
        }
    }
}

/// Loads the lookups, locks the aggregate, decides, and queues the append.
pub(crate) async fn submit<H: CommandHandler>(
    state: &CommandState,
    handler: &H,
) -> Result<Submission, LogError> {
    let mut span = Span::start("decide", SpanKind::Internal);
    span.set("tidings.command", handler.meta().kind.as_str());
    let submitted = decide(state, handler).await;
    if let Ok(Submission::Rejected { refusal, .. }) = &submitted {
        span.set("tidings.refusal", refusal.code);
    }
    span.end_with(&submitted);
    submitted
}

async fn decide<H: CommandHandler>(
    state: &CommandState,
    handler: &H,
) -> Result<Submission, LogError> {
    let meta = handler.meta();
    let mut observed = Vec::new();
    let lookups = H::Lookups::load(handler, state, &mut observed).await;
    let locked = H::Target::store(state.log())
        .lock(meta.aggregate_id.borrow())
        .await?;
    let decided = match lookups {
        Ok(lookups) => handler.decide(state, &locked, lookups).await,
        Err(stop) => Err(stop),
    };
    let decided = decided.and_then(|decision| {
        if meta.kind.is_writing() && !decision.events.is_empty() {
            state.check_may_write(&meta.caller)?;
        }
        Ok(decision)
    });
    match decided {
        Ok(decision) => {
            let receipts = meta.idempotency.map(|idempotency| NewReceipt {
                key: idempotency.key,
                fingerprint: idempotency.fingerprint,
                event_index: None,
                answer: decision.body.0.clone(),
            });
            let receipts = receipts.into_iter().collect();
            let ticket = locked.append(AppendRequest {
                events: decision.events,
                receipts,
                observations: observed,
                actor: handler.meta().actor.clone(),
            });
            Ok(Submission::Decided {
                ticket,
                status: decision.status,
                body: decision.body,
            })
        }
        Err(AttemptError::Rejected(refusal)) => {
            let nothing = AppendRequest {
                events: Vec::new(),
                receipts: Vec::new(),
                observations: observed,
                actor: None,
            };
            Ok(Submission::Rejected {
                ticket: locked.append(nothing),
                refusal,
            })
        }
        Err(AttemptError::Retry) => Ok(Submission::Retry),
        Err(AttemptError::Log(error)) => Err(error),
    }
}

/// Decides a command without executing it. Relies on nothing: the command decides again.
pub(crate) async fn preview<H: CommandHandler>(
    state: &CommandState,
    handler: &H,
) -> Result<(), AttemptError> {
    let lookups = H::Lookups::load(handler, state, &mut Vec::new()).await?;
    let locked = H::Target::store(state.log())
        .lock(handler.meta().aggregate_id.borrow())
        .await?;
    handler.decide(state, &locked, lookups).await.map(|_| ())
}

/// Waits for a queued append and builds the response.
pub(crate) async fn complete<H: CommandHandler>(
    state: &CommandState,
    handler: &H,
    submission: Submission,
) -> Result<Completion, CommandError> {
    match submission {
        Submission::Retry => Ok(Completion::Retry),
        Submission::Decided {
            ticket,
            status,
            body: fields,
        } => match wait_for_append(ticket).await {
            Ok(appended) => {
                let position = appended.last;
                Ok(Completion::Response(CommandResponse {
                    status,
                    replayed: false,
                    position,
                    body: fields,
                }))
            }
            Err(AppendError::Conflict) => Ok(Completion::Retry),
            Err(AppendError::DuplicateKey(known)) => {
                let own = handler
                    .meta()
                    .idempotency
                    .map(|idempotency| idempotency.key);
                match known.into_iter().find(|(key, _)| Some(*key) == own) {
                    Some((_, receipt)) => replay(state, handler, receipt)
                        .await
                        .map(Completion::Response),
                    None => Ok(Completion::Retry),
                }
            }
            Err(AppendError::Log(error)) => Err(error.into()),
        },
        Submission::Rejected { ticket, refusal } => match ticket.wait().await {
            Ok(_) => reject_unless_replay(state, handler, refusal)
                .await
                .map(Completion::Response),
            Err(AppendError::Log(error)) => Err(error.into()),
            Err(AppendError::Conflict | AppendError::DuplicateKey(_)) => Ok(Completion::Retry),
        },
    }
}

/// Waits until a queued append is durable.
async fn wait_for_append(ticket: AppendTicket) -> Result<AppendedRange, AppendError> {
    let mut span = Span::start("append", SpanKind::Internal);
    let appended = ticket.wait().await;
    if let Ok(appended) = &appended {
        span.set("tidings.position", appended.last);
    }
    span.end_with(&appended);
    appended
}

/// Rejects the command, unless it was accepted when it was first sent: then replays that response.
/// A caller without access is always rejected.
async fn reject_unless_replay<H: CommandHandler>(
    state: &CommandState,
    handler: &H,
    refusal: Refusal,
) -> Result<CommandResponse, CommandError> {
    if refusal.kind != RefusalKind::NotFound
        && let Some(idempotency) = handler.meta().idempotency
        && let Some(receipt) = Box::pin(state.log().find_receipt(idempotency.key)).await?
    {
        return replay(state, handler, receipt).await;
    }
    if is_check_due(&refusal) {
        // The rules have changed since the check was prepared.
        return Err(CommandError::Contention);
    }
    Err(CommandError::Rejected(refusal))
}

/// Replays the first response, if the caller still has access and the request is the same.
///
/// Boxed, because few commands are repeated, and the future of each would be larger.
pub(crate) fn replay<'a, H: CommandHandler>(
    state: &'a CommandState,
    handler: &'a H,
    receipt: Receipt,
) -> BoxFuture<'a, Result<CommandResponse, CommandError>> {
    Box::pin(async move {
        if !handler.may_replay(state, &receipt).await? {
            // The event that revoked the access must be durable before the caller learns of it.
            state.log().head().await?;
            return Err(CommandError::Rejected(Refusal::not_found()));
        }
        if handler
            .meta()
            .idempotency
            .is_none_or(|idempotency| idempotency.fingerprint != receipt.fingerprint)
        {
            return Err(CommandError::IdempotencyMismatch);
        }
        let Receipt {
            position, answer, ..
        } = receipt;
        Ok(CommandResponse {
            status: StatusCode::OK,
            replayed: true,
            position,
            body: ResponseBody(answer),
        })
    })
}
