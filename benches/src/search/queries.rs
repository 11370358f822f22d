//! Makes queries from fragments of messages that the searching user can see.

use std::collections::HashMap;

use search::ParsedQuery;
use search::index::{MessageDocument, Sort};
use tests::seed::Rng;

use super::messages::MessageSet;
use crate::recall_queries;

/// Hits per page.
pub const PAGE_SIZE: usize = 20;

/// A query and the user who searches.
pub struct SampleQuery {
    /// The index of its kind in [`QUERY_KINDS`].
    pub kind: usize,
    /// The text of the query.
    pub text: String,
    /// The parsed query.
    pub parsed: ParsedQuery,
    /// The order of the hits.
    pub sort: Sort,
    /// The number of the user who searches.
    pub user: usize,
    /// The conversations of that user.
    pub conversations: Vec<u64>,
    /// The message from which the query was made.
    pub source: SourceMessage,
}

/// A message that must be found.
#[derive(Clone, Copy)]
pub struct SourceMessage {
    /// Its position.
    pub position: u64,
    /// Its conversation.
    pub conversation: u64,
    /// Its seq in that conversation.
    pub seq: u64,
}

type QueryMaker = fn(&MessageDocument, &mut Rng) -> Option<String>;

/// The kinds of queries, each with its name.
pub const QUERY_KINDS: [(&str, QueryMaker); 8] = [
    ("one word", |message, rng| pick_words(&message.text, 1, rng)),
    ("two words", |message, rng| {
        let first = pick_words(&message.text, 1, rng)?;
        let second = pick_words(&message.text, 1, rng)?;
        Some(format!("{first} {second}"))
    }),
    ("phrase", |message, rng| {
        Some(format!("\"{}\"", pick_words(&message.text, 2, rng)?))
    }),
    ("prefix", |message, rng| {
        let word = pick_words(&message.text, 1, rng)?;
        let beginning: String = word.chars().take(3).collect();
        Some(format!("{beginning}*"))
    }),
    ("two to four Chinese characters", |message, rng| {
        pick_characters(&message.text, rng)
    }),
    ("word and filters", |message, rng| {
        let word = pick_words(&message.text, 1, rng)?;
        Some(format!("{word} type:{} after:2025-12-31", message.kind))
    }),
    ("word, newest", |message, rng| {
        pick_words(&message.text, 1, rng)
    }),
    ("word or word, not a third", |message, rng| {
        let first = pick_words(&message.text, 1, rng)?;
        let second = pick_words(&message.text, 1, rng)?;
        Some(format!("{first} OR {second} -zzz"))
    }),
];

/// Makes `count` queries of each kind, or fewer if the messages do not have enough suitable
/// fragments.
pub fn sample_queries(messages: &MessageSet, count: usize, seed: u64) -> Vec<SampleQuery> {
    let mut rng = Rng::new(seed ^ 1);
    // The numbers of the messages by conversation.
    let mut in_conversation: HashMap<u64, Vec<usize>> = HashMap::new();
    for (at, message) in messages.documents.iter().enumerate() {
        in_conversation
            .entry(message.conversation)
            .or_default()
            .push(at);
    }
    let mut queries = Vec::new();
    for (kind, (name, make)) in QUERY_KINDS.iter().enumerate() {
        let (mut made, mut tries) = (0, 0);
        while made < count && tries < count * 200 {
            tries += 1;
            let user = rng.below(messages.users.len());
            let conversation = *rng.pick(&messages.users[user]);
            let source = &messages.documents[*rng.pick(&in_conversation[&conversation])];
            let Some(text) = make(source, &mut rng) else {
                continue;
            };
            let Ok(parsed) = ParsedQuery::parse(&text) else {
                continue;
            };
            made += 1;
            queries.push(SampleQuery {
                kind,
                text,
                parsed,
                sort: if name.ends_with("newest") {
                    Sort::Newest
                } else {
                    Sort::Relevance
                },
                user,
                conversations: messages.users[user].clone(),
                source: SourceMessage {
                    position: source.position,
                    conversation: source.conversation,
                    seq: source.seq,
                },
            });
        }
    }
    queries
}

fn pick_words(text: &str, count: usize, rng: &mut Rng) -> Option<String> {
    recall_queries::pick_words(text, count, rng, |c| c.is_ascii_alphabetic())
}

fn pick_characters(text: &str, rng: &mut Rng) -> Option<String> {
    recall_queries::pick_characters(text, rng, |c| matches!(c, '\u{4e00}'..='\u{9fef}'))
}
