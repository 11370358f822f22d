//! Executes many commands in order, but queues each without waiting for the one before: commands
//! queued during a commit go into the next commit.
//!
//! Execution proceeds in rounds. A round submits every pending line, then completes them all. A
//! line that conflicted is pending again in the next round, and so is every later line for the same
//! conversation. This keeps the lines for one conversation in order.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use domain::ids::ConversationId;
use event_log::{ReceiptKey, Receipt};
use futures::FutureExt;
use futures::future::{BoxFuture, MaybeDone, maybe_done};
use http_edge::Problem;

use super::job::Job;
use crate::answer::Answered;
use crate::execute::{ATTEMPTS, Landed, Placed, pause_before, tell};
use crate::flights::{Boarding, Flight};
use crate::no::No;
use crate::state::CommandState;

/// Executes the commands and returns their responses in the same order. A line that could not be
/// parsed already has its problem.
pub(super) async fn carry_out(
    state: &CommandState,
    commands: Vec<Result<Job, Problem>>,
) -> Vec<Result<Answered, Problem>> {
    let mut batch = Batch {
        state,
        started: Instant::now(),
        answers: HashMap::new(),
    };
    let mut pending: Vec<(usize, &Job)> = commands
        .iter()
        .enumerate()
        .filter_map(|(line, command)| Some((line, command.as_ref().ok()?)))
        .collect();
    for attempt in 0..ATTEMPTS {
        if pending.is_empty() {
            break;
        }
        pause_before(attempt).await;
        pending = batch.wave(pending).await;
    }
    for (line, command) in pending {
        batch.answer(line, command, Err(No::Busy));
    }
    let mut responses = batch.answers;
    let response = |(line, command): (usize, Result<Job, Problem>)| match command {
        Ok(_) => responses
            .remove(&line)
            .unwrap_or_else(|| Err(No::Busy.into())),
        Err(problem) => Err(problem),
    };
    commands.into_iter().enumerate().map(response).collect()
}

/// The execution of one batch: its responses so far, by line.
struct Batch<'a> {
    state: &'a CommandState,
    started: Instant,
    answers: HashMap<usize, Result<Answered, Problem>>,
}

/// A command that was submitted but not completed.
struct Flying<'a> {
    line: usize,
    job: &'a Job,
    flight: Option<Flight<'a>>,
    landing: MaybeDone<BoxFuture<'a, Result<Landed, No>>>,
}

impl Flying<'_> {
    /// Whether this command is already known to have conflicted. Does not wait.
    fn has_fallen(&mut self) -> bool {
        let _ = (&mut self.landing).now_or_never();
        matches!(self.landing, MaybeDone::Done(Ok(Landed::Again)))
    }
}

/// The state of one round.
#[derive(Default)]
struct Wave<'a> {
    flying: Vec<Flying<'a>>,
    /// For each conversation, the index in `in_flight` of its last command.
    last: HashMap<&'a ConversationId, usize>,
    /// Conversations with a deferred line; all their later lines are deferred too.
    held: HashSet<&'a ConversationId>,
    /// The lines for the next round.
    put_off: Vec<(usize, &'a Job)>,
}

impl<'a> Wave<'a> {
    /// Whether a command must be deferred because an earlier one for its conversation is.
    fn must_wait(&mut self, command: &'a Job) -> bool {
        let Some(conversation) = command.conversation() else {
            return false;
        };
        if let Some(last) = self.last.get(conversation)
            && self.flying.get_mut(*last).is_some_and(Flying::has_fallen)
        {
            self.held.insert(conversation);
        }
        self.held.contains(conversation)
    }

    /// Tracks a submitted command until its completion.
    fn take_off(
        &mut self,
        state: &'a CommandState,
        (line, command): (usize, &'a Job),
        leader: Option<Flight<'a>>,
        submission: Placed,
    ) {
        if let Some(conversation) = command.conversation() {
            self.last.insert(conversation, self.flying.len());
        }
        let completion = maybe_done(command.land(state, submission).boxed());
        self.flying.push(Flying {
            line,
            job: command,
            flight: leader,
            landing: completion,
        });
    }
}

impl<'a> Batch<'a> {
    /// Runs one round. Returns the lines that must be attempted again, in order.
    async fn wave(&mut self, pending: Vec<(usize, &'a Job)>) -> Vec<(usize, &'a Job)> {
        let receipts = match self.known(&pending).await {
            Ok(receipts) => receipts,
            Err(error) => {
                for (line, command) in pending {
                    self.answer(line, command, Err(No::Failed(error.clone())));
                }
                return Vec::new();
            }
        };
        let mut round = Wave::default();
        for (line, command) in pending {
            let receipt = command
                .keyed()
                .and_then(|idempotency| receipts.get(&idempotency.key));
            match receipt {
                Some(receipt) => {
                    let result = command.replay(self.state, receipt.clone()).await;
                    self.answer(line, command, result);
                }
                None => self.place(&mut round, line, command).await,
            }
        }
        self.land(round).await
    }

    /// Loads the receipts of commands that were executed earlier, so that a repeated batch costs
    /// only one query.
    async fn known(
        &self,
        pending: &[(usize, &Job)],
    ) -> Result<HashMap<ReceiptKey, Receipt>, event_log::LogError> {
        let keys: Vec<ReceiptKey> = pending
            .iter()
            .filter_map(|(_, command)| Some(command.keyed()?.key))
            .collect();
        if keys.is_empty() {
            Ok(HashMap::new())
        } else {
            self.state.log().find_receipts(&keys).await
        }
    }

    /// Submits a command, or defers it to the next round.
    async fn place(&mut self, round: &mut Wave<'a>, line: usize, command: &'a Job) {
        if round.must_wait(command) {
            round.put_off.push((line, command));
            return;
        }
        let state = self.state;
        let joined = command
            .keyed()
            .map(|idempotency| state.flights().board(idempotency.key));
        let leader = match joined {
            Some(Boarding::First(leader)) => Some(leader),
            // The same key is in flight, in this batch or elsewhere: the next round finds its
            // receipt.
            Some(Boarding::Wait(_)) => {
                round.put_off.push((line, command));
                return;
            }
            Some(Boarding::Alone) | None => None,
        };
        match command.place(state).await {
            Ok(Placed::Again) => {
                round.held.extend(command.conversation());
                round.put_off.push((line, command));
            }
            Ok(submission) => round.take_off(state, (line, command), leader, submission),
            Err(error) => self.answer(line, command, Err(error.into())),
        }
    }

    /// Completes every command of a round. Returns the lines that must be attempted again, in
    /// order.
    async fn land(&mut self, round: Wave<'a>) -> Vec<(usize, &'a Job)> {
        let mut pending = round.put_off;
        for Flying {
            line,
            job: command,
            flight: leader,
            landing: mut completion,
        } in round.flying
        {
            (&mut completion).await;
            let result = match std::pin::Pin::new(&mut completion).take_output() {
                Some(Ok(Landed::Again)) | None => {
                    pending.push((line, command));
                    continue;
                }
                Some(Ok(Landed::Answered(response))) => Ok(response),
                Some(Err(error)) => Err(error),
            };
            if let Some(leader) = leader {
                tell(leader, command.keyed(), &result);
            }
            self.answer(line, command, result);
        }
        pending.sort_unstable_by_key(|(line, _)| *line);
        pending
    }

    /// Records the metrics and the response of a line.
    fn answer(&mut self, line: usize, command: &Job, result: Result<Answered, No>) {
        self.state
            .meters()
            .ended(command.op(), &result, self.started.elapsed());
        self.answers.insert(line, result.map_err(Problem::from));
    }
}
