//! The one path of every order.
//!
//! An attempt looks up what the rules need, locks the aggregate, decides, and queues what was
//! decided: [`place`]. Then it waits for what becomes of it: [`land`]. If something moved in
//! between, it is attempted again, a bounded number of times. [`execute`] does all of it; a batch
//! places many orders before it lands the first.

use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

use domain::refusal::{Kind, Refusal};
use event_log::{Append, Failed, NewReceipt, NotAppended, Receipt, Ticket};
use http::StatusCode;

use crate::answer::{Answered, Fields};
use crate::flights::{Boarding, Flight};
use crate::keyed::Keyed;
use crate::no::No;
use crate::order::{Home as _, Order, Stop};
use crate::state::CommandState;

/// How often one command is decided before its caller is told to come back. A conflict needs
/// another writer to be faster: in one process it is one or two, and between two that write to the
/// same few conversations without pause, 16 were not enough for 2 of 1,000 sends.
pub(crate) const ATTEMPTS: u32 = 64;

/// The longest pause before another attempt.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// An attempt that is queued.
pub(crate) enum Placed {
    /// Decided: the answer holds once the ticket is done.
    Decided {
        ticket: Ticket,
        status: StatusCode,
        fields: Fields,
    },
    /// Refused: the refusal holds once everything it was decided on is durable.
    Refused { ticket: Ticket, refusal: Refusal },
    /// Nothing was queued: look again.
    Again,
}

/// What became of an attempt.
pub(crate) enum Landed {
    Answered(Answered),
    /// Something moved: attempt it again.
    Again,
}

/// Carries an order out, once, however often it is sent.
pub(crate) async fn execute<O: Order>(state: &CommandState, order: &O) -> Result<Answered, No> {
    let started = Instant::now();
    let result = match order.keyed() {
        Some(keyed) => once(state, order, keyed.key).await,
        None => attempt(state, order).await,
    };
    state.meters().ended(order.op(), &result, started.elapsed());
    result
}

/// Of those who send the same key at the same time, one attempts it. Each wait ends because
/// somebody has ended, so however many wait, it goes on.
async fn once<O: Order>(
    state: &CommandState,
    order: &O,
    key: event_log::Key,
) -> Result<Answered, No> {
    loop {
        match state.flights().board(key) {
            Boarding::Alone => return attempt(state, order).await,
            Boarding::First(flight) => {
                let result = attempt(state, order).await;
                tell(flight, order.keyed(), &result);
                return result;
            }
            Boarding::Wait(first) => match first.await {
                Ok(Ok(receipt)) => return replay(state, order, Receipt::clone(&receipt)).await,
                Ok(Err(failed)) => return Err(failed.into()),
                // They were refused, or hung up: what becomes of this one is not known yet.
                Err(_) => {}
            },
        }
    }
}

/// Tells those who wait for the same key what came of it.
pub(crate) fn tell(flight: Flight<'_>, keyed: Option<&Keyed>, result: &Result<Answered, No>) {
    match result {
        Ok(answered) => flight.land(|| {
            Ok(Receipt {
                fingerprint: keyed.map_or(0, |keyed| keyed.fingerprint),
                position: answered.position,
                answer: answered.fields.0.clone(),
            })
        }),
        Err(No::Failed(failed)) => flight.land(|| Err(failed.clone())),
        Err(_) => drop(flight),
    }
}

/// Attempts an order until it holds.
async fn attempt<O: Order>(state: &CommandState, order: &O) -> Result<Answered, No> {
    for number in 0..ATTEMPTS {
        pause_before(number).await;
        let placed = place(state, order).await?;
        if let Landed::Answered(answered) = land(state, order, placed).await? {
            return Ok(answered);
        }
    }
    Err(No::Busy)
}

/// Looks up, locks, decides and queues.
pub(crate) async fn place<O: Order>(state: &CommandState, order: &O) -> Result<Placed, Failed> {
    let mut observed = Vec::new();
    let known = order.look_up(state, &mut observed).await;
    let locked = O::Home::store(state.log()).lock(order.id()).await?;
    let decided = match known {
        Ok(known) => order.decide(state, &locked, known).await,
        Err(stop) => Err(stop),
    };
    match decided {
        Ok(decision) => {
            let receipts = order.keyed().map(|keyed| NewReceipt {
                key: keyed.key,
                fingerprint: keyed.fingerprint,
                event: None,
                answer: decision.fields.0.clone(),
            });
            let receipts = receipts.into_iter().collect();
            let ticket = locked.append(Append {
                events: decision.events,
                receipts,
                observed,
            });
            Ok(Placed::Decided {
                ticket,
                status: decision.status,
                fields: decision.fields,
            })
        }
        Err(Stop::Refused(refusal)) => {
            let nothing = Append {
                events: Vec::new(),
                receipts: Vec::new(),
                observed,
            };
            Ok(Placed::Refused {
                ticket: locked.append(nothing),
                refusal,
            })
        }
        Err(Stop::Again) => Ok(Placed::Again),
        Err(Stop::Failed(failed)) => Err(failed),
    }
}

/// Waits for what was queued.
pub(crate) async fn land<O: Order>(
    state: &CommandState,
    order: &O,
    placed: Placed,
) -> Result<Landed, No> {
    match placed {
        Placed::Again => Ok(Landed::Again),
        Placed::Decided {
            ticket,
            status,
            fields,
        } => match ticket.done().await {
            Ok(appended) => {
                let position = appended.last;
                Ok(Landed::Answered(Answered {
                    status,
                    replayed: false,
                    position,
                    fields,
                }))
            }
            Err(NotAppended::Conflict) => Ok(Landed::Again),
            Err(NotAppended::Duplicate(known)) => {
                let own = order.keyed().map(|keyed| keyed.key);
                match known.into_iter().find(|(key, _)| Some(*key) == own) {
                    Some((_, receipt)) => replay(state, order, receipt).await.map(Landed::Answered),
                    None => Ok(Landed::Again),
                }
            }
            Err(NotAppended::Failed(failed)) => Err(failed.into()),
        },
        Placed::Refused { ticket, refusal } => match ticket.done().await {
            Ok(_) => refuse(state, order, refusal).await.map(Landed::Answered),
            Err(NotAppended::Failed(failed)) => Err(failed.into()),
            Err(NotAppended::Conflict | NotAppended::Duplicate(_)) => Ok(Landed::Again),
        },
    }
}

/// A refused command may have been accepted when it was first sent: then it gets that answer.
/// Loss of access comes first.
async fn refuse<O: Order>(
    state: &CommandState,
    order: &O,
    refusal: Refusal,
) -> Result<Answered, No> {
    if refusal.kind != Kind::NotFound
        && let Some(keyed) = order.keyed()
        && let Some(receipt) = state.log().receipt(keyed.key).await?
    {
        return replay(state, order, receipt).await;
    }
    Err(No::Refused(refusal))
}

/// Gives the first answer again: to somebody who still has access, for the same request.
pub(crate) async fn replay<O: Order>(
    state: &CommandState,
    order: &O,
    receipt: Receipt,
) -> Result<Answered, No> {
    if !order.may_replay(state, &receipt).await? {
        // What took the access away is durable before it is told.
        state.log().head().await?;
        return Err(No::Refused(Refusal::not_found()));
    }
    if order
        .keyed()
        .is_none_or(|keyed| keyed.fingerprint != receipt.fingerprint)
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

/// A pause that grows with the number of the attempt and is never the same for two. There is none
/// before the first two attempts: what moved is known by then.
pub(crate) async fn pause_before(attempt: u32) {
    let Some(doublings) = attempt.checked_sub(2) else {
        return;
    };
    let longest = Duration::from_millis(1 << doublings.min(6)).min(LONGEST_PAUSE);
    let dice = std::hash::RandomState::new().build_hasher().finish();
    tokio::time::sleep(longest.mul_f64(dice as f64 / u64::MAX as f64)).await;
}
