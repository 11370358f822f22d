//! What people ask: pieces of messages that they can see.

use search::ParsedQuery;
use search::index::{MessageDocument, Sort};
use tests::recall_queries;
use tests::seed::Rng;

use crate::messages::Messages;

/// What is asked, and by whom.
pub struct Question {
    /// Which of [`KINDS`].
    pub kind: usize,
    /// As it was typed.
    pub text: String,
    /// The same, read.
    pub query: ParsedQuery,
    /// In which order.
    pub sort: Sort,
    /// Who asks, as an index of the users.
    pub user: usize,
    /// Where they are.
    pub member_of: Vec<u64>,
    /// The message that it was taken from.
    pub known: Known,
}

/// A message that has to be found.
#[derive(Clone, Copy)]
pub struct Known {
    /// Its name.
    pub position: u64,
    /// Where it is.
    pub conversation: u64,
    /// Its number there.
    pub seq: u64,
}

type Make = fn(&MessageDocument, &mut Rng) -> Option<String>;

/// The kinds of questions.
pub const KINDS: [(&str, Make); 8] = [
    ("one word", |it, rng| words(&it.text, 1, rng)),
    ("two words", |it, rng| {
        let first = words(&it.text, 1, rng)?;
        let second = words(&it.text, 1, rng)?;
        Some(format!("{first} {second}"))
    }),
    ("phrase", |it, rng| {
        Some(format!("\"{}\"", words(&it.text, 2, rng)?))
    }),
    ("prefix", |it, rng| {
        let word = words(&it.text, 1, rng)?;
        let beginning: String = word.chars().take(3).collect();
        Some(format!("{beginning}*"))
    }),
    ("two to four Chinese characters", |it, rng| {
        characters(&it.text, rng)
    }),
    ("word and filters", |it, rng| {
        let word = words(&it.text, 1, rng)?;
        Some(format!("{word} type:{} after:2025-12-31", it.kind))
    }),
    ("word, newest", |it, rng| words(&it.text, 1, rng)),
    ("word or word, not a third", |it, rng| {
        let first = words(&it.text, 1, rng)?;
        let second = words(&it.text, 1, rng)?;
        Some(format!("{first} OR {second} -zzz"))
    }),
];

/// So many of each kind.
pub fn questions(messages: &Messages, count: usize, seed: u64) -> Vec<Question> {
    let mut rng = Rng::new(seed ^ 1);
    // Of the messages that each user sees, by conversation.
    let mut in_conversation: std::collections::HashMap<u64, Vec<usize>> = Default::default();
    for (at, message) in messages.all.iter().enumerate() {
        in_conversation
            .entry(message.conversation)
            .or_default()
            .push(at);
    }
    let mut questions = Vec::new();
    for (kind, (name, make)) in KINDS.iter().enumerate() {
        let (mut made, mut tries) = (0, 0);
        while made < count && tries < count * 200 {
            tries += 1;
            let user = rng.below(messages.users.len());
            let conversation = *rng.pick(&messages.users[user]);
            let known = &messages.all[*rng.pick(&in_conversation[&conversation])];
            let Some(text) = make(known, &mut rng) else {
                continue;
            };
            let Ok(query) = ParsedQuery::parse(&text) else {
                continue;
            };
            made += 1;
            questions.push(Question {
                kind,
                text,
                query,
                sort: if name.ends_with("newest") {
                    Sort::Newest
                } else {
                    Sort::Relevance
                },
                user,
                member_of: messages.users[user].clone(),
                known: Known {
                    position: known.position,
                    conversation: known.conversation,
                    seq: known.seq,
                },
            });
        }
    }
    questions
}

fn words(text: &str, count: usize, rng: &mut Rng) -> Option<String> {
    recall_queries::pick_words(text, count, rng, |c| c.is_ascii_alphabetic())
}

fn characters(text: &str, rng: &mut Rng) -> Option<String> {
    recall_queries::pick_characters(text, rng, |c| matches!(c, '\u{4e00}'..='\u{9fef}'))
}
