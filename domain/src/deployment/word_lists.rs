//! Rules for word lists. The state keeps the digest of a list and not its words.

use super::Deployment;
use super::command::{RemoveRule, SetWordList};
use super::event::{DeploymentEvent, RuleRemoved, WordListSet};
use super::limits::{MAX_ALL_WORDS, MAX_WORD_LISTS};
use super::state::WordListDigest;
use crate::digest;
use crate::refusal::Refusal;

impl SetWordList {
    fn digest(&self) -> u128 {
        let places: Vec<u8> = self.places.iter().map(|place| *place as u8).collect();
        let mut parts = vec![
            self.action.as_str().as_bytes(),
            self.matching.as_str().as_bytes(),
            &places,
        ];
        parts.extend(self.words.as_slice().iter().map(String::as_bytes));
        digest::fingerprint(&parts)
    }
}

impl Deployment {
    pub(super) fn set_word_list(
        &self,
        mut set: SetWordList,
    ) -> Result<Vec<DeploymentEvent>, Refusal> {
        set.places.sort_unstable();
        set.places.dedup();
        if set.places.is_empty() {
            return Err(Refusal::invalid(
                "in",
                "Expected at least one of text, title and name; omit the field for all three.",
            ));
        }
        let digest = set.digest();
        let current = self.word_lists.get(&set.name);
        if current.is_some_and(|list| list.digest == digest) {
            return Ok(Vec::new());
        }
        if current.is_none() && self.word_lists.len() >= MAX_WORD_LISTS {
            return Err(Refusal::invalid(
                "name",
                format!("There can be at most {MAX_WORD_LISTS} word lists; remove one first."),
            ));
        }
        let others = self
            .word_lists
            .iter()
            .filter(|(name, _)| **name != set.name);
        let words: usize = others.map(|(_, list)| list.words).sum();
        if words + set.words.as_slice().len() > MAX_ALL_WORDS {
            return Err(Refusal::invalid(
                "words",
                format!("All lists together can have at most {MAX_ALL_WORDS} words."),
            ));
        }
        let SetWordList {
            name,
            action,
            matching,
            places,
            words,
            by,
        } = set;
        let parts = words.into_parts();
        let count = parts.len();
        let event = |(index, words): (usize, Vec<String>)| {
            DeploymentEvent::WordListSet(WordListSet {
                name: name.clone(),
                action,
                matching,
                places: places.clone(),
                words,
                part: index + 1,
                parts: count,
                digest,
                by: by.clone(),
            })
        };
        Ok(parts.into_iter().enumerate().map(event).collect())
    }

    pub(super) fn remove_word_list(&self, remove: RemoveRule) -> Vec<DeploymentEvent> {
        let RemoveRule { name, by } = remove;
        if self.word_lists.contains_key(&name) {
            vec![DeploymentEvent::WordListRemoved(RuleRemoved { name, by })]
        } else {
            Vec::new()
        }
    }

    pub(super) fn apply_word_list(&mut self, set: WordListSet) {
        let known = self.word_lists.get(&set.name);
        let before = known.filter(|_| set.part > 1).map_or(0, |list| list.words);
        let list = WordListDigest {
            digest: set.digest,
            words: before + set.words.len(),
        };
        self.word_lists.insert(set.name, list);
    }
}
