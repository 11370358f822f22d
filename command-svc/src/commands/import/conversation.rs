//! Takes in the lines of one conversation: one look at their receipts, one append.

use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, Create};
use domain::conversation::event::{ConversationEvent, ConversationKind};
use domain::ids::ConversationId;
use domain::refusal::Refusal;
use event_log::{Append, Failed, Key, Locked, NewReceipt, NotAppended};

use super::line::{Line, Verdict};
use super::plan::{Plan, TakenIn};
use crate::answer::Fields;
use crate::execute::{ATTEMPTS, pause_before};
use crate::no::No;
use crate::state::CommandState;
use cqrs_es::Aggregate;

/// The verdicts, in the order of the lines.
pub(super) async fn take_in(
    state: &CommandState,
    id: &ConversationId,
    lines: &[Line],
) -> Result<Vec<Verdict>, No> {
    let keys: Vec<Key> = lines
        .iter()
        .flat_map(|line| std::iter::once(line.key).chain(line.reply_to))
        .collect();
    for attempt in 0..ATTEMPTS {
        pause_before(attempt).await;
        let known = state.log().receipts(&keys).await?;
        let plan = Plan::of(lines, &known);
        if plan.new.is_empty() {
            return Ok(plan.verdicts(|_| Verdict::Rejected(String::new())));
        }
        if let Some(verdicts) = attempt_once(state, id, &plan).await? {
            return Ok(verdicts);
        }
    }
    Err(No::Busy)
}

/// None if something moved, or another import was faster.
async fn attempt_once(
    state: &CommandState,
    id: &ConversationId,
    plan: &Plan<'_>,
) -> Result<Option<Vec<Verdict>>, No> {
    let locked = state.log().conversations().lock(id.as_str()).await?;
    let (append, taken) = match decide(state, &locked, plan) {
        Ok(events) => {
            let (receipts, seqs) = receipts(id, plan, &events)?;
            (
                Append {
                    events,
                    receipts,
                    observed: Vec::new(),
                },
                Ok(seqs),
            )
        }
        Err(refusal) => (Append::of(Vec::new()), Err(refusal.detail)),
    };
    match locked.append(append).done().await {
        Ok(_) => Ok(Some(plan.verdicts(|place| match &taken {
            Ok(seqs) => Verdict::Imported(seqs[place]),
            Err(reason) => Verdict::Rejected(reason.clone()),
        }))),
        Err(NotAppended::Conflict | NotAppended::Duplicate(_)) => Ok(None),
        Err(NotAppended::Failed(failed)) => Err(failed.into()),
    }
}

/// The group's beginning, if it has none yet, and the new messages.
fn decide(
    state: &CommandState,
    locked: &Locked<Conversation>,
    plan: &Plan<'_>,
) -> Result<Vec<ConversationEvent>, Refusal> {
    let import = ConversationCommand::Import(plan.messages());
    let present = locked.state();
    let Some(first) = plan.new.first().filter(|_| !present.exists()) else {
        return present.decide(import, state.limits());
    };
    let create = ConversationCommand::Create(Create {
        kind: ConversationKind::Group,
        title: plan.new.iter().find_map(|line| line.title.clone()),
        members: Vec::new(),
        by: first.sender.clone(),
        blocked: false,
    });
    let mut begun = Conversation::default();
    let mut events = begun.decide(create, state.limits())?;
    for event in &events {
        begun.apply(event.clone());
    }
    events.extend(begun.decide(import, state.limits())?);
    Ok(events)
}

/// A receipt for each new line, which tells its own event's position, and the lines' seqs.
fn receipts(
    id: &ConversationId,
    plan: &Plan<'_>,
    events: &[ConversationEvent],
) -> Result<(Vec<NewReceipt>, Vec<i64>), Failed> {
    let sent = events
        .iter()
        .enumerate()
        .filter_map(|(place, event)| match event {
            ConversationEvent::MessageSent(sent) => Some((place, sent.seq)),
            _ => None,
        });
    let mut receipts = Vec::with_capacity(plan.new.len());
    let mut seqs = Vec::with_capacity(plan.new.len());
    for (line, (place, seq)) in plan.new.iter().zip(sent) {
        let taken_in = TakenIn {
            conversation_id: id.clone(),
            seq,
        };
        receipts.push(NewReceipt {
            key: line.key,
            fingerprint: line.fingerprint,
            event: Some(place),
            answer: Fields::of(&taken_in)?.0,
        });
        seqs.push(seq);
    }
    if seqs.len() == plan.new.len() {
        Ok((receipts, seqs))
    } else {
        Err(Failed::Corrupt(
            "an import without one message for each line".into(),
        ))
    }
}
