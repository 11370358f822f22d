//! Executes many commands in order, but queues each without waiting for the one before: commands
//! queued during a commit go into the next commit.
//!
//! Execution proceeds in rounds. A round submits every pending line, then completes them all. A
//! line that conflicted is pending again in the next round, and so is every later line for the same
//! conversation. This keeps the lines for one conversation in order.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use domain::ids::ConversationId;
use event_log::{Receipt, ReceiptKey};
use futures::FutureExt;
use futures::future::{BoxFuture, MaybeDone, maybe_done};
use http_edge::Problem;

use super::command::BatchCommand;
use crate::attempts::Attempts;
use crate::commands::checked_send;
use crate::error::CommandError;
use crate::execute::{Completion, Submission, resolve_followers};
use crate::response::CommandResponse;
use crate::single_flight::{FlightLeader, FlightRole};
use crate::state::CommandState;

/// Executes the commands and returns their responses in the same order. A line that could not be
/// parsed already has its problem.
pub(super) async fn execute_batch(
    state: &CommandState,
    commands: Vec<Result<BatchCommand, Problem>>,
) -> Vec<Result<CommandResponse, Problem>> {
    let mut batch = BatchRun {
        state,
        started: Instant::now(),
        responses: HashMap::new(),
    };
    let mut pending: Vec<(usize, &BatchCommand)> = commands
        .iter()
        .enumerate()
        .filter_map(|(line, command)| Some((line, command.as_ref().ok()?)))
        .collect();
    let mut attempts = Attempts::default();
    while !pending.is_empty() && attempts.start_next().await.is_ok() {
        pending = batch.run_round(pending).await;
    }
    for (line, command) in pending {
        batch.record_response(line, command, Err(CommandError::Contention));
    }
    let mut responses = batch.responses;
    let response = |(line, command): (usize, Result<BatchCommand, Problem>)| match command {
        Ok(_) => responses
            .remove(&line)
            .unwrap_or_else(|| Err(CommandError::Contention.into())),
        Err(problem) => Err(problem),
    };
    commands.into_iter().enumerate().map(response).collect()
}

/// The execution of one batch: its responses so far, by line.
struct BatchRun<'a> {
    state: &'a CommandState,
    started: Instant,
    responses: HashMap<usize, Result<CommandResponse, Problem>>,
}

/// A command that was submitted but not completed.
struct InFlightCommand<'a> {
    line: usize,
    command: &'a BatchCommand,
    leader: Option<FlightLeader<'a>>,
    completion: MaybeDone<BoxFuture<'a, Result<Completion, CommandError>>>,
}

impl InFlightCommand<'_> {
    /// Whether this command is already known to have conflicted. Does not wait.
    fn must_retry(&mut self) -> bool {
        let _ = (&mut self.completion).now_or_never();
        matches!(self.completion, MaybeDone::Done(Ok(Completion::Retry)))
    }
}

/// The state of one round.
#[derive(Default)]
struct Round<'a> {
    in_flight: Vec<InFlightCommand<'a>>,
    /// For each conversation, the index in `in_flight` of its last command.
    last_in_flight: HashMap<&'a ConversationId, usize>,
    /// Conversations with a deferred line; all their later lines are deferred too.
    deferred_conversations: HashSet<&'a ConversationId>,
    /// The lines for the next round.
    deferred: Vec<(usize, &'a BatchCommand)>,
}

impl<'a> Round<'a> {
    /// Whether a command must be deferred because an earlier one for its conversation is.
    fn must_defer(&mut self, command: &'a BatchCommand) -> bool {
        let Some(conversation) = command.conversation() else {
            return false;
        };
        if let Some(last) = self.last_in_flight.get(conversation)
            && self
                .in_flight
                .get_mut(*last)
                .is_some_and(InFlightCommand::must_retry)
        {
            self.deferred_conversations.insert(conversation);
        }
        self.deferred_conversations.contains(conversation)
    }

    /// Tracks a submitted command until its completion.
    fn track(
        &mut self,
        state: &'a CommandState,
        (line, command): (usize, &'a BatchCommand),
        leader: Option<FlightLeader<'a>>,
        submission: Submission,
    ) {
        if let Some(conversation) = command.conversation() {
            self.last_in_flight
                .insert(conversation, self.in_flight.len());
        }
        let completion = maybe_done(command.complete(state, submission).boxed());
        self.in_flight.push(InFlightCommand {
            line,
            command,
            leader,
            completion,
        });
    }
}

impl<'a> BatchRun<'a> {
    /// Runs one round. Returns the lines that must be attempted again, in order.
    async fn run_round(
        &mut self,
        pending: Vec<(usize, &'a BatchCommand)>,
    ) -> Vec<(usize, &'a BatchCommand)> {
        let receipts = match self.load_receipts(&pending).await {
            Ok(receipts) => receipts,
            Err(error) => {
                for (line, command) in pending {
                    self.record_response(line, command, Err(CommandError::Log(error.clone())));
                }
                return Vec::new();
            }
        };
        let mut round = Round::default();
        for (line, command) in pending {
            if let Err(error) = self.state.check_switch(command.command_kind()) {
                self.record_response(line, command, Err(error));
                continue;
            }
            let receipt = command
                .idempotency()
                .and_then(|idempotency| receipts.get(&idempotency.key));
            match receipt {
                Some(receipt) => {
                    let result = command.replay(self.state, receipt.clone()).await;
                    self.record_response(line, command, result);
                }
                None => self.submit(&mut round, line, command).await,
            }
        }
        self.complete(round).await
    }

    /// Loads the receipts of commands that were executed earlier, so that a repeated batch costs
    /// only one query.
    async fn load_receipts(
        &self,
        pending: &[(usize, &BatchCommand)],
    ) -> Result<HashMap<ReceiptKey, Receipt>, event_log::LogError> {
        let keys: Vec<ReceiptKey> = pending
            .iter()
            .filter_map(|(_, command)| Some(command.idempotency()?.key))
            .collect();
        if keys.is_empty() {
            Ok(HashMap::new())
        } else {
            self.state.log().find_receipts(&keys).await
        }
    }

    /// Submits a command, or defers it to the next round.
    async fn submit(&mut self, round: &mut Round<'a>, line: usize, command: &'a BatchCommand) {
        if round.must_defer(command) {
            round.deferred.push((line, command));
            return;
        }
        let state = self.state;
        let joined = command
            .idempotency()
            .map(|idempotency| state.single_flight().join(idempotency.key));
        let leader = match joined {
            Some(FlightRole::Leader(leader)) => Some(leader),
            // The same key is in flight, in this batch or elsewhere: the next round finds its
            // receipt.
            Some(FlightRole::Follower(_)) => {
                round.deferred.push((line, command));
                return;
            }
            Some(FlightRole::Unshared) | None => None,
        };
        match command.submit(state).await {
            Ok(Submission::Retry) => {
                round.deferred_conversations.extend(command.conversation());
                round.deferred.push((line, command));
            }
            Ok(submission) => round.track(state, (line, command), leader, submission),
            Err(error) => self.record_response(line, command, Err(error.into())),
        }
    }

    /// Completes every command of a round. Returns the lines that must be attempted again, in
    /// order.
    async fn complete(&mut self, round: Round<'a>) -> Vec<(usize, &'a BatchCommand)> {
        let mut pending = round.deferred;
        for InFlightCommand {
            line,
            command,
            leader,
            mut completion,
        } in round.in_flight
        {
            (&mut completion).await;
            let result = match std::pin::Pin::new(&mut completion).take_output() {
                Some(Ok(Completion::Retry)) | None => {
                    pending.push((line, command));
                    continue;
                }
                Some(Ok(Completion::Response(response))) => Ok(response),
                Some(Err(error)) => Err(error),
            };
            if let Some(leader) = leader {
                resolve_followers(leader, command.idempotency(), &result);
            }
            if let (BatchCommand::Hold(hold), Ok(response)) = (command, &result) {
                checked_send::open_case(self.state, hold, response).await;
            }
            self.record_response(line, command, result);
        }
        pending.sort_unstable_by_key(|(line, _)| *line);
        pending
    }

    /// Records the metrics and the response of a line.
    fn record_response(
        &mut self,
        line: usize,
        command: &BatchCommand,
        result: Result<CommandResponse, CommandError>,
    ) {
        self.state
            .metrics()
            .record_result(command.command_kind(), &result, self.started.elapsed());
        self.responses.insert(line, result.map_err(Problem::from));
    }
}
