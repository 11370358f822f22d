//! Imports the lines of one conversation: one query for their receipts, one append.

use std::collections::{HashMap, HashSet};

use domain::conversation::Conversation;
use domain::conversation::command::{
    ConversationCommand, CreateConversation, ImportItem, ImportedReaction,
};
use domain::conversation::event::{ConversationEvent, ConversationKind};
use domain::ids::ConversationId;
use domain::refusal::Refusal;
use event_log::{AppendError, AppendRequest, LockedAggregate, LogError, NewReceipt, ReceiptKey};

use super::line::ParsedImportLine;
use super::outcome::{ImportedLine, LineOutcome};
use super::plan::{ImportReceipt, LinePlan};
use crate::attempts::Attempts;
use crate::error::CommandError;
use crate::response::ResponseBody;
use crate::state::CommandState;
use cqrs_es::Aggregate;

/// Imports the lines of one conversation. Returns their outcomes in the same order.
pub(super) async fn import_lines(
    state: &CommandState,
    id: &ConversationId,
    lines: &[ParsedImportLine],
) -> Result<Vec<LineOutcome>, CommandError> {
    let keys: Vec<ReceiptKey> = lines
        .iter()
        .flat_map(|line| std::iter::once(line.key).chain(line.reply_to))
        .collect();
    let mut attempts = Attempts::default();
    loop {
        attempts.start_next().await?;
        let known = state.log().find_receipts(&keys).await?;
        let plan = LinePlan::new(lines, &known);
        if plan.new_lines.is_empty() {
            return Ok(plan.outcomes(|_| LineOutcome::Rejected(String::new())));
        }
        if let Some(outcomes) = try_import(state, id, &plan).await? {
            return Ok(outcomes);
        }
    }
}

/// Attempts the import once. `None` if it conflicted with a concurrent change or import.
async fn try_import(
    state: &CommandState,
    id: &ConversationId,
    plan: &LinePlan<'_>,
) -> Result<Option<Vec<LineOutcome>>, CommandError> {
    let locked = state.log().conversations().lock(id.as_str()).await?;
    let (append, taken) = match decide(state, &locked, plan) {
        Ok(events) => {
            let taken = match_events(plan, &events)?;
            let receipts = build_receipts(id, plan, &taken)?;
            let taken: Vec<ImportedLine> = taken.into_iter().map(|(_, taken)| taken).collect();
            (
                AppendRequest {
                    events,
                    receipts,
                    observations: Vec::new(),
                },
                Ok(taken),
            )
        }
        Err(refusal) => (AppendRequest::from_events(Vec::new()), Err(refusal.detail)),
    };
    match locked.append(append).wait().await {
        Ok(_) => Ok(Some(plan.outcomes(|index| match &taken {
            Ok(taken) => LineOutcome::Imported(taken[index]),
            Err(reason) => LineOutcome::Rejected(reason.clone()),
        }))),
        Err(AppendError::Conflict | AppendError::DuplicateKey(_)) => Ok(None),
        Err(AppendError::Log(error)) => Err(error.into()),
    }
}

/// Decides the events of the import: the creation of the group, if it does not exist, and the new
/// lines.
fn decide(
    state: &CommandState,
    locked: &LockedAggregate<Conversation>,
    plan: &LinePlan<'_>,
) -> Result<Vec<ConversationEvent>, Refusal> {
    let import = ConversationCommand::Import(plan.to_imported());
    let conversation = locked.state();
    let first = plan.new_lines.first().and_then(|line| line.first_user());
    let Some(first) = first.filter(|_| !conversation.exists()) else {
        return conversation.decide(import, state.limits());
    };
    let create = ConversationCommand::Create(CreateConversation {
        kind: ConversationKind::Group,
        title: plan.new_lines.iter().find_map(|line| line.title.clone()),
        members: Vec::new(),
        by: first.clone(),
        blocked: false,
    });
    let mut created = Conversation::default();
    let mut events = created.decide(create, state.limits())?;
    for event in &events {
        created.apply(event.clone());
    }
    events.extend(created.decide(import, state.limits())?);
    Ok(events)
}

/// For each new line, the index of its `message_sent` event (`None` for a line of members) and what
/// was imported.
fn match_events(
    plan: &LinePlan<'_>,
    events: &[ConversationEvent],
) -> Result<Vec<(Option<usize>, ImportedLine)>, LogError> {
    let mut reactions: HashMap<i64, usize> = HashMap::new();
    let mut sent = Vec::with_capacity(plan.new_lines.len());
    for (index, event) in events.iter().enumerate() {
        match event {
            ConversationEvent::MessageSent(message) => sent.push((index, message.seq)),
            ConversationEvent::ReactionAdded(reaction) => {
                *reactions.entry(reaction.seq).or_default() += 1;
            }
            _ => {}
        }
    }
    let mut sent = sent.into_iter();
    let mut lines = Vec::with_capacity(plan.new_lines.len());
    for line in &plan.new_lines {
        let ImportItem::Message(message) = &line.payload else {
            let (seq, dropped) = (None, 0);
            lines.push((
                None,
                ImportedLine {
                    seq,
                    dropped_reactions: dropped,
                },
            ));
            continue;
        };
        let (index, seq) = sent.next().ok_or_else(|| {
            LogError::Corrupt("an import did not produce one message per line".into())
        })?;
        let added = reactions.get(&seq).copied().unwrap_or_default();
        let seq = Some(seq);
        let dropped = count_distinct(&message.reactions).saturating_sub(added);
        lines.push((
            Some(index),
            ImportedLine {
                seq,
                dropped_reactions: dropped,
            },
        ));
    }
    Ok(lines)
}

/// Counts the distinct reactions.
fn count_distinct(reactions: &[ImportedReaction]) -> usize {
    let distinct: HashSet<_> = reactions
        .iter()
        .map(|reaction| (&reaction.key, &reaction.user))
        .collect();
    distinct.len()
}

/// Builds a receipt for each new line, with the position of the event of that line.
fn build_receipts(
    id: &ConversationId,
    plan: &LinePlan<'_>,
    taken: &[(Option<usize>, ImportedLine)],
) -> Result<Vec<NewReceipt>, LogError> {
    let receipt = |(line, (event, taken)): (&&ParsedImportLine, &(Option<usize>, ImportedLine))| {
        let taken_in = ImportReceipt {
            conversation_id: id.clone(),
            seq: taken.seq,
        };
        Ok(NewReceipt {
            key: line.key,
            fingerprint: line.fingerprint,
            event_index: *event,
            answer: ResponseBody::serialize(&taken_in)?.0,
        })
    };
    plan.new_lines.iter().zip(taken).map(receipt).collect()
}
