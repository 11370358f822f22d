//! Checks the sends and edits of a batch by the hook, several at a time, before any line is
//! executed.

use futures::{StreamExt as _, stream};
use http_edge::Problem;
use tokio::time::Instant;

use super::command::BatchCommand;
use crate::commands::checked_send::{self, CheckedSend};
use crate::error::CommandError;
use crate::pending_check;
use crate::single_flight::{FlightLeader, FlightRole};
use crate::state::CommandState;

/// How many lines are checked at a time.
const MAX_CONCURRENT_CHECKS: usize = 32;

/// The lines of a batch after their checks. No other request with one of their keys is checked
/// until `turns` is dropped.
pub(super) struct CheckedLines<'a> {
    pub(super) commands: Vec<Result<BatchCommand, Problem>>,
    pub(super) turns: Vec<FlightLeader<'a>>,
}

/// Checks the lines that have a hook.
pub(super) async fn check_lines(
    state: &CommandState,
    commands: Vec<Result<BatchCommand, Problem>>,
) -> CheckedLines<'_> {
    let mut turns = Vec::new();
    if !commands.iter().flatten().any(BatchCommand::is_unchecked) {
        return CheckedLines { commands, turns };
    }
    let deadline = pending_check::deadline();
    let mut lines = Vec::with_capacity(commands.len());
    for command in commands {
        let unchecked = command.as_ref().ok().filter(|line| line.is_unchecked());
        let known = unchecked.and_then(BatchCommand::idempotency);
        let role = known.map(|known| state.checks_in_flight().join(known.key));
        // The same key is being checked: this line finds its response, or is refused.
        let is_follower = matches!(role, Some(FlightRole::Follower(_)));
        if let Some(FlightRole::Leader(leader)) = role {
            turns.push(leader);
        }
        lines.push((command, is_follower));
    }
    let checks = stream::iter(lines).map(|(command, is_follower)| async move {
        match command {
            Ok(command) if !is_follower => {
                check(state, command, deadline).await.map_err(Problem::from)
            }
            command => command,
        }
    });
    let commands = checks.buffered(MAX_CONCURRENT_CHECKS).collect().await;
    CheckedLines { commands, turns }
}

async fn check(
    state: &CommandState,
    command: BatchCommand,
    deadline: Instant,
) -> Result<BatchCommand, CommandError> {
    match command {
        BatchCommand::Send(send) => Ok(match checked_send::check(state, send, deadline).await? {
            CheckedSend::Send(send) => BatchCommand::Send(send),
            CheckedSend::Hold(hold) => BatchCommand::Hold(hold),
        }),
        BatchCommand::Edit(mut edit) => {
            edit.check(state, deadline).await?;
            Ok(BatchCommand::Edit(edit))
        }
        other => Ok(other),
    }
}
