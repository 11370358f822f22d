//! Imports the lines of one conversation: one query for their receipts, one append.

use std::collections::HashMap;

use domain::conversation::Conversation;
use domain::conversation::command::ImportItem;
use domain::ids::UserId;
use event_log::{
    AppendError, AppendRequest, LockedAggregate, LogError, NewReceipt, Receipt, ReceiptKey,
};

use super::decision::{DecidedLine, ImportDecision, decide};
use super::destination::{ImportAccess, ImportCandidate, ImportDestination};
use super::line::ParsedImportLine;
use super::outcome::LineOutcome;
use super::plan::{ImportReceipt, LinePlan};
use crate::attempts::Attempts;
use crate::commands::used_file;
use crate::error::CommandError;
use crate::response::ResponseBody;
use crate::state::CommandState;

/// Imports the lines of one conversation, as an act of this administrator. Returns their outcomes
/// in the same order.
pub(super) async fn import_lines(
    state: &CommandState,
    lines: &[ParsedImportLine],
    by: &UserId,
) -> Result<Vec<LineOutcome>, CommandError> {
    let Some(destination) = lines.first().map(|line| &line.destination) else {
        return Ok(Vec::new());
    };
    let candidates = destination.candidates();
    let made = candidates.iter().map(|candidate| candidate.made_key);
    let keys: Vec<ReceiptKey> = lines
        .iter()
        .flat_map(|line| {
            let others = [line.reply_to, line.thread, line.earlier];
            std::iter::once(line.key).chain(others.into_iter().flatten())
        })
        .chain(made)
        .collect();
    let mut attempts = Attempts::default();
    loop {
        attempts.start_next().await?;
        let known = state.log().find_receipts(&keys).await?;
        let plan = LinePlan::new(lines, &known);
        if plan.new_lines.is_empty() {
            return Ok(plan.outcomes(|_| LineOutcome::Rejected(String::new())));
        }
        match choose(state, &candidates, &known).await? {
            Choice::Import(candidate, locked) => {
                if let Some(outcomes) = try_import(state, candidate, *locked, &plan, by).await? {
                    return Ok(outcomes);
                }
            }
            Choice::Again => {}
            Choice::Nowhere => {
                let reason = describe_foreign(destination);
                return Ok(plan.outcomes(|_| LineOutcome::Rejected(reason.clone())));
            }
        }
    }
}

/// Where to import.
enum Choice<'a> {
    Import(&'a ImportCandidate, Box<LockedAggregate<Conversation>>),
    /// Everything must be read again.
    Again,
    /// Every candidate belongs to somebody else.
    Nowhere,
}

/// Chooses the first candidate that does not exist or that the same source made. What this chooses
/// never changes, because a conversation never changes its maker.
async fn choose<'a>(
    state: &CommandState,
    candidates: &'a [ImportCandidate],
    known: &HashMap<ReceiptKey, Receipt>,
) -> Result<Choice<'a>, CommandError> {
    for candidate in candidates {
        let is_ours = known.contains_key(&candidate.made_key);
        match candidate.open(state, is_ours).await? {
            ImportAccess::Open(locked) => return Ok(Choice::Import(candidate, Box::new(locked))),
            ImportAccess::Changed => return Ok(Choice::Again),
            ImportAccess::Foreign => {}
        }
    }
    Ok(Choice::Nowhere)
}

fn describe_foreign(destination: &ImportDestination) -> String {
    format!(
        "conversation: {} was made by a user or from another source, and an import adds only to what its own source \
         made; choose another id",
        destination.conversation
    )
}

/// Attempts the import once. `None` if it conflicted with a concurrent change or import.
async fn try_import(
    state: &CommandState,
    candidate: &ImportCandidate,
    locked: LockedAggregate<Conversation>,
    plan: &LinePlan<'_>,
    by: &UserId,
) -> Result<Option<Vec<LineOutcome>>, CommandError> {
    let mut observations = Vec::new();
    for line in &plan.new_lines {
        if let ImportItem::Message(message) = &line.payload {
            let content = (message.kind, &message.body);
            let sender = &message.sender;
            let gone = used_file::find_refusal(state, sender, content, &mut observations).await?;
            if gone.is_some() {
                // It was there when the line was completed.
                return Err(CommandError::Contention);
            }
        }
    }
    let decision = decide(locked.state(), candidate, plan, state.limits())?;
    let receipts = build_receipts(candidate, plan, &decision)?;
    let ImportDecision { events, lines, .. } = decision;
    let append = AppendRequest {
        events,
        receipts,
        observations,
        actor: Some(by.clone()),
    };
    match locked.append(append).wait().await {
        Ok(_) => Ok(Some(plan.outcomes(|index| match &lines[index] {
            Ok(line) => LineOutcome::Imported(line.imported.clone()),
            Err(refusal) => LineOutcome::Rejected(refusal.detail.clone()),
        }))),
        Err(AppendError::Conflict | AppendError::DuplicateKey(_)) => Ok(None),
        Err(AppendError::Log(error)) => Err(error.into()),
    }
}

/// Builds a receipt for each imported line, with the position of the event of that line, and one
/// for the creation of the conversation.
fn build_receipts(
    candidate: &ImportCandidate,
    plan: &LinePlan<'_>,
    decision: &ImportDecision,
) -> Result<Vec<NewReceipt>, LogError> {
    let receipt = |key, fingerprint, event_index, seq| {
        let answer = ImportReceipt {
            conversation_id: candidate.id.clone(),
            seq,
        };
        Ok::<_, LogError>(NewReceipt {
            key,
            fingerprint,
            event_index,
            answer: ResponseBody::serialize(&answer)?.0,
        })
    };
    let mut receipts = Vec::with_capacity(decision.lines.len() + 1);
    if decision.is_created {
        receipts.push(receipt(candidate.made_key, 0, Some(0), None)?);
    }
    for (line, decided) in plan.new_lines.iter().zip(&decision.lines) {
        if let Ok(DecidedLine { event, imported }) = decided {
            receipts.push(receipt(line.key, line.fingerprint, *event, imported.seq)?);
        }
    }
    Ok(receipts)
}
