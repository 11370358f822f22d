//! A log out of which content was taken folds to the same tables as the log that had it: so a rebuild after an
//! erasure agrees with what was served before it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::HashSet;

use domain::conversation::event::ConversationEvent;
use domain::envelope::{AggregateKind, Envelope};
use domain::event::EventFamily as _;
use serde_json::value::RawValue;
use support::history::World;
use support::{Database, config, fold};

fn read(event: &Envelope) -> Option<ConversationEvent> {
    if event.aggregate != AggregateKind::Conversation {
        return None;
    }
    let data = event.data.get().as_bytes();
    ConversationEvent::read(&event.event_type, event.version, data).ok()
}

/// What an event says of a message, or of the title.
fn seq_of(fact: &ConversationEvent) -> Option<i64> {
    match fact {
        ConversationEvent::MessageSent(sent) => Some(sent.seq),
        ConversationEvent::MessageEdited(edited) => Some(edited.seq),
        ConversationEvent::MessageErased(erased) => Some(erased.seq),
        _ => None,
    }
}

/// The log as the eraser leaves it. Walked backwards, so that whatever erases is met first.
fn without_content(log: &[Envelope]) -> (Vec<Envelope>, usize) {
    let (mut erased, mut count) = (HashSet::new(), 0);
    let mut left: Vec<Envelope> = log.to_vec();
    for event in left.iter_mut().rev() {
        let Some(fact) = read(event) else { continue };
        let what = (event.aggregate_id.clone(), seq_of(&fact));
        if matches!(
            fact,
            ConversationEvent::MessageErased(_) | ConversationEvent::TitleErased(_)
        ) {
            erased.insert(what);
        } else if erased.contains(&what)
            && let Some(fact) = fact.without_content()
        {
            let data = String::from_utf8(fact.data().unwrap()).unwrap();
            event.data = RawValue::from_string(data).unwrap();
            count += 1;
        }
    }
    (left, count)
}

#[tokio::test]
async fn a_log_without_the_erased_content_folds_to_the_same_tables() {
    for seed in [71, 72, 73] {
        let world = World::of(seed, 7, 2_500);
        let (left, count) = without_content(&world.log);
        assert!(count > 20, "only {count} events have lost something");
        let (whole, rest) = (Database::new().await, Database::new().await);
        fold(&whole.pool, config(), &world.log, 37).await;
        fold(&rest.pool, config(), &left, 1_000).await;
        assert_eq!(whole.digest().await, rest.digest().await, "seed {seed}");
        whole.close().await;
        rest.close().await;
    }
}
