//! A log without erased content folds to the same tables as the original log, so a rebuild after an
//! erasure equals the tables that were served before it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::HashSet;

use domain::conversation::event::ConversationEvent;
use domain::envelope::{AggregateKind, Envelope};
use domain::event::{EventFamily as _, EventNote};
use domain::mailbox::event::MailboxEvent;
use serde_json::value::RawValue;
use support::history::HistoryGenerator;
use support::{ProjectorDatabase, config, fold};

fn read(event: &Envelope) -> Option<ConversationEvent> {
    if event.aggregate != AggregateKind::Conversation {
        return None;
    }
    let data = event.data.get().as_bytes();
    ConversationEvent::decode(&event.event_type, event.version, data).ok()
}

/// The seq of the message whose content an event carries; `None` for a title.
fn seq_of(fact: &ConversationEvent) -> Option<i64> {
    match fact {
        ConversationEvent::MessageSent(sent) => Some(sent.seq),
        ConversationEvent::MessageEdited(edited) => Some(edited.seq),
        ConversationEvent::MessageErased(erased) => Some(erased.seq),
        _ => None,
    }
}

/// The log as the eraser leaves it. Walks backwards, so that an erasure comes before the events
/// that it affects.
fn without_content(log: &[Envelope]) -> (Vec<Envelope>, usize) {
    let (mut erased, mut count) = (HashSet::new(), 0);
    let mut redacted: Vec<Envelope> = log.to_vec();
    for event in redacted.iter_mut().rev() {
        let Some(fact) = read(event) else { continue };
        let target = (event.aggregate_id.clone(), seq_of(&fact));
        if matches!(
            fact,
            ConversationEvent::MessageErased(_) | ConversationEvent::TitleErased(_)
        ) {
            erased.insert(target);
        } else if erased.contains(&target)
            && let Some(fact) = fact.without_content()
        {
            event.data = fact.encode().unwrap();
            count += 1;
        }
    }
    (redacted, count)
}

/// The events after which a scheduled or held message no longer waits.
const ENDS: [&str; 4] = [
    "scheduled_message_sent",
    "scheduled_message_cancelled",
    "held_message_released",
    "held_message_refused",
];

/// The same for scheduled and held messages, which are erased once they no longer wait.
fn without_waiting_content(log: &[Envelope]) -> (Vec<Envelope>, usize) {
    let (mut ended, mut count) = (HashSet::new(), 0);
    let mut redacted: Vec<Envelope> = log.to_vec();
    for event in redacted.iter_mut().rev() {
        let data = event.data.get().as_bytes();
        let fact = MailboxEvent::decode(&event.event_type, event.version, data);
        let Some((fact, number)) = fact
            .ok()
            .and_then(|fact| fact.waiting_number().map(|number| (fact, number)))
        else {
            continue;
        };
        let target = (event.aggregate_id.clone(), number);
        if ENDS.contains(&fact.name()) {
            ended.insert(target);
        } else if ended.contains(&target)
            && let Some(fact) = fact.without_content()
        {
            event.data = fact.encode().unwrap();
            count += 1;
        }
    }
    (redacted, count)
}

/// The same for notes, which are erased with their author.
fn without_notes(log: &[Envelope]) -> (Vec<Envelope>, usize) {
    let (mut authors, mut count) = (HashSet::new(), 0);
    let mut redacted: Vec<Envelope> = log.to_vec();
    for event in redacted.iter_mut().rev() {
        if event.event_type == "notes_erased" {
            authors.insert(event.aggregate_id.clone());
        }
        let data = event.data.get().as_bytes();
        let note = EventNote::parse(&event.event_type, &event.aggregate_id, data);
        if let Some(note) = note
            && note.is_present()
            && authors.contains(note.author())
        {
            let data = String::from_utf8(note.into_erased_data()).unwrap();
            event.data = RawValue::from_string(data).unwrap();
            count += 1;
        }
    }
    (redacted, count)
}

#[tokio::test]
async fn a_log_without_the_erased_content_folds_to_the_same_tables() {
    for seed in [71, 72, 73] {
        let generator = HistoryGenerator::with_events(seed, 7, 2_500);
        let (redacted, count) = without_content(&generator.log);
        assert!(count > 20, "only {count} events lost content");
        let (redacted, count) = without_waiting_content(&redacted);
        assert!(count > 2, "only {count} waiting messages lost content");
        let (redacted, count) = without_notes(&redacted);
        assert!(count > 2, "only {count} notes were erased");
        let (original, erased) = (
            ProjectorDatabase::new().await,
            ProjectorDatabase::new().await,
        );
        fold(&original.pool, config(), &generator.log, 37).await;
        fold(&erased.pool, config(), &redacted, 1_000).await;
        assert_eq!(
            original.digest().await,
            erased.digest().await,
            "seed {seed}"
        );
        original.close().await;
        erased.close().await;
    }
}
