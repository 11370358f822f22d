//! Decides the events of an import into one conversation.

use std::collections::{HashMap, HashSet};

use cqrs_es::Aggregate;
use domain::conversation::Conversation;
use domain::conversation::command::{
    ConversationCommand, ImportItem, ImportedReaction, ReplyTarget,
};
use domain::conversation::event::ConversationEvent;
use domain::limits::Limits;
use domain::refusal::Refusal;
use event_log::LogError;

use super::destination::ImportCandidate;
use super::outcome::ImportedLine;
use super::plan::LinePlan;

/// The events of an import, and for each new line what they contain of it.
pub(super) struct ImportDecision {
    pub(super) events: Vec<ConversationEvent>,
    /// Whether the first event creates the conversation.
    pub(super) is_created: bool,
    pub(super) lines: Vec<Result<DecidedLine, Refusal>>,
}

/// What the events contain of a line.
pub(super) struct DecidedLine {
    /// The index of its `message_sent` event; `None` for a line of members.
    pub(super) event: Option<usize>,
    pub(super) imported: ImportedLine,
}

/// Decides the events: the creation of the conversation, if it does not exist, and the new lines. A
/// line that is refused does not stop the others.
pub(super) fn decide(
    conversation: &Conversation,
    candidate: &ImportCandidate,
    plan: &LinePlan<'_>,
    limits: &Limits,
) -> Result<ImportDecision, LogError> {
    let items = plan.to_imported(&candidate.id);
    let (creation, created) = match create(conversation, candidate, plan, limits) {
        Ok(created) => created,
        Err(refusal) => {
            return Ok(ImportDecision {
                events: Vec::new(),
                is_created: false,
                lines: items.iter().map(|_| Err(refusal.clone())).collect(),
            });
        }
    };
    let target = created.as_ref().unwrap_or(conversation);
    let (imported, refusals) =
        match target.decide(ConversationCommand::Import(items.clone()), limits) {
            Ok(events) => (events, items.iter().map(|_| None).collect()),
            Err(_) => decide_each(target.clone(), &items, limits),
        };
    // An import that adds nothing must not create a conversation either.
    let is_created = created.is_some() && refusals.iter().any(Option::is_none);
    let mut events = if is_created { creation } else { Vec::new() };
    events.extend(imported);
    let lines = match_events(candidate, plan, refusals, &events)?;
    Ok(ImportDecision {
        events,
        is_created,
        lines,
    })
}

/// The events that create the conversation, and its state after them; nothing if it exists.
fn create(
    conversation: &Conversation,
    candidate: &ImportCandidate,
    plan: &LinePlan<'_>,
    limits: &Limits,
) -> Result<(Vec<ConversationEvent>, Option<Conversation>), Refusal> {
    let first = plan.new_lines.first().and_then(|line| line.first_user());
    let Some(first) = first.filter(|_| !conversation.exists()) else {
        return Ok((Vec::new(), None));
    };
    // It existed at the latest when the first thing happened whose time is known.
    let times = plan.new_lines.iter().filter_map(|line| line.occurred_at());
    let created_at = times.min();
    let title = plan.new_lines.iter().find_map(|line| line.title.clone());
    let create = ConversationCommand::Create(candidate.to_creation(first, title, created_at));
    let mut created = Conversation::default();
    let events = created.decide(create, limits)?;
    for event in &events {
        created.apply(event.clone());
    }
    Ok((events, Some(created)))
}

/// Decides one item after the other. Returns the events, and for each item why it was refused.
fn decide_each(
    mut conversation: Conversation,
    items: &[ImportItem],
    limits: &Limits,
) -> (Vec<ConversationEvent>, Vec<Option<Refusal>>) {
    let mut all = Vec::new();
    let mut refusals = Vec::with_capacity(items.len());
    let mut seqs: Vec<Option<i64>> = Vec::with_capacity(items.len());
    for item in items {
        let mut item = item.clone();
        if let ImportItem::Message(message) = &mut item {
            for target in [&mut message.reply_to, &mut message.thread] {
                if let Some(ReplyTarget::Index(index)) = *target {
                    let seq = seqs.get(index).copied().flatten();
                    *target = seq.map(ReplyTarget::Seq);
                }
            }
        }
        match conversation.decide(ConversationCommand::Import(vec![item]), limits) {
            Ok(events) => {
                seqs.push(events.iter().find_map(sent_seq));
                for event in events {
                    conversation.apply(event.clone());
                    all.push(event);
                }
                refusals.push(None);
            }
            Err(refusal) => {
                seqs.push(None);
                refusals.push(Some(refusal));
            }
        }
    }
    (all, refusals)
}

fn sent_seq(event: &ConversationEvent) -> Option<i64> {
    match event {
        ConversationEvent::MessageSent(message) => Some(message.seq),
        _ => None,
    }
}

/// Finds for each line that was not refused its `message_sent` event and its reactions.
fn match_events(
    candidate: &ImportCandidate,
    plan: &LinePlan<'_>,
    refusals: Vec<Option<Refusal>>,
    events: &[ConversationEvent],
) -> Result<Vec<Result<DecidedLine, Refusal>>, LogError> {
    let mut reactions: HashMap<i64, usize> = HashMap::new();
    let mut sent = Vec::new();
    for (index, event) in events.iter().enumerate() {
        match event {
            ConversationEvent::MessageSent(message) => sent.push((index, message)),
            ConversationEvent::ReactionAdded(reaction) => {
                *reactions.entry(reaction.seq).or_default() += 1;
            }
            _ => {}
        }
    }
    let mut sent = sent.into_iter();
    let mut lines = Vec::with_capacity(refusals.len());
    for (line, refusal) in plan.new_lines.iter().zip(refusals) {
        if let Some(refusal) = refusal {
            lines.push(Err(refusal));
            continue;
        }
        let mut imported = ImportedLine {
            conversation: candidate.id.clone(),
            seq: None,
            dropped_reactions: 0,
            is_reply_dropped: false,
        };
        let mut event = None;
        if let ImportItem::Message(message) = &line.payload {
            let (index, sent) = sent.next().ok_or_else(|| {
                LogError::Corrupt("an import did not produce one message per line".into())
            })?;
            event = Some(index);
            imported.seq = Some(sent.seq);
            let added = reactions.get(&sent.seq).copied().unwrap_or_default();
            imported.dropped_reactions = count_distinct(&message.reactions).saturating_sub(added);
            imported.is_reply_dropped = line.reply_to.is_some() && sent.reply_to.is_none();
        }
        lines.push(Ok(DecidedLine { event, imported }));
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
