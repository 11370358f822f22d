//! The execution of command handlers.
//!
//! An attempt has two halves. [`submit`] loads what the decision needs from other aggregates, locks
//! the target aggregate, decides, and queues the append. [`complete`] waits for the append. If an
//! aggregate changed in between, the command is attempted again, a bounded number of times.
//! [`execute`] does all of this; a batch submits many commands before it completes the first.

use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

use domain::refusal::{RefusalKind, Refusal};
use event_log::{AppendRequest, LogError, NewReceipt, AppendError, Receipt, AppendTicket};
use http::StatusCode;

use crate::answer::{Answered, Fields};
use crate::flights::{Boarding, Flight};
use crate::keyed::Keyed;
use crate::no::No;
use crate::order::{Home as _, Order, Stop};
use crate::state::CommandState;

/// Attempts for one command before it fails with `Contention`. Each conflict means that another
/// writer was faster. Within one process one or two attempts suffice; with two processes that write
/// to the same few conversations without pause, 16 were too few for 2 of 1,000 sends.
pub(crate) const ATTEMPTS: u32 = 64;

/// The maximum backoff before another attempt.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// The result of the first half of an attempt.
pub(crate) enum Placed {
    /// Accepted: the response is valid once the append is durable.
    Decided {
        ticket: AppendTicket,
        status: StatusCode,
        fields: Fields,
    },
    /// Rejected: the refusal is valid once everything it was based on is durable.
    Refused { ticket: AppendTicket, refusal: Refusal },
    /// Nothing was queued: a lookup was out of date, so attempt it again.
    Again,
}

/// The result of a whole attempt.
pub(crate) enum Landed {
    /// The command was executed, now or earlier.
    Answered(Answered),
    /// An aggregate changed: attempt it again.
    Again,
}

/// Executes a command, once, however often it is sent under the same key.
pub(crate) async fn execute<H: Order>(state: &CommandState, handler: &H) -> Result<Answered, No> {
    let started = Instant::now();
    let result = match handler.keyed() {
        Some(idempotency) => once(state, handler, idempotency.key).await,
        None => attempt(state, handler).await,
    };
    state
        .meters()
        .ended(handler.op(), &result, started.elapsed());
    result
}

/// Lets only one of several concurrent requests with the same key attempt the command. A follower
/// stops waiting only when its leader has ended, so there is always progress.
async fn once<H: Order>(
    state: &CommandState,
    handler: &H,
    key: event_log::ReceiptKey,
) -> Result<Answered, No> {
    loop {
        match state.flights().board(key) {
            Boarding::Alone => return attempt(state, handler).await,
            Boarding::First(leader) => {
                let result = attempt(state, handler).await;
                tell(leader, handler.keyed(), &result);
                return result;
            }
            Boarding::Wait(result) => match result.await {
                Ok(Ok(receipt)) => return replay(state, handler, Receipt::clone(&receipt)).await,
                Ok(Err(error)) => return Err(error.into()),
                // The leader was rejected or disconnected: this request must try itself.
                Err(_) => {}
            },
        }
    }
}

/// Passes the result on to the followers with the same key.
pub(crate) fn tell(leader: Flight<'_>, idempotency: Option<&Keyed>, result: &Result<Answered, No>) {
    match result {
        Ok(response) => leader.land(|| {
            Ok(Receipt {
                fingerprint: idempotency.map_or(0, |idempotency| idempotency.fingerprint),
                position: response.position,
                answer: response.fields.0.clone(),
            })
        }),
        Err(No::Failed(error)) => leader.land(|| Err(error.clone())),
        Err(_) => drop(leader),
    }
}

/// Attempts a command until it succeeds, fails, or runs out of attempts.
async fn attempt<H: Order>(state: &CommandState, handler: &H) -> Result<Answered, No> {
    for number in 0..ATTEMPTS {
        pause_before(number).await;
        let submission = place(state, handler).await?;
        if let Landed::Answered(response) = land(state, handler, submission).await? {
            return Ok(response);
        }
    }
    Err(No::Busy)
}

/// Loads the lookups, locks the aggregate, decides, and queues the append.
pub(crate) async fn place<H: Order>(state: &CommandState, handler: &H) -> Result<Placed, LogError> {
    let mut observed = Vec::new();
    let lookups = handler.look_up(state, &mut observed).await;
    let locked = H::Home::store(state.log()).lock(handler.id()).await?;
    let decided = match lookups {
        Ok(lookups) => handler.decide(state, &locked, lookups).await,
        Err(stop) => Err(stop),
    };
    match decided {
        Ok(decision) => {
            let receipts = handler.keyed().map(|idempotency| NewReceipt {
                key: idempotency.key,
                fingerprint: idempotency.fingerprint,
                event_index: None,
                answer: decision.fields.0.clone(),
            });
            let receipts = receipts.into_iter().collect();
            let ticket = locked.append(AppendRequest {
                events: decision.events,
                receipts,
                observations: observed,
            });
            Ok(Placed::Decided {
                ticket,
                status: decision.status,
                fields: decision.fields,
            })
        }
        Err(Stop::Refused(refusal)) => {
            let nothing = AppendRequest {
                events: Vec::new(),
                receipts: Vec::new(),
                observations: observed,
            };
            Ok(Placed::Refused {
                ticket: locked.append(nothing),
                refusal,
            })
        }
        Err(Stop::Again) => Ok(Placed::Again),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// Waits for a queued append and builds the response.
pub(crate) async fn land<H: Order>(
    state: &CommandState,
    handler: &H,
    submission: Placed,
) -> Result<Landed, No> {
    match submission {
        Placed::Again => Ok(Landed::Again),
        Placed::Decided {
            ticket,
            status,
            fields,
        } => match ticket.wait().await {
            Ok(appended) => {
                let position = appended.last;
                Ok(Landed::Answered(Answered {
                    status,
                    replayed: false,
                    position,
                    fields,
                }))
            }
            Err(AppendError::Conflict) => Ok(Landed::Again),
            Err(AppendError::DuplicateKey(known)) => {
                let own = handler.keyed().map(|idempotency| idempotency.key);
                match known.into_iter().find(|(key, _)| Some(*key) == own) {
                    Some((_, receipt)) => {
                        replay(state, handler, receipt).await.map(Landed::Answered)
                    }
                    None => Ok(Landed::Again),
                }
            }
            Err(AppendError::Log(error)) => Err(error.into()),
        },
        Placed::Refused { ticket, refusal } => match ticket.wait().await {
            Ok(_) => refuse(state, handler, refusal).await.map(Landed::Answered),
            Err(AppendError::Log(error)) => Err(error.into()),
            Err(AppendError::Conflict | AppendError::DuplicateKey(_)) => Ok(Landed::Again),
        },
    }
}

/// Rejects the command, unless it was accepted when it was first sent: then replays that response.
/// A caller without access is always rejected.
async fn refuse<H: Order>(
    state: &CommandState,
    handler: &H,
    refusal: Refusal,
) -> Result<Answered, No> {
    if refusal.kind != RefusalKind::NotFound
        && let Some(idempotency) = handler.keyed()
        && let Some(receipt) = state.log().find_receipt(idempotency.key).await?
    {
        return replay(state, handler, receipt).await;
    }
    Err(No::Refused(refusal))
}

/// Replays the first response, if the caller still has access and the request is the same.
pub(crate) async fn replay<H: Order>(
    state: &CommandState,
    handler: &H,
    receipt: Receipt,
) -> Result<Answered, No> {
    if !handler.may_replay(state, &receipt).await? {
        // The event that revoked the access must be durable before the caller learns of it.
        state.log().head().await?;
        return Err(No::Refused(Refusal::not_found()));
    }
    if handler
        .keyed()
        .is_none_or(|idempotency| idempotency.fingerprint != receipt.fingerprint)
    {
        return Err(No::Mismatch);
    }
    let Receipt {
        position, answer, ..
    } = receipt;
    Ok(Answered {
        status: StatusCode::OK,
        replayed: true,
        position,
        fields: Fields(answer),
    })
}

/// Pauses before an attempt, with exponential backoff and jitter. There is no pause before the
/// first two attempts, because the conflicting change is already known by the second.
pub(crate) async fn pause_before(attempt: u32) {
    let Some(doublings) = attempt.checked_sub(2) else {
        return;
    };
    let max_pause = Duration::from_millis(1 << doublings.min(6)).min(LONGEST_PAUSE);
    let random = std::hash::RandomState::new().build_hasher().finish();
    tokio::time::sleep(max_pause.mul_f64(random as f64 / u64::MAX as f64)).await;
}
