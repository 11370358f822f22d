//! Imports the lines of one conversation: one query for their receipts, one append.

use std::collections::{HashMap, HashSet};

use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, CreateConversation, ImportItem, ImportedReaction};
use domain::conversation::event::{ConversationEvent, ConversationKind};
use domain::ids::ConversationId;
use domain::refusal::Refusal;
use event_log::{AppendRequest, LogError, ReceiptKey, LockedAggregate, NewReceipt, AppendError};

use super::line::{Line, Taken, Verdict};
use super::plan::{Plan, TakenIn};
use crate::answer::Fields;
use crate::execute::{ATTEMPTS, pause_before};
use crate::no::No;
use crate::state::CommandState;
use cqrs_es::Aggregate;

/// Imports the lines of one conversation. Returns their outcomes in the same order.
pub(super) async fn take_in(
    state: &CommandState,
    id: &ConversationId,
    lines: &[Line],
) -> Result<Vec<Verdict>, No> {
    let keys: Vec<ReceiptKey> = lines
        .iter()
        .flat_map(|line| std::iter::once(line.key).chain(line.reply_to))
        .collect();
    for attempt in 0..ATTEMPTS {
        pause_before(attempt).await;
        let known = state.log().find_receipts(&keys).await?;
        let plan = Plan::of(lines, &known);
        if plan.new.is_empty() {
            return Ok(plan.verdicts(|_| Verdict::Rejected(String::new())));
        }
        if let Some(outcomes) = attempt_once(state, id, &plan).await? {
            return Ok(outcomes);
        }
    }
    Err(No::Busy)
}

/// Attempts the import once. `None` if it conflicted with a concurrent change or import.
async fn attempt_once(
    state: &CommandState,
    id: &ConversationId,
    plan: &Plan<'_>,
) -> Result<Option<Vec<Verdict>>, No> {
    let locked = state.log().conversations().lock(id.as_str()).await?;
    let (append, taken) = match decide(state, &locked, plan) {
        Ok(events) => {
            let taken = taken(plan, &events)?;
            let receipts = receipts(id, plan, &taken)?;
            let taken: Vec<Taken> = taken.into_iter().map(|(_, taken)| taken).collect();
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
        Ok(_) => Ok(Some(plan.verdicts(|index| match &taken {
            Ok(taken) => Verdict::Imported(taken[index]),
            Err(reason) => Verdict::Rejected(reason.clone()),
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
    plan: &Plan<'_>,
) -> Result<Vec<ConversationEvent>, Refusal> {
    let import = ConversationCommand::Import(plan.imported());
    let conversation = locked.state();
    let first = plan.new.first().and_then(|line| line.first_user());
    let Some(first) = first.filter(|_| !conversation.exists()) else {
        return conversation.decide(import, state.limits());
    };
    let create = ConversationCommand::Create(CreateConversation {
        kind: ConversationKind::Group,
        title: plan.new.iter().find_map(|line| line.title.clone()),
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
fn taken(
    plan: &Plan<'_>,
    events: &[ConversationEvent],
) -> Result<Vec<(Option<usize>, Taken)>, LogError> {
    let mut reactions: HashMap<i64, usize> = HashMap::new();
    let mut sent = Vec::with_capacity(plan.new.len());
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
    let mut lines = Vec::with_capacity(plan.new.len());
    for line in &plan.new {
        let ImportItem::Message(message) = &line.what else {
            let (seq, dropped) = (None, 0);
            lines.push((None, Taken { seq, dropped }));
            continue;
        };
        let (index, seq) = sent.next().ok_or_else(|| {
            LogError::Corrupt("an import did not produce one message per line".into())
        })?;
        let added = reactions.get(&seq).copied().unwrap_or_default();
        let seq = Some(seq);
        let dropped = different(&message.reactions).saturating_sub(added);
        lines.push((Some(index), Taken { seq, dropped }));
    }
    Ok(lines)
}

/// Counts the distinct reactions.
fn different(reactions: &[ImportedReaction]) -> usize {
    let distinct: HashSet<_> = reactions
        .iter()
        .map(|reaction| (&reaction.key, &reaction.user))
        .collect();
    distinct.len()
}

/// Builds a receipt for each new line, with the position of the event of that line.
fn receipts(
    id: &ConversationId,
    plan: &Plan<'_>,
    taken: &[(Option<usize>, Taken)],
) -> Result<Vec<NewReceipt>, LogError> {
    let receipt = |(line, (event, taken)): (&&Line, &(Option<usize>, Taken))| {
        let taken_in = TakenIn {
            conversation_id: id.clone(),
            seq: taken.seq,
        };
        Ok(NewReceipt {
            key: line.key,
            fingerprint: line.fingerprint,
            event_index: *event,
            answer: Fields::of(&taken_in)?.0,
        })
    };
    plan.new.iter().zip(taken).map(receipt).collect()
}
