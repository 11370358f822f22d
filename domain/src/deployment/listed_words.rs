//! The words of a list, and how they are divided among events.

use super::limits::{MAX_LIST_WORDS, MAX_WORD_CHARS};
use crate::refusal::Refusal;

/// The maximum number of words in one event.
const MAX_PART_WORDS: usize = 5_000;

/// The maximum size of the words in one event: readers of the log expect events of about 64 KiB.
const MAX_PART_BYTES: usize = 40_000;

/// The words of a list: up to [`MAX_LIST_WORDS`], each of 1 to [`MAX_WORD_CHARS`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedWords(Vec<String>);

impl ListedWords {
    /// Checks the words. They are kept as they are.
    pub fn parse(words: Vec<String>) -> Result<Self, Refusal> {
        if words.len() > MAX_LIST_WORDS {
            return Err(Refusal::invalid(
                "words",
                format!("A list can have at most {MAX_LIST_WORDS} words."),
            ));
        }
        let is_legal = |word: &&String| {
            let length = word.chars().count();
            (1..=MAX_WORD_CHARS).contains(&length) && !word.contains(char::is_control)
        };
        if let Some(word) = words.iter().find(|word| !is_legal(word)) {
            let start: String = word.escape_debug().take(20).collect();
            return Err(Refusal::invalid(
                "words",
                format!(
                    "Expected words of 1 to {MAX_WORD_CHARS} characters without control \
                     characters; \"{start}\" is not one."
                ),
            ));
        }
        Ok(Self(words))
    }

    /// The words.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// The words in parts that fit into one event each. A list without words has one part.
    pub(super) fn into_parts(self) -> Vec<Vec<String>> {
        let mut parts = vec![Vec::new()];
        let mut bytes = 0;
        for word in self.0 {
            let size = word.len() + 3;
            let is_full = parts.last().is_some_and(|part| {
                part.len() >= MAX_PART_WORDS || !part.is_empty() && bytes + size > MAX_PART_BYTES
            });
            if is_full {
                parts.push(Vec::new());
                bytes = 0;
            }
            bytes += size;
            if let Some(part) = parts.last_mut() {
                part.push(word);
            }
        }
        parts
    }
}
