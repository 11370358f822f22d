//! Finds the words of all lists in a text, in one pass over it.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, BuildError, MatchKind};
use domain::deployment::content::{TextPlace, WordMatching};
use domain::ids::RuleName;

use crate::deployment_rules::WordList;
use crate::fold::FoldedText;

/// The words of all lists, compiled.
#[derive(Debug)]
pub struct WordMatcher {
    automaton: AhoCorasick,
    /// For each pattern of the automaton, the index of its list.
    list_of: Vec<u16>,
    lists: Vec<(RuleName, Arc<WordList>)>,
}

/// A listed word that was found in a text.
#[derive(Debug, Clone, Copy)]
pub struct WordMatch<'a> {
    /// The name of the list.
    pub list: &'a RuleName,
    /// What the list says.
    pub rules: &'a WordList,
    /// Where the word starts in the original text, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

impl WordMatch<'_> {
    /// Where it is in the original text, in bytes.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

impl WordMatcher {
    /// Compiles these lists. With 100,000 words this takes about as long as a slow query, so it
    /// runs where nobody waits for it.
    pub fn compile(
        lists: impl IntoIterator<Item = (RuleName, Arc<WordList>)>,
    ) -> Result<Self, BuildError> {
        let lists: Vec<_> = lists.into_iter().collect();
        let mut patterns = Vec::new();
        let mut list_of = Vec::new();
        for (index, (_, list)) in lists.iter().enumerate() {
            // The number of lists is limited to far less.
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            let folded = list.words.iter().map(|word| fold_word(word));
            let mut seen = HashSet::with_capacity(list.words.len());
            for word in folded.filter(|word| !word.is_empty()) {
                if seen.insert(word.clone()) {
                    patterns.push(word);
                    list_of.push(index);
                }
            }
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&patterns)?;
        Ok(Self {
            automaton,
            list_of,
            lists,
        })
    }

    /// Whether there is nothing to find.
    pub fn is_empty(&self) -> bool {
        self.list_of.is_empty()
    }

    /// Finds the listed words of a text that is used at this place, also those that overlap.
    pub fn find<'a>(
        &'a self,
        place: TextPlace,
        text: &'a FoldedText,
    ) -> impl Iterator<Item = WordMatch<'a>> {
        let found = self.automaton.find_overlapping_iter(text.as_str());
        found.filter_map(move |found| {
            let list = self.list_of.get(found.pattern().as_usize())?;
            let (name, rules) = self.lists.get(usize::from(*list))?;
            let range = found.range();
            let is_checked = rules.places.contains(&place)
                && (rules.matching == WordMatching::Anywhere || text.is_whole_word(&range));
            let source = text.source(&range);
            is_checked.then_some(WordMatch {
                list: name,
                rules,
                start: source.start,
                end: source.end,
            })
        })
    }
}

/// The form of a listed word that is compared with folded texts; empty if nothing of it is visible.
pub fn fold_word(word: &str) -> String {
    FoldedText::new(word.trim()).as_str().to_owned()
}
